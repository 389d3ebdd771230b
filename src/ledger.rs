// SPDX-License-Identifier: GPL-2.0

//! The ledger of an eviction: in which ranges of the call it is told what was freed, and what was not.

use crate::{
    outcome::{
        Fault,
        Outcome,
        Outcomes, //
    },
    piece::{
        self,
        Piece, //
    },
    plan::{
        pieces::{
            overlap,
            touched,
            Piece as _, //
        },
        reason::Reason, //
    },
    sys::{
        folios::{
            Folio,
            Folios,
            Which, //
        },
        pager::Pager, //
    },
};
use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range, //
};
use kernel::error::Error;

/// The ledger of the eviction of one pager.
pub(crate) struct Ledger<'a, 'b> {
    /// All pieces of the pager.
    siblings: &'a [Piece],
    spares: bool,
    /// Those of them whose pages are being freed, which follow each other without a gap.
    run: &'a [Piece],
    /// From the first page to the last one (exclusive) that it is a failure to have left.
    failed: Option<Range<usize>>,
    outcomes: &'a mut Outcomes<'b>,
}

impl<'a, 'b> Ledger<'a, 'b> {
    /// The ledger for a pager with these pieces. `spares` says whether folios that are mapped are left.
    pub(crate) fn new(siblings: &'a [Piece], spares: bool, outcomes: &'a mut Outcomes<'b>) -> Self {
        Self {
            siblings,
            spares,
            run: &[],
            failed: None,
            outcomes,
        }
    }

    /// From here on it is about these pieces of the pager, which follow each other without a gap.
    pub(crate) fn begin(&mut self, run: &'a [Piece]) {
        self.run = run;
    }

    /// The pages of the run are gone through anew: what was left is forgotten.
    pub(crate) fn begin_sweep(&mut self) {
        self.each_range(|outcome| {
            outcome.take_staying();
        });
    }

    /// Notes that a folio stays, and whether that is a failure. Returns how many pages of the run it has.
    pub(crate) fn keep(&mut self, folio: &Range<usize>, failed: bool) -> usize {
        let mut inside = 0;
        for (piece, own) in touched(self.run, folio) {
            inside += own.len();
            if let Some(outcome) = self.outcomes.of(piece.range()) {
                outcome.keep(own.len(), piece.address(own.start), failed);
            }
        }
        inside
    }

    /// Whether it is no failure that a folio stays.
    pub(crate) fn is_spared(&self, folio: &Folio<'_>) -> bool {
        self.spares && folio.is_mapped()
    }

    /// Counts that `freed` of `pages`, which are whole folios, were freed; the others are still there.
    pub(crate) fn free(&mut self, pages: &Range<usize>, freed: usize) {
        let mut rest = freed;
        let mut beyond = None;
        for (piece, own) in touched(self.siblings, pages) {
            let kept = if freed < pages.len() {
                resident(&piece.pager, &own)
            } else {
                0
            };
            let inside = min(rest, own.len().saturating_sub(kept));
            rest -= inside;
            beyond = beyond.or(Some(piece.range()));
            if let Some(outcome) = self.outcomes.of(piece.range()) {
                outcome.tally.free(inside, inside);
            }
        }
        if let Some(outcome) = beyond.and_then(|range| self.outcomes.of(range)) {
            outcome.tally.free(rest, 0);
        }
    }

    /// Notes that a write has failed.
    pub(crate) fn fail(&mut self, errno: Error, page: usize) {
        piece::fail(self.siblings, self.run, page, errno, self.outcomes);
    }

    /// Tells what of the run had to be left, all of it within `span`, and for what reason.
    pub(crate) fn report(&mut self, span: &Range<usize>, (reason, errno): (Reason, Error)) {
        let mut failed = false;
        self.each_range(|outcome| {
            let staying = outcome.take_staying();
            outcome.tally.leave(staying.pages);
            if let Some(address) = staying.failed {
                failed = true;
                outcome.note(Fault {
                    reason,
                    errno,
                    address,
                });
            }
        });
        if failed {
            let all = self.failed.get_or_insert_with(|| span.clone());
            *all = min(all.start, span.start)..max(all.end, span.end);
        }
    }

    /// Tells of what had to be left those ranges too in which it does not count: pages that several have
    /// in common count in one of them.
    pub(crate) fn report_shared(&mut self, (reason, errno): (Reason, Error)) {
        let Some(failed) = self.failed.clone().filter(|_| self.outcomes.are_many()) else {
            return;
        };
        for piece in self.siblings {
            let elsewhere = failed.start..min(failed.end, piece.pages().start);
            let shared = overlap(&piece.whole(), &elsewhere);
            let mut folios = Folios::new(&piece.pager, Which::Resident, shared.clone());
            while let Some(folio) = folios.next() {
                if self.is_spared(&folio) {
                    continue;
                }
                if let Some(outcome) = self.outcomes.of(piece.range()) {
                    outcome.note(Fault {
                        reason,
                        errno,
                        address: piece.address(max(folio.pages().start, shared.start)),
                    });
                }
                break;
            }
        }
    }

    /// Does something with the outcome of each range that has a piece in the run. It may be done more than
    /// once.
    fn each_range(&mut self, mut work: impl FnMut(&mut Outcome)) {
        for same in self.run.chunk_by(|a, b| a.range() == b.range()) {
            let range = same.first().map(Piece::range);
            if let Some(outcome) = range.and_then(|range| self.outcomes.of(range)) {
                work(outcome);
            }
        }
    }
}

/// How many of `pages` are in the page cache.
fn resident(pager: &Pager, pages: &Range<usize>) -> usize {
    let mut folios = Folios::new(pager, Which::Resident, pages.clone());
    let mut resident = 0;
    while let Some(folio) = folios.next() {
        resident += overlap(&folio.pages(), pages).len();
    }
    resident
}
