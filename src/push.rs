// SPDX-License-Identifier: GPL-2.0

//! Push: hand dirty pages to their pagers.

use crate::{
    outcome::{
        Fault,
        Outcome, //
    },
    piece::Piece,
    plan::{
        chunks::chunk,
        flags::Flags,
        pauses::Pauses,
        pieces::{
            self,
            locate,
            overlap, //
        }, //
    },
    standing::Standing,
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
};
use core::ops::Range;
use kernel::{
    error::Error,
    prelude::*, //
};

/// How many pages are handed over at once: between two chunks the caller can die.
const CHUNK: usize = 1024;

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
    standing: Standing,
    outcome: &mut Outcome,
) -> Result<usize, Killed> {
    let mut dirty = 0;
    let mut pauses = Pauses::new();
    for siblings in pieces::pagers(plan) {
        dirty += start(siblings, flags, standing, &mut pauses, outcome)?;
    }
    if flags.waits() {
        for (pages, run) in pieces::runs(plan) {
            wait(run, &pages, outcome)?;
        }
    }
    Ok(dirty)
}

fn start(
    siblings: &[Piece],
    flags: Flags,
    standing: Standing,
    pauses: &mut Pauses,
    outcome: &mut Outcome,
) -> Result<usize, Killed> {
    let Some(pager) = siblings.first().map(|piece| &piece.pager) else {
        return Ok(0);
    };
    if !pager.is_dirty() {
        return Ok(0);
    }
    // All are counted before any is written: a file system may write more than it is asked to.
    let mut dirty = 0;
    for (pages, _) in pieces::runs(siblings) {
        dirty += count_dirty(pager, &pages)?;
    }
    // Page by page, the number would show what others write to the file.
    if dirty > 0 && siblings.iter().any(|piece| standing.may_ask(&piece.pager)) {
        outcome.tally.push(dirty);
    }
    for (pages, run) in pieces::runs(siblings) {
        let mut rest = pages;
        while let Some(chunk) = next_chunk(pager, &rest) {
            task::checkpoint()?;
            let written = if flags.waits() {
                pager.write(&chunk)
            } else {
                start_write(pager, &chunk, pauses)?
            };
            if let Err(errno) = written {
                fail(run, errno, chunk.start, outcome);
            }
            rest.start = chunk.end;
        }
    }
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

fn wait(run: &[Piece], pages: &Range<usize>, outcome: &mut Outcome) -> Result<(), Killed> {
    let Some(piece) = run.first() else {
        return Ok(());
    };
    folios::wait_written(&piece.pager, pages)?;
    if let Err(errno) = piece.pager.errors_since(piece.mark) {
        fail(run, errno, pages.start, outcome);
    }
    Ok(())
}

fn fail(run: &[Piece], errno: Error, page: usize, outcome: &mut Outcome) {
    outcome.note(Fault::io(errno, locate(run, page).unwrap_or(0)));
    if let Some(piece) = run.first() {
        piece.fail();
    }
}

fn count_dirty(pager: &Pager, pages: &Range<usize>) -> Result<usize, Killed> {
    let mut folios = Folios::new(pager, Which::Dirty, pages.clone());
    let mut dirty = 0;
    while let Some(folio) = folios.next() {
        dirty += overlap(&folio.pages(), pages).len();
        task::checkpoint()?;
    }
    Ok(dirty)
}

/// The next chunk of `pages` that has anything dirty in it.
fn next_chunk(pager: &Pager, pages: &Range<usize>) -> Option<Range<usize>> {
    let (first, size) = if pager.is_memory() {
        // No folio tells what is dirty.
        (pages.start, CHUNK_OF_MEMORY)
    } else {
        (folios::first_dirty(pager, pages)?, CHUNK)
    };
    let chunk = chunk(pages, first, size);
    (!chunk.is_empty()).then_some(chunk)
}
