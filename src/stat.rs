// SPDX-License-Identifier: GPL-2.0

//! Stat: what is in the page cache of a range. Changes nothing, and brings nothing in.

use crate::{
    capture::capture,
    outcome::{
        Fault,
        Outcome,
        Outcomes,
        Refused, //
    },
    piece::{
        Piece,
        Pieces, //
    },
    plan::{
        flags::Flags,
        pieces::{
            self,
            overlap, //
        },
    },
    request::Wanted,
    standing::{
        Caller,
        Standing, //
    },
    sys::{
        folios::{
            Folios,
            Which, //
        },
        task::{
            self,
            Killed, //
        },
    },
};
use kernel::{
    mm::Mm,
    prelude::*, //
};

/// Pages of a range that have a pager.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Pages that the caller may ask about; only these are counted in what follows.
    pub(crate) pages: usize,
    /// Pages that he may not ask about.
    pub(crate) hidden: usize,
    /// Pages in the page cache.
    pub(crate) resident: usize,
    /// Pages that are dirty.
    pub(crate) dirty: usize,
    /// Pages that are being written.
    pub(crate) writeback: usize,
    /// Resident pages that another map has mapped as well.
    pub(crate) others: usize,
    /// Resident pages that somebody has locked in memory.
    pub(crate) wired: usize,
}

/// Counts what is in the page cache of each range, as if it were the only one, and reports it file by file,
/// with the index of the range.
///
/// # Errors
///
/// If the call is refused.
pub(crate) fn look(
    map: &Mm,
    standing: Standing,
    caller: &Caller<'_>,
    wanted: &[Wanted],
    flags: Flags,
    outcomes: &mut Outcomes<'_>,
    mut report: impl FnMut(usize, &Counts),
) -> Result<(), Refused> {
    let mut pieces = Pieces::None;
    capture(map, standing, wanted, flags, outcomes, &mut pieces)?;
    for of_range in pieces.all().chunk_by_mut(|a, b| a.range() == b.range()) {
        pieces::lay_out(of_range);
        for siblings in pieces::pagers(of_range) {
            let Some(range) = siblings.first().map(Piece::range) else {
                continue;
            };
            let counts = count(map, siblings, caller)
                .map_err(|Killed| outcomes.refuse(&Fault::killed().of_range(range)))?;
            report(range, &counts);
        }
    }
    outcomes.all().iter_mut().for_each(Outcome::finish);
    Ok(())
}

/// Counts the pages of one pager.
fn count(map: &Mm, siblings: &[Piece], caller: &Caller<'_>) -> Result<Counts, Killed> {
    task::checkpoint()?;
    let mut counts = Counts::default();
    let may_ask = siblings.iter().any(|piece| piece.may_ask(caller));
    for (pages, run) in pieces::runs(siblings) {
        if !may_ask {
            counts.hidden = counts.hidden.saturating_add(pages.len());
            continue;
        }
        counts.pages = counts.pages.saturating_add(pages.len());
        let Some(pager) = run.first().map(|piece| &piece.pager) else {
            continue;
        };
        let mut folios = Folios::new(pager, Which::Resident, pages.clone());
        while let Some(folio) = folios.next() {
            task::checkpoint()?;
            let inside = overlap(&folio.pages(), &pages);
            let add = |count: &mut usize, holds: bool| {
                if holds {
                    *count = count.saturating_add(inside.len());
                }
            };
            add(&mut counts.resident, true);
            add(&mut counts.dirty, folio.is_dirty());
            add(&mut counts.writeback, folio.is_written());
            add(&mut counts.others, pager.is_elsewhere(&inside, map));
            add(&mut counts.wired, folio.is_wired());
        }
    }
    Ok(counts)
}
