// SPDX-License-Identifier: GPL-2.0

//! Trace: what is told of a call to those who trace it.

use crate::{
    outcome::Outcomes,
    piece::Piece,
    plan::{
        flags::Flags,
        pieces, //
    },
    request::Wanted,
    sys::{
        pager::Pager,
        trace::{
            self,
            Began, //
        }, //
    }, //
};
use core::ops::Range;
use kernel::{
    prelude::*,
    task::Pid, //
};

/// Defines functions that tell of an event, and do not even look at their arguments if nobody listens.
macro_rules! told {
    ($($(#[$attr:meta])* fn $event:ident($($arg:ident: $kind:ty),* $(,)?) $told:block)*) => {$(
        $(#[$attr])*
        #[inline(always)]
        pub(crate) fn $event($($arg: $kind),*) {
            #[cold]
            #[inline(never)]
            fn tell($($arg: $kind),*) $told

            if trace::$event::is_on() {
                tell($($arg),*);
            }
        }
    )*};
}

told! {
    /// A call begins.
    fn begin(wanted: &[Wanted], flags: Flags) {
        let range = match wanted {
            [Wanted::Addresses { start, end }] => *start..*end,
            [Wanted::File(file)] => file.bytes.clone(),
            _ => 0..0,
        };
        let ranges = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
        trace::begin::tell(range.start, range.end, flags.bits(), ranges);
    }

    /// The writing has begun of what is dirty in all `siblings`, pieces of one pager, or it failed.
    fn pushed(siblings: &[Piece], dirty: usize, result: Result) {
        let (first, pages) = extent(siblings);
        if let Some(piece) = siblings.first() {
            trace::pushed::tell(&piece.pager, first, pages, dirty, error(result));
        }
    }

    /// All that was dirty in `pages` of a pager is written, or it failed.
    fn written(pager: &Pager, pages: &Range<usize>, result: Result) {
        trace::written::tell(pager, pages.start, pages.len(), error(result));
    }

    fn committed(
        pager: &Pager,
        pages: usize,
        caller: Option<Pid>,
        began: Began,
        result: Result,
    ) {
        let pid = caller.unwrap_or_else(|| kernel::current!().pid());
        trace::committed::tell(pager, pages, pid, began.elapsed(), error(result));
    }

    /// What could be freed of all `siblings`, pieces of one pager, is free: what has been counted since
    /// `before`.
    fn freed(siblings: &[Piece], before: Counts, outcomes: &Outcomes<'_>) {
        let now = Counts::of(outcomes);
        let (first, pages) = extent(siblings);
        let freed = now.freed.saturating_sub(before.freed);
        let left = now.left.saturating_sub(before.left);
        if let Some(piece) = siblings.first() {
            trace::freed::tell(&piece.pager, first, pages, freed, left);
        }
    }

    /// A call ends with these outcomes.
    fn end(outcomes: &Outcomes<'_>) {
        let (sum, _) = outcomes.sum();
        let error = sum.errno().map_or(0, Error::to_errno);
        let tally = &sum.tally;
        let reason = sum.result().reason;
        trace::end::tell(error, reason, tally.pushed, tally.freed, tally.left);
    }
}

/// How many pages have been freed and left.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    freed: usize,
    left: usize,
}

impl Counts {
    fn of(outcomes: &Outcomes<'_>) -> Self {
        let (sum, _) = outcomes.sum();
        Self {
            freed: sum.tally.freed,
            left: sum.tally.left,
        }
    }
}

/// What has been freed and left up to now, for [`freed`]; it is not counted if nobody listens.
#[inline(always)]
pub(crate) fn counts(outcomes: &Outcomes<'_>) -> Counts {
    if trace::freed::is_on() {
        Counts::of(outcomes)
    } else {
        Counts::default()
    }
}

/// Commits a pager, and tells of it. It is done for `caller`, if not for this very thread.
#[inline(always)]
pub(crate) fn commit(pager: &Pager, pages: &Range<usize>, caller: Option<Pid>) -> Result {
    let began = Began::now();
    let result = pager.commit(pages);
    committed(pager, pages.len(), caller, began, result);
    result
}

/// The first page of all pieces of a pager, and how many they are together.
fn extent(siblings: &[Piece]) -> (usize, usize) {
    let mut first = None;
    let mut count = 0;
    for (pages, _) in pieces::runs(siblings) {
        first.get_or_insert(pages.start);
        count += pages.len();
    }
    (first.unwrap_or(0), count)
}

fn error(result: Result) -> i32 {
    result.map_or_else(|errno| errno.to_errno(), |()| 0)
}
