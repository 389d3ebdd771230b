// SPDX-License-Identifier: GPL-2.0

//! Evict: free cached pages, and lose nothing.

use crate::{
    outcome::{
        Fault,
        Outcome, //
    },
    piece::Piece,
    plan::{
        flags::Flags,
        pieces::{
            self,
            covered,
            locate,
            overlap,
            unfinished, //
        },
        reason::Reason,
        stretches::{
            reach,
            Stretch,
            Stretches, //
        }, //
    },
    sys::{
        folios::{
            self,
            Folios,
            Which, //
        },
        pager::{
            ErrorMark,
            EvictGuard,
            Pager, //
        },
        task::{
            self,
            Killed, //
        }, //
    },
};
use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range,
};
use kernel::error::code::EBUSY;

/// How many pages are freed under one hold of the pager's lock: page faults of others wait for it.
const CHUNK: usize = 512;

/// Frees what the plan covers, if `flags` ask for it. Pages that cannot be freed are noted and
/// counted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile; `outcome.done` says how far it came.
pub(crate) fn evict(plan: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    if !flags.invalidate() {
        return Ok(());
    }
    for siblings in pieces::pagers(plan) {
        for (pages, run) in pieces::runs(siblings) {
            let Some(piece) = run.first() else {
                continue;
            };
            let mut eviction = Eviction {
                siblings,
                pager: &piece.pager,
                mark: piece.mark,
                position: pages.start,
                claimed: false,
                outcome,
            };
            if eviction.evict(&pages).is_err() {
                let position = eviction.position;
                if let Some(address) = unfinished(plan, piece.pager.id(), position) {
                    outcome.done = address;
                }
                return Err(Killed);
            }
        }
    }
    Ok(())
}

/// The eviction of a run of pages of one pager.
struct Eviction<'a> {
    /// All pieces of the pager.
    siblings: &'a [Piece],
    pager: &'a Pager,
    mark: ErrorMark,
    /// The first page that was not dealt with yet.
    position: usize,
    /// Whether, in the last sweep, the file system did not let go of a folio.
    claimed: bool,
    outcome: &'a mut Outcome,
}

/// What a sweep had to leave behind.
#[derive(Default)]
struct Left {
    /// Pages of the range.
    pages: usize,
    /// From the first page left to the last one (exclusive).
    span: Range<usize>,
    /// The first folio for which another try may help.
    again: Option<Range<usize>>,
}

impl Left {
    fn keep(&mut self, folio: &Range<usize>, inside: usize) {
        if self.pages == 0 {
            self.span = folio.clone();
        }
        self.pages += inside;
        self.span.end = max(self.span.end, folio.end);
    }
}

