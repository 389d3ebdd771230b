// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Stat: what of a range is in the page cache.

use crate::{
    call,
    error::SyncError,
    flags::Flags,
    many::Many,
    map::Map,
    target::Target,
    uapi, //
};
use std::os::fd::AsFd;

/// What of a range is in the page cache, counted in pages.
///
/// What is in a large folio counts for all its pages: it is dirty as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stat {
    /// Pages that have a file, and that the caller may ask `cachestat(2)` about. Only these are
    /// counted in what follows, but for the last two.
    pub pages: u64,
    /// Pages that have a file that he may not ask about.
    pub hidden: u64,
    /// Pages in the page cache.
    pub resident: u64,
    /// Pages that are dirty, so that a push would write them.
    pub dirty: u64,
    /// Pages that are being written.
    pub writeback: u64,
    /// Pages in the page cache that other maps have mapped as well.
    pub others: u64,
    /// Pages in the page cache that somebody has locked in memory.
    pub wired: u64,
    /// Pages that have no file to be written to, whether they are in memory or not.
    pub unpaged: u64,
    /// Bytes that were passed over because of [`ALLOW_HOLES`](Flags::ALLOW_HOLES) and
    /// [`SKIP_SPECIALS`](Flags::SKIP_SPECIALS).
    pub skipped: u64,
}

impl Stat {
    pub(crate) fn new(stat: &uapi::vm_map_sync_stat) -> Self {
        Self {
            pages: stat.pages,
            hidden: stat.hidden,
            resident: stat.resident,
            dirty: stat.dirty,
            writeback: stat.writeback,
            others: stat.others,
            wired: stat.wired,
            unpaged: stat.result.unpaged,
            skipped: stat.result.skipped,
        }
    }
}

impl Map {
    /// Looks at what of a range is in the page cache. Nothing is changed by that, and nothing is
    /// brought in.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use vm_map_sync::{Flags, Map};
    ///
    /// let all = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    /// let stat = Map::current()?.stat(0..usize::MAX, all)?;
    /// println!("{} of {} pages are cached, {} dirty", stat.resident, stat.pages, stat.dirty);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync); of the flags only [`SELF`](Flags::SELF),
    /// [`ALLOW_HOLES`](Flags::ALLOW_HOLES) and [`SKIP_SPECIALS`](Flags::SKIP_SPECIALS) make sense.
    pub fn stat<'a>(&self, target: impl Into<Target<'a>>, flags: Flags) -> Result<Stat, SyncError> {
        let target = [target.into()];
        let found = self.look(Many::one(&target, flags).map_err(SyncError::Refused)?)?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Looks at many ranges at one moment. The results are in the order of the ranges, each as if it
    /// were the only one.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (index, log) = ([0_u8; 0], std::fs::File::open("log")?);
    /// use std::os::fd::AsFd;
    /// use vm_map_sync::{Flags, Map, Target};
    ///
    /// let both = [Target::slice(&index), Target::file(log.as_fd(), ..)];
    /// for stat in Map::current()?.stat_vectored(&both, Flags::empty())? {
    ///     println!("{} pages are to be written", stat.dirty);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`stat`](Self::stat). If a range is refused, all are, and the fault says which one is
    /// to blame. There must be 1 to [`RANGES_MAX`](crate::RANGES_MAX) of them.
    pub fn stat_vectored(
        &self,
        targets: &[Target<'_>],
        flags: Flags,
    ) -> Result<Vec<Stat>, SyncError> {
        self.look(Many::new(targets, flags).map_err(SyncError::Refused)?)
    }

    fn look(&self, mut request: Many<'_, uapi::vm_map_sync_stat>) -> Result<Vec<Stat>, SyncError> {
        let code = if request.is_nothing() {
            Ok(())
        } else {
            call::stat(self.as_fd(), &mut request)
        };
        request.finish(self, code)
    }
}
