// SPDX-License-Identifier: GPL-2.0

//! Commit: make durable what was pushed.

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
            Piece as _, //
        }, //
    },
    sys::task::{
        self,
        Killed, //
    },
};

/// Commits each pager once, if `flags` ask for it, and tells each file through which the pages were
/// mapped of its write errors.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn commit(plan: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    if !flags.syncio() {
        return Ok(());
    }
    for siblings in pieces::pagers(plan) {
        task::checkpoint()?;
        // Some network file systems refuse to commit through a file that cannot be written to.
        let writable = siblings.iter().find(|piece| piece.pager.is_writable());
        let Some(through) = writable.or(siblings.first()) else {
            continue;
        };
        let page = through.pages().start;
        let mut result = through.pager.commit(page);
        // Each file has a cursor of its own in the errors of its pager.
        for piece in siblings {
            result = result.and(piece.pager.take_error());
        }
        if let Err(errno) = result {
            outcome.note(Fault::io(errno, locate(siblings, 0).unwrap_or(0)));
        }
    }
    Ok(())
}