impl Eviction<'_> {
    /// Frees `pages`.
    ///
    /// A folio can be held for a moment by a processor's cache of references, by a reader, or by
    /// its own writeback, so what is left is tried a second time with those out of the way. If it
    /// is little, it may be a worker that is about to let go of what it has done: that takes some
    /// milliseconds. A file system that holds on to folios is given more time than that.
    fn evict(&mut self, pages: &Range<usize>) -> Result<(), Killed> {
        let mut left = self.sweep(pages, false)?;
        if let Some(folio) = left.again.take() {
            self.drain(&folio);
            left = self.sweep(&overlap(&left.span, pages), true)?;
        }
        for pause in [1, 10, 100, 1000] {
            let little = pause <= 10 && left.pages <= CHUNK;
            if left.again.is_none() || !(self.claimed || little) {
                break;
            }
            if self.claimed {
                self.pager.write_metadata();
            }
            task::sleep(pause)?;
            left = self.sweep(&overlap(&left.span, pages), true)?;
        }
        self.position = pages.end;
        self.outcome.tally.leave(left.pages);
        if left.pages > 0 {
            self.outcome.note(Fault {
                reason: Reason::Busy,
                errno: EBUSY,
                address: locate(self.siblings, left.span.start).unwrap_or(0),
            });
        }
        Ok(())
    }

    /// Goes over `pages` once, in chunks.
    fn sweep(&mut self, pages: &Range<usize>, again: bool) -> Result<Left, Killed> {
        let mut left = Left::default();
        let mut at = pages.start;
        self.claimed = false;
        while let Some(start) = folios::first_resident(self.pager, &(at..pages.end)) {
            task::checkpoint()?;
            if !again {
                self.position = at;
            }
            let chunk = start..min(pages.end, start.saturating_add(CHUNK));
            self.settle(&chunk, again)?;
            at = self.evict_chunk(chunk, &mut left)?;
        }
        Ok(left)
    }

    /// Writes what is dirty in a chunk, so that little is left to write under the lock. The second
    /// time it also waits for those who have folios locked.
    fn settle(&mut self, chunk: &Range<usize>, again: bool) -> Result<(), Killed> {
        self.write(chunk)?;
        if again {
            let mut folios = Folios::new(self.pager, Which::Resident, chunk.clone());
            while let Some(folio) = folios.next() {
                self.claimed |= folio.is_claimed()?;
            }
        }
        Ok(())
    }

    /// Frees a chunk, and returns where the next one may start: the chunk is cut short if its
    /// folios are too scattered, and grows by a folio that sticks out of it.
    fn evict_chunk(&mut self, chunk: Range<usize>, left: &mut Left) -> Result<usize, Killed> {
        let guard = self.pager.lock()?;
        let mut stretches = Stretches::default();
        let mut next = chunk.end;
        {
            let mut folios = Folios::new(self.pager, Which::Resident, chunk);
            while let Some(folio) = folios.next() {
                let pages = folio.pages();
                next = max(next, pages.end);
                if stretches.add(pages.clone(), folio.is_wired()).is_err() {
                    next = pages.start;
                    break;
                }
            }
        }
        for span in stretches.spans() {
            self.evict_span(&guard, span, left)?;
        }
        Ok(next)
    }

    /// Frees stretches that are all wired or all not.
    fn evict_span(
        &mut self,
        guard: &EvictGuard<'_>,
        span: &[Stretch],
        left: &mut Left,
    ) -> Result<(), Killed> {
        let wired = span.iter().any(|stretch| stretch.wired);
        if !wired {
            let reach = reach(span);
            guard.unmap(&reach);
            // Whoever wrote through a mapping since the chunk was settled made it dirty again.
            self.write(&reach)?;
        }
        // A page whose write failed is clean all the same; which ones failed cannot be known.
        let keep = wired || self.pager.errors_since(self.mark).is_err();
        for stretch in span {
            let inside = covered(self.siblings, &stretch.pages);
            if keep {
                left.keep(&stretch.pages, inside);
                continue;
            }
            let freed = guard.evict(&stretch.pages);
            let mut kept = 0;
            if freed < stretch.pages.len() {
                let mut folios = Folios::new(self.pager, Which::Resident, stretch.pages.clone());
                while let Some(folio) = folios.next() {
                    let pages = folio.pages();
                    let inside = covered(self.siblings, &pages);
                    kept += inside;
                    left.keep(&pages, inside);
                    left.again.get_or_insert(pages);
                }
            }
            let inside = inside.saturating_sub(kept);
            self.outcome.tally.free(freed, inside);
        }
        Ok(())
    }

    /// Writes what is dirty in `pages` and waits for it.
    fn write(&mut self, pages: &Range<usize>) -> Result<(), Killed> {
        let written = if self.pager.is_dirty() {
            self.pager.write(pages)
        } else {
            Ok(())
        };
        folios::wait_written(self.pager, pages)?;
        if let Err(errno) = written.and_then(|()| self.pager.errors_since(self.mark)) {
            let address = locate(self.siblings, pages.start).unwrap_or(0);
            self.outcome.note(Fault::io(errno, address));
        }
        Ok(())
    }

    /// Gets the processors' caches out of the way of `folio` and all others.
    fn drain(&mut self, folio: &Range<usize>) {
        let before = resident(self.pager, folio);
        self.pager.drain(folio);
        let freed = before.saturating_sub(resident(self.pager, folio));
        let inside = min(freed, covered(self.siblings, folio));
        self.outcome.tally.free(freed, inside);
    }
}

fn resident(pager: &Pager, pages: &Range<usize>) -> usize {
    let mut folios = Folios::new(pager, Which::Resident, pages.clone());
    let mut count = 0;
    while let Some(folio) = folios.next() {
        count += folio.pages().len();
    }
    count
}
