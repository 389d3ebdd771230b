// SPDX-License-Identifier: GPL-2.0

//! Push: hand dirty pages to their pagers.

use crate::{
    outcome::Outcomes,
    piece::{
        fail,
        Piece, //
    },
    plan::{
        chunks::chunk,
        flags::Flags,
        pauses::Pauses,
        pieces::{
            self,
            overlap,
            Piece as _, //
        }, //
    },
    standing::Caller,
    sys::{
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
use core::ops::Range;
use kernel::prelude::*;

/// How many pages are handed over at once: between two chunks the caller can die.
const CHUNK: usize = 1024;

/// The same for a worker of a ring: about as much as a disk takes in one request. A request of the ring can
/// be given up at any time, and whoever does so waits for the end of the chunk where the disk's queue is full. A
/// folio that is larger is written as a whole.
const CHUNK_OF_WORKER: usize = 32;

/// The same where writing means to flush the processors' caches, which takes no disk.
const CHUNK_OF_MEMORY: usize = 1 << 18;

/// Starts writeback of all that is dirty, in all pagers, and then waits for it if `flags` ask for
/// anything that needs it written. Returns how many pages were dirty, which is more than the caller is
/// told if he may not know it of all files.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn push(
    plan: &[Piece],
    flags: Flags,
    caller: &Caller<'_>,
    outcomes: &mut Outcomes<'_>,
) -> Result<usize, Killed> {
    let mut dirty = 0;
    let mut pauses = Pauses::new();
    for siblings in pieces::pagers(plan) {
        if siblings.first().is_some_and(|piece| piece.pager.is_dirty()) {
            dirty += start(siblings, flags, caller, &mut pauses, outcomes)?;
        }
    }
    if flags.waits() {
        for (pages, run) in pieces::runs(plan) {
            let Some(piece) = run.first() else {
                continue;
            };
            folios::wait_written(&piece.pager, &pages)?;
            let result = piece.pager.errors_since(piece.mark);
            trace::written(&piece.pager, &pages, result);
            if let Err(errno) = result {
                let siblings = pieces::siblings(plan, run);
                fail(siblings, run, pages.start, errno, outcomes);
            }
        }
    }
    Ok(dirty)
}

// A call that finds nothing dirty, the common case, is to have the registers.
#[inline(never)]
fn start(
    siblings: &[Piece],
    flags: Flags,
    caller: &Caller<'_>,
    pauses: &mut Pauses,
    outcomes: &mut Outcomes<'_>,
) -> Result<usize, Killed> {
    let Some(pager) = siblings.first().map(|piece| &piece.pager) else {
        return Ok(0);
    };
    // All are counted before any is written: a file system may write more than it is asked to.
    let mut dirty = 0;
    let mut told = None;
    for (_, run) in pieces::runs(siblings) {
        for (pages, part) in of_ranges(run) {
            let count = count_dirty(pager, &pages)?;
            dirty += count;
            // Page by page, the number would show what others write to the file.
            let may_ask = || {
                let may = |piece: &Piece| matches!(piece.may_ask(caller), Ok(true));
                siblings.iter().any(may)
            };
            if count > 0 && *told.get_or_insert_with(may_ask) {
                if let Some(outcome) = outcomes.of(part) {
                    outcome.tally.push(count);
                }
            }
        }
    }
    let size = if task::is_ring_worker() {
        CHUNK_OF_WORKER
    } else {
        CHUNK
    };
    let mut result = Ok(());
    for (pages, run) in pieces::runs(siblings) {
        let mut rest = pages;
        while let Some(chunk) = next_chunk(pager, &rest, size) {
            task::checkpoint()?;
            let written = if flags.waits() {
                pager.write(&chunk)
            } else {
                start_write(pager, &chunk, pauses)?
            };
            if let Err(errno) = written {
                fail(siblings, run, chunk.start, errno, outcomes);
            }
            result = result.and(written);
            rest.start = chunk.end;
        }
    }
    trace::pushed(siblings, dirty, result);
    Ok(dirty)
}

/// Starts writing a chunk, and waits for none of it.
///
/// A server may be asked for nothing as long as the end of an earlier request has not been noted
/// (`netfs_wb_begin()`), which takes a worker a moment, even if all who waited for it are gone.
fn start_write(pager: &Pager, chunk: &Range<usize>, pauses: &mut Pauses) -> Result<Result, Killed> {
    for pause in Pauses::SHORT {
        let started = pager.start_write(chunk);
        let untouched = started.is_ok()
            && pager.is_remote()
            && folios::first_dirty(pager, chunk).is_some()
            && Folios::new(pager, Which::Writeback, chunk.clone())
                .next()
                .is_none();
        if !untouched || !pauses.take(pause) {
            return Ok(started);
        }
        task::sleep(pause)?;
    }
    Ok(pager.start_write(chunk))
}

/// The parts of a run that belong to different ranges: their pages, and the index of the range.
fn of_ranges(run: &[Piece]) -> impl Iterator<Item = (Range<usize>, usize)> + '_ {
    let parts = run.chunk_by(|a, b| a.range() == b.range());
    parts.filter_map(|part| {
        let (first, last) = (part.first()?, part.last()?);
        Some((first.pages().start..last.pages().end, first.range()))
    })
}

fn count_dirty(pager: &Pager, pages: &Range<usize>) -> Result<usize, Killed> {
    if pager.is_memory() {
        return Ok(0);
    }
    let mut folios = Folios::new(pager, Which::Dirty, pages.clone());
    let mut dirty = 0;
    while let Some(folio) = folios.next() {
        dirty += overlap(&folio.pages(), pages).len();
        task::checkpoint()?;
    }
    Ok(dirty)
}

/// The next chunk of `pages` that has anything dirty in it, of this size if a disk is to write it.
fn next_chunk(pager: &Pager, pages: &Range<usize>, size: usize) -> Option<Range<usize>> {
    let (first, size) = if pager.is_memory() {
        // No folio tells what is dirty.
        (pages.start, CHUNK_OF_MEMORY)
    } else {
        (folios::first_dirty(pager, pages)?, size)
    };
    let chunk = chunk(pages, first, size);
    (!chunk.is_empty()).then_some(chunk)
}
