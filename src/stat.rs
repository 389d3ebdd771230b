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
    pace::Later,
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

/// How many folios, and entries that map them, a call looks at that may not wait; which is no waiting, but
/// there are others who do.
const AT_ONCE: u32 = 1 << 14;

/// Counts what is in the page cache of each range, as if it were the only one, and reports it file by file,
/// with the index of the range.
///
/// # Errors
///
/// If the call is refused, or would have to wait and may not: what was reported is nothing then.
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
    let manner = (flags, caller.pace);
    capture(map, standing, wanted, manner, outcomes, &mut pieces)?;
    let mut looks = caller.pace.is_at_once().then_some(AT_ONCE);
    for of_range in pieces.all().chunk_by_mut(|a, b| a.range() == b.range()) {
        pieces::lay_out(of_range);
        for siblings in pieces::pagers(of_range) {
            let Some(range) = siblings.first().map(Piece::range) else {
                continue;
            };
            let counts = count(map, siblings, caller, &mut looks).map_err(|stop| match stop {
                Stop::Killed => outcomes.refuse(&Fault::killed().of_range(range)),
                Stop::Later => outcomes.postpone(),
            })?;
            report(range, &counts);
        }
    }
    outcomes.all().iter_mut().for_each(Outcome::finish);
    Ok(())
}

/// Why pages are not counted.
enum Stop {
    /// The caller was killed.
    Killed,
    /// The call would have to wait, or to take its time, and may not.
    Later,
}

/// Whether to go on: with so many looks left, if they are not any number.
fn go_on(looks: &mut Option<u32>) -> Result<(), Stop> {
    if let Some(left) = looks {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return Err(Stop::Later);
        }
    }
    task::checkpoint().map_err(|Killed| Stop::Killed)
}

/// Counts the pages of one pager. Asks at each folio whether to go on.
fn count(
    map: &Mm,
    siblings: &[Piece],
    caller: &Caller<'_>,
    looks: &mut Option<u32>,
) -> Result<Counts, Stop> {
    go_on(looks)?;
    let mut counts = Counts::default();
    let mut may_ask = false;
    for piece in siblings {
        may_ask = may_ask || piece.may_ask(caller).map_err(|Later| Stop::Later)?;
    }
    for (pages, run) in pieces::runs(siblings) {
        if !may_ask {
            counts.hidden = counts.hidden.saturating_add(pages.len());
            continue;
        }
        counts.pages = counts.pages.saturating_add(pages.len());
        let pager = match run.first() {
            Some(piece) if !piece.pager.is_memory() => &piece.pager,
            _ => continue,
        };
        let mut folios = Folios::new(pager, Which::Resident, pages.clone());
        while let Some(folio) = folios.next() {
            let inside = overlap(&folio.pages(), &pages);
            let add = |count: &mut usize, holds: bool| {
                if holds {
                    *count = count.saturating_add(inside.len());
                }
            };
            add(&mut counts.resident, true);
            add(&mut counts.dirty, folio.is_dirty());
            add(&mut counts.writeback, folio.is_written());
            let looks = &mut *looks;
            add(
                &mut counts.others,
                pager.is_elsewhere(&inside, map, looks.as_mut()),
            );
            add(&mut counts.wired, folio.is_wired(looks.as_mut()));
            go_on(looks)?;
        }
    }
    Ok(counts)
}
