// SPDX-License-Identifier: GPL-2.0

//! Push: hand dirty pages to their pagers.

use crate::{
    capture::Piece,
    outcome::{
        Fault,
        Outcome, //
    },
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
    cmp::{
        max,
        min, //
    },
    ops::Range,
};

/// How many pages are handed over at once: between two chunks the caller can die.
const CHUNK: usize = 1024;

/// Starts writeback of all that is dirty, in all pagers, and then waits for it if `flags` ask for
/// anything that needs it written.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn push(plan: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    for (pages, run) in pieces::runs(plan) {
        start(run, pages, flags, outcome)?;
    }
    if flags.waits() {
        for (pages, run) in pieces::runs(plan) {
            wait(run, &pages, outcome)?;
        }
    }
    Ok(())
}

fn start(
    run: &[Piece],
    pages: Range<usize>,
    flags: Flags,
    outcome: &mut Outcome,
) -> Result<(), Killed> {
    let Some(pager) = run.first().map(|piece| &piece.pager) else {
        return Ok(());
    };
    if !pager.is_dirty() {
        return Ok(());
    }
    let mut rest = pages;
    while let Some((chunk, dirty)) = next_dirty(pager, rest.clone()) {
        task::checkpoint()?;
        outcome.tally.push(dirty);
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

/// The next chunk of `pages` with anything dirty in it, and how many of its pages are dirty.
///
/// A chunk does not end within a folio: the rest of it would be written, but not counted.
fn next_dirty(pager: &Pager, pages: Range<usize>) -> Option<(Range<usize>, usize)> {
    let mut folios = Folios::new(pager, Which::Dirty, pages.clone());
    let mut chunk = None;
    let mut dirty = 0;
    while let Some(folio) = folios.next() {
        let part = overlap(&folio.pages(), &pages);
        let chunk = chunk
            .get_or_insert_with(|| part.start..min(pages.end, part.start.saturating_add(CHUNK)));
        if part.start >= chunk.end {
            break;
        }
        chunk.end = max(chunk.end, part.end);
        dirty += part.len();
    }
    chunk.map(|chunk| (chunk, dirty))
}
