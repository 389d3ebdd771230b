// SPDX-License-Identifier: GPL-2.0

//! Evict: free cached pages, and lose nothing.

use crate::{
    batch::{
        Batch,
        Job, //
    },
    ledger::Ledger,
    left::Left,
    outcome::{
        Outcome,
        Outcomes, //
    },
    piece::{
        known,
        Piece, //
    },
    plan::{
        chunks::chunk,
        flags::Flags,
        pauses::Pauses,
        pieces::{
            self,
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
    standing::StandIns,
    sys::{
        errors::ErrorMark,
        evict::EvictGuard,
        folios::{
            self,
            Folios,
            Which, //
        },
        pager::Pager,
        task::{
            self,
            Killed, //
        }, //
    },
    trace, //
};
use core::{
    cmp::{
        max,
        min, //
    },
    iter::once,
    ops::Range, //
};
use kernel::error::{
    code::EBUSY,
    Error, //
};

/// How many pages are freed under one hold of the pager's lock: page faults of others wait for it.
const CHUNK: usize = 512;

/// Frees what the plan covers, if `flags` ask for it. Pages that cannot be freed are noted and
/// counted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile; `outcome.done` says how far it came.
pub(crate) fn evict(
    plan: &[Piece],
    flags: Flags,
    stand_ins: &StandIns,
    outcomes: &mut Outcomes<'_>,
) -> Result<(), Killed> {
    if !flags.invalidate() {
        return Ok(());
    }
    let mut pauses = Pauses::new();
    for (number, siblings) in pieces::pagers(plan).enumerate() {
        let Some(piece) = siblings.iter().find(|piece| !piece.is_barred()) else {
            continue;
        };
        if piece.pager.is_memory() {
            continue;
        }
        let before = trace::counts(outcomes);
        let mut eviction = Eviction {
            pager: &piece.pager,
            mark: piece.mark,
            known: known(siblings),
            stand_in: stand_ins.get(number),
            spares: flags.spares_shared(),
            position: 0,
            claimed: false,
            committed: false,
            pauses: &mut pauses,
            ledger: Ledger::new(siblings, flags.spares_shared(), outcomes),
        };
        for (pages, run) in pieces::runs(siblings) {
            eviction.ledger.begin(run);
            eviction.position = pages.start;
            if eviction.evict(&pages).is_err() {
                let position = eviction.position;
                trace::freed(siblings, before, outcomes);
                stop(plan, piece.pager.id(), position, outcomes);
                return Err(Killed);
            }
        }
        let cause = eviction.cause();
        eviction.ledger.report_shared(cause);
        trace::freed(siblings, before, outcomes);
    }
    Ok(())
}

/// The caller was killed: notes how far each range has come. Everything before `page` of `pager` was dealt
/// with.
fn stop(plan: &[Piece], pager: usize, page: usize, outcomes: &mut Outcomes<'_>) {
    outcomes.all().iter_mut().for_each(Outcome::finish);
    for (piece, address) in unfinished(plan, pager, page) {
        if let Some(outcome) = outcomes.of(piece.range()) {
            outcome.stop(min(outcome.done, address));
        }
    }
}

/// The eviction of the pages of one pager.
struct Eviction<'a, 'b> {
    pager: &'a Pager,
    /// Errors after this are the call's to report.
    mark: ErrorMark,
    /// Errors after this keep all pages: which ones were not written cannot be known, for they are
    /// clean all the same.
    known: ErrorMark,
    /// What the pager is committed through, if it does not know before that what has failed.
    stand_in: Option<&'a Pager>,
    /// Whether folios that are mapped stay mapped, and in memory.
    spares: bool,
    /// The first page that was not dealt with yet.
    position: usize,
    /// Whether, in the last sweep, the file system did not let go of a folio.
    claimed: bool,
    /// Whether it has been committed because of that.
    committed: bool,
    pauses: &'a mut Pauses,
    ledger: Ledger<'a, 'b>,
}

impl Eviction<'_, '_> {
    /// Frees `pages`.
    ///
    /// A folio can be held for a moment by a processor's cache of references, by a reader, or by
    /// its own writeback, so what is left is tried a second time with those out of the way. If it
    /// is little, it may be a worker that is about to let go of what it has done: that takes some
    /// milliseconds. A file system that holds on to folios is given more time than that, and asked for
    /// a commit: some do so until then, as NFS, or ext4 with data in its journal.
    fn evict(&mut self, pages: &Range<usize>) -> Result<(), Killed> {
        let mut left = self.sweep(pages, false)?;
        if let Some(folio) = left.again.take() {
            self.drain(folio)?;
            left = self.sweep(&overlap(&left.span, pages), true)?;
        }
        if left.again.is_some() && self.claimed && !self.committed {
            self.committed = true;
            self.commit(left.span.start)?;
            left = self.sweep(&overlap(&left.span, pages), true)?;
        }
        for pause in Pauses::STEPS {
            let little = pause <= 10 && left.pages <= CHUNK;
            if left.again.is_none() || !(self.claimed || little) || !self.pauses.take(pause) {
                break;
            }
            task::sleep(pause)?;
            left = self.sweep(&overlap(&left.span, pages), true)?;
        }
        self.position = pages.end;
        self.ledger.report(&left.span, self.cause());
        Ok(())
    }

    /// Notes that a folio stays.
    fn keep(&mut self, left: &mut Left, folio: &Range<usize>, failed: bool) {
        left.keep(folio, self.ledger.keep(folio, failed));
    }

    /// Why pages have to stay.
    fn cause(&self) -> (Reason, Error) {
        match self.pager.errors_since(self.known) {
            Ok(()) => (Reason::Busy, EBUSY),
            Err(errno) => (Reason::Unwritten, errno),
        }
    }

    /// Goes over `pages` once, in chunks.
    fn sweep(&mut self, pages: &Range<usize>, again: bool) -> Result<Left, Killed> {
        let mut left = Left::default();
        let mut at = pages.start;
        self.claimed = false;
        self.ledger.begin_sweep();
        while let Some(start) = folios::first_resident(self.pager, &(at..pages.end)) {
            task::checkpoint()?;
            if !again {
                self.position = at;
            }
            let chunk = chunk(&(at..pages.end), start, CHUNK);
            self.settle(&chunk, again)?;
            at = self.evict_chunk(chunk, &mut left)?;
        }
        Ok(left)
    }

    /// Writes what is dirty in a chunk, so that little is left to write under the lock. The second
    /// time it also waits for those who have folios locked.
    fn settle(&mut self, chunk: &Range<usize>, again: bool) -> Result<(), Killed> {
        let busy = self.pager.is_dirty() || self.pager.is_written();
        self.write(chunk)?;
        if busy && self.stand_in.is_some() {
            self.commit(chunk.start)?;
        }
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
                if stretches.add(pages.clone(), folio.is_wired(None)).is_err() {
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
        let mut again = false;
        if !wired && self.is_sound() {
            let reach = reach(span);
            if !self.spares {
                guard.unmap(&reach);
            }
            // Whoever wrote since the chunk was settled made it dirty again.
            if self.stand_in.is_some() && self.is_busy(&reach) {
                // It has to be committed as well, which cannot be done under the lock.
                again = true;
            } else {
                if !self.spares {
                    self.write(&reach)?;
                }
                // Some file systems let a folio count as written, and note that it was not while they
                // still have it locked (`iomap_writeback_folio()`).
                let mut folios = Folios::new(self.pager, Which::Resident, reach);
                while let Some(folio) = folios.next() {
                    folio.wait_unlocked()?;
                }
            }
        }
        let sound = self.is_sound();
        for stretch in span {
            if wired || !sound {
                // Whoever has wired them has mapped them.
                self.keep(left, &stretch.pages, !(sound && self.spares));
                continue;
            }
            let freed = if again {
                0
            } else {
                guard.evict(&stretch.pages)
            };
            if freed < stretch.pages.len() {
                let mut folios = Folios::new(self.pager, Which::Resident, stretch.pages.clone());
                while let Some(folio) = folios.next() {
                    let pages = folio.pages();
                    let spared = self.ledger.is_spared(&folio);
                    self.keep(left, &pages, !spared);
                    if !spared {
                        left.again.get_or_insert(pages);
                    }
                }
            }
            self.ledger.free(&stretch.pages, freed);
        }
        Ok(())
    }

    /// Whether nothing has failed that keeps pages.
    fn is_sound(&self) -> bool {
        self.pager.errors_since(self.known).is_ok()
    }

    /// Whether any of `pages` is dirty or being written.
    fn is_busy(&self, pages: &Range<usize>) -> bool {
        let any = |which| {
            Folios::new(self.pager, which, pages.clone())
                .next()
                .is_some()
        };
        any(Which::Dirty) || any(Which::Writeback)
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
            self.fail(errno, pages.start);
        }
        Ok(())
    }

    /// Commits the pager, through a file of the call's own, for the sake of what is at `page`. A helper
    /// does it, so that the caller can be killed.
    fn commit(&mut self, page: usize) -> Result<(), Killed> {
        let opened = match self.stand_in {
            Some(file) => Some(file.clone()),
            // Then the pages have to stay.
            None => self.pager.open_again().ok(),
        };
        // It is closed here, and not by a helper: nobody is to find it open when the call has returned.
        let Some(pager) = opened else {
            return Ok(());
        };
        let job = Job {
            pager: pager.clone(),
            pages: 0..0,
        };
        let committed = match Batch::of(1, once(job)) {
            Some(batch) => {
                batch.work_off()?;
                batch.take_result(0)
            }
            // There is no memory for it.
            None => trace::commit(&pager, &(0..0), None),
        };
        if let Err(errno) = committed.and_then(|()| self.pager.errors_since(self.mark)) {
            self.fail(errno, page);
        }
        Ok(())
    }

    /// Notes that a write has failed: nothing more is freed.
    fn fail(&mut self, errno: Error, page: usize) {
        self.ledger.fail(errno, page);
        self.known = ErrorMark::NEVER;
    }

    /// Gets the processors' caches out of the way of the first of `pages` that is there, and all others.
    fn drain(&self, pages: Range<usize>) -> Result<(), Killed> {
        let guard = self.pager.lock()?;
        if let Some(folio) = Folios::new(self.pager, Which::Resident, pages).next() {
            guard.drain(&folio);
        }
        Ok(())
    }
}
