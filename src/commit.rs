// SPDX-License-Identifier: GPL-2.0

//! Commit: make durable what was pushed.

use crate::{
    batch::{
        Batch,
        Job, //
    },
    outcome::Outcomes,
    piece::{
        fail,
        Piece, //
    },
    plan::{
        flags::Flags,
        pieces, //
    },
    standing::{
        best,
        StandIns,
        Standing, //
    },
    sys::{
        folios,
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

/// How many pages must have been pushed for the commit of a single pager to be left to a helper, so
/// that the caller can be killed meanwhile. For fewer the detour would cost more than it is worth:
/// such a call is what `fdatasync()` is, and that cannot be killed either.
const LARGE: usize = 1024;

/// Commits each pager once, if `flags` ask for it, and tells the caller's own files of their write errors;
/// for those that are not his the stand-ins are told.
///
/// If pages are to be freed, pagers that do not know before their commit what has failed are committed
/// in any case. `dirty` is how many pages were pushed.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn commit(
    plan: &[Piece],
    flags: Flags,
    stand_ins: &StandIns,
    dirty: usize,
    outcomes: &mut Outcomes<'_>,
) -> Result<(), Killed> {
    let commits = || {
        let pagers = pieces::pagers(plan).enumerate();
        pagers.filter_map(|(number, siblings)| Commit::of(siblings, flags, stand_ins.get(number)))
    };
    let count = commits().count();
    let batch = if count > 1 || count == 1 && dirty >= LARGE {
        Batch::of(count, commits().map(|commit| commit.job()))
    } else {
        None
    };
    let committed = match batch {
        Some(batch) => Some(Batch::work_off(batch)?),
        None => None,
    };
    for (number, commit) in commits().enumerate() {
        let mut result = match &committed {
            Some(batch) => batch.result(number),
            None => {
                task::checkpoint()?;
                trace::commit(commit.pager, &commit.pages(), None)
            }
        };
        if commit.is_undone() {
            task::checkpoint()?;
            result = result.and(trace::commit(commit.pager, &commit.hull(), None));
        }
        if let Err(errno) = result.and(commit.tell()) {
            fail(commit.siblings, commit.siblings, 0, errno, outcomes);
        }
    }
    Ok(())
}

/// The commit of one pager.
struct Commit<'a> {
    /// All pieces of the pager.
    siblings: &'a [Piece],
    /// Through which file it is committed.
    pager: &'a Pager,
    /// Whether the caller's own files are to be told of errors.
    tells: bool,
    /// A file that is to be told instead of those which are not the caller's.
    stand_in: Option<&'a Pager>,
}

impl<'a> Commit<'a> {
    /// `None` if the pager need not be committed.
    fn of(siblings: &'a [Piece], flags: Flags, stand_in: Option<&'a Pager>) -> Option<Self> {
        // The caller's own files serve for a commit that he asked for, and for no other.
        let own = best(siblings, |piece| piece.standing == Standing::Own);
        let own = own.filter(|_| flags.syncio()).map(|piece| &piece.pager);
        Some(Self {
            siblings,
            pager: own.or(stand_in)?,
            tells: own.is_some(),
            stand_in,
        })
    }

    fn job(&self) -> Job {
        Job {
            pager: self.pager.clone(),
            pages: self.pages(),
        }
    }

    /// The pages that the commit covers, so that it writes those which it makes dirty again: a server can
    /// have lost what was written to it (NFS), where a disk has said so at once. Of what lies between
    /// several runs nothing is to be written, so they are not covered.
    fn pages(&self) -> Range<usize> {
        if !self.pager.is_remote() {
            return 0..0;
        }
        let mut runs = pieces::runs(self.siblings);
        match (runs.next(), runs.next()) {
            (Some((pages, _)), None) => pages,
            _ => 0..0,
        }
    }

    /// Whether the commit may have made dirty again what it did not cover, so that another one is
    /// needed.
    fn is_undone(&self) -> bool {
        self.pager.is_remote()
            && self.pager.is_dirty()
            && self.pages().is_empty()
            && pieces::runs(self.siblings)
                .any(|(pages, _)| folios::first_dirty(self.pager, &pages).is_some())
    }

    /// From the first page to the last one, with what lies between.
    fn hull(&self) -> Range<usize> {
        let start = pieces::runs(self.siblings).next();
        let end = pieces::runs(self.siblings).last();
        match (start, end) {
            (Some((first, _)), Some((last, _))) => first.start..last.end,
            _ => 0..0,
        }
    }

    /// Tells of the errors of the writes whoever is to be told: each file has a cursor of its own.
    fn tell(&self) -> Result {
        let own = |piece: &&Piece| self.tells && piece.standing == Standing::Own;
        let told = self.siblings.iter().filter(own);
        let told = told.map(|piece| piece.pager.take_error());
        told.fold(self.stand_in.map_or(Ok(()), Pager::take_error), Result::and)
    }
}
