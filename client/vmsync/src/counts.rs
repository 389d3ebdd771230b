// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Counts: what of something is cached, in pages, to be added up, told and drawn.

use crate::amount::Bytes;
use serde::Serialize;
use std::{
    iter::Sum,
    ops::AddAssign, //
};
use vm_map_sync::Stat;

/// What of something is in the page cache, as [`Stat`] has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// [`Stat::pages`]
    pub pages: u64,
    /// [`Stat::hidden`]
    pub hidden: u64,
    /// [`Stat::resident`]
    pub resident: u64,
    /// [`Stat::dirty`]
    pub dirty: u64,
    /// [`Stat::writeback`]
    pub writeback: u64,
    /// [`Stat::others`]
    pub others: u64,
    /// [`Stat::wired`]
    pub wired: u64,
    /// [`Stat::unpaged`]
    pub unpaged: u64,
}

impl From<&Stat> for Counts {
    fn from(stat: &Stat) -> Self {
        Self {
            pages: stat.pages,
            hidden: stat.hidden,
            resident: stat.resident,
            dirty: stat.dirty,
            writeback: stat.writeback,
            others: stat.others,
            wired: stat.wired,
            unpaged: stat.unpaged,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.pages += other.pages;
        self.hidden += other.hidden;
        self.resident += other.resident;
        self.dirty += other.dirty;
        self.writeback += other.writeback;
        self.others += other.others;
        self.wired += other.wired;
        self.unpaged += other.unpaged;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, counts| {
            sum += counts;
            sum
        })
    }
}

impl Counts {
    /// What there is to say, an item each, with pages of `page` bytes.
    pub fn sentences(&self, page: u64) -> Vec<String> {
        let bytes = |pages: u64| Bytes(pages.saturating_mul(page));
        let mut all = Vec::new();
        if self.pages != 0 || (self.hidden == 0 && self.unpaged == 0) {
            let percent = (self.resident * 100).checked_div(self.pages).unwrap_or(0);
            all.push(format!(
                "{} of {} cached ({percent} %)",
                bytes(self.resident),
                bytes(self.pages)
            ));
        }
        for (pages, what) in [
            (self.dirty, "dirty"),
            (self.writeback, "being written"),
            (self.others, "mapped by others"),
            (self.wired, "locked"),
            (self.hidden, "not yours to see"),
            (self.unpaged, "without a file on a disk"),
        ] {
            if pages != 0 {
                all.push(format!("{} {what}", bytes(pages)));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_to_say() {
        let counts = Counts {
            pages: 512,
            resident: 256,
            dirty: 1,
            ..Counts::default()
        };
        let said = ["1 MiB of 2 MiB cached (50 %)", "4 KiB dirty"];
        assert_eq!(counts.sentences(4096), said);
        assert_eq!(
            Counts::default().sentences(4096),
            ["0 B of 0 B cached (0 %)"]
        );
        let hidden = Counts {
            hidden: 2,
            ..Counts::default()
        };
        assert_eq!(hidden.sentences(4096), ["8 KiB not yours to see"]);
        let both: Counts = [counts, hidden].into_iter().sum();
        assert_eq!((both.pages, both.hidden, both.dirty), (512, 2, 1));
    }
}
