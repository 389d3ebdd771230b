// SPDX-License-Identifier: GPL-2.0

//! Push: hand dirty pages to their pagers.

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
            locate,
            overlap, //
        }, //
    },
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
use core::{
    cmp::min,
    ops::Range, //
};

/// How many pages are handed over at once: between two chunks the caller can die.
const CHUNK: usize = 1024;

/// The same where writing means to flush the processors' caches, which takes no disk.
const CHUNK_OF_MEMORY: usize = 1 << 18;

/// Starts writeback of all that is dirty, in all pagers, and then waits for it if `flags` ask for
/// anything that needs it written.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn push(plan: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    for siblings in pieces::pagers(plan) {
        start(siblings, flags, outcome)?;
    }
    if flags.waits() {
        for (pages, run) in pieces::runs(plan) {
            wait(run, &pages, outcome)?;
        }
    }
    Ok(())
}

fn start(siblings: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    let Some(pager) = siblings.first().map(|piece| &piece.pager) else {
        return Ok(());
    };
    if !pager.is_dirty() {
        return Ok(());
    }
    // All are counted before any is written: a file system may write more than it is asked to.
    for (pages, _) in pieces::runs(siblings) {
        outcome.tally.push(count_dirty(pager, &pages)?);
    }
    for (pages, run) in pieces::runs(siblings) {
        let mut rest = pages;
        while let Some(chunk) = next_chunk(pager, &rest) {
            task::checkpoint()?;
            let written = if flags.waits() {
                pager.write(&chunk)
            } else {
                pager.start_write(&chunk)
            };
            if let Err(errno) = written {
                outcome.note(Fault::io(errno, locate(run, chunk.start).unwrap_or(0)));
            }
            rest.start = chunk.end;
        }
    }
    Ok(())
}

fn wait(run: &[Piece], pages: &Range<usize>, outcome: &mut Outcome) -> Result<(), Killed> {
    let Some(piece) = run.first() else {
        return Ok(());
    };
    folios::wait_written(&piece.pager, pages)?;
    if let Err(errno) = piece.pager.errors_since(piece.mark) {
        outcome.note(Fault::io(errno, locate(run, pages.start).unwrap_or(0)));
    }
    Ok(())
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
    let (start, size) = if pager.is_memory() {
        // No folio tells what is dirty.
        (pages.start, CHUNK_OF_MEMORY)
    } else {
        (folios::first_dirty(pager, pages)?, CHUNK)
    };
    let chunk = start..min(pages.end, start.saturating_add(size));
    (!chunk.is_empty()).then_some(chunk)
}
