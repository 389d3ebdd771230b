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
/// such a call is what `fdatasync()` is, and that cannot be killed either. A worker of a ring makes the
/// detour to a server in any case: he is one of a few, and has others waiting for him.
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
    if !flags.syncio() && stand_ins.are_none() {
        return Ok(());
    }
    let many = pieces::are_of_several(plan) || dirty >= LARGE;
    if (many || task::is_ring_worker())
        && commit_by_helpers(plan, flags, stand_ins, dirty, outcomes)?
    {
        return Ok(());
    }
    for (number, siblings) in pieces::pagers(plan).enumerate() {
        if let Some(commit) = Commit::of(siblings, flags, stand_ins.get(number)) {
            task::checkpoint()?;
            let result = trace::commit(commit.pager, &commit.pages(), None);
            commit.finish(result, outcomes)?;
        }
    }
    Ok(())
}

/// Does all commits side by side. Says whether it did: a small one alone is not worth it, and there may be
/// no memory.
///
/// # Errors
///
/// If the caller was killed meanwhile.
// A single small commit, the common case, is to have the registers.
#[inline(never)]
fn commit_by_helpers(
    plan: &[Piece],
    flags: Flags,
    stand_ins: &StandIns,
    dirty: usize,
    outcomes: &mut Outcomes<'_>,
) -> Result<bool, Killed> {
    let commits = || {
        let pagers = pieces::pagers(plan).enumerate();
        pagers.filter_map(|(number, siblings)| Commit::of(siblings, flags, stand_ins.get(number)))
    };
    let count = commits().count();
    // A server may never answer.
    let may_hang = |commit: Commit<'_>| commit.remote && task::is_ring_worker();
    if count == 0 || count == 1 && dirty < LARGE && !commits().any(may_hang) {
        return Ok(false);
    }
    let Some(batch) = Batch::of(count, commits().map(|commit| commit.job())) else {
        return Ok(false);
    };
    let mut done = batch.work_off();
    for (number, commit) in commits().enumerate() {
        match done {
            Ok(()) => done = commit.finish(batch.take_result(number), outcomes),
            Err(Killed) => batch.give_back(number, commit.pager),
        }
    }
    done.map(|()| true)
}

/// The commit of one pager.
struct Commit<'a> {
    /// All pieces of the pager.
    siblings: &'a [Piece],
    /// Through which file it is committed.
    pager: &'a Pager,
    /// Whether that is on a server.
    remote: bool,
    /// Whether the caller's own files are to be told of errors.
    tells: bool,
    /// A file that is to be told instead of those which are not the caller's.
    stand_in: Option<&'a Pager>,
}

impl<'a> Commit<'a> {
    /// `None` if the pager need not be committed.
    fn of(siblings: &'a [Piece], flags: Flags, stand_in: Option<&'a Pager>) -> Option<Self> {
        // The caller's own files serve for a commit that he asked for, and for no other.
        let own = if flags.syncio() {
            best(siblings, |piece| piece.standing == Standing::Own)
        } else {
            None
        };
        let own = own.map(|piece| &piece.pager);
        let pager = own.or(stand_in)?;
        Some(Self {
            siblings,
            pager,
            remote: pager.is_remote(),
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
        if self.remote {
            single_run(self.siblings)
        } else {
            0..0
        }
    }

    /// Whether the commit may have made dirty again what it did not cover, so that another one is
    /// needed.
    fn is_undone(&self) -> bool {
        self.remote
            && self.pager.is_dirty()
            && self.pages().is_empty()
            && is_any_dirty(self.siblings, self.pager)
    }

    /// Does what is left to do after the commit has had that result.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    // Out of line it would have the commit in memory.
    #[inline(always)]
    fn finish(&self, mut result: Result, outcomes: &mut Outcomes<'_>) -> Result<(), Killed> {
        let mut done = Ok(());
        if self.is_undone() {
            done = task::checkpoint();
            if done.is_ok() {
                result = result.and(trace::commit(self.pager, &hull(self.siblings), None));
            }
        }
        // Whoever was told of an error has to hear of it, also if he goes.
        if let Err(errno) = result.and(self.tell()) {
            fail(self.siblings, self.siblings, 0, errno, outcomes);
        }
        done
    }

    /// Tells of the errors of the writes whoever is to be told: each file has a cursor of its own.
    fn tell(&self) -> Result {
        let own = |piece: &&Piece| self.tells && piece.standing == Standing::Own;
        let told = self.siblings.iter().filter(own);
        let told = told.map(|piece| piece.pager.take_error());
        told.fold(self.stand_in.map_or(Ok(()), Pager::take_error), Result::and)
    }
}

// What only servers need is apart, and takes no reference to a commit: that can stay in registers.

/// The pages of a pager's pieces, if they are a single run; else none.
#[cold]
fn single_run(siblings: &[Piece]) -> Range<usize> {
    let mut runs = pieces::runs(siblings);
    match (runs.next(), runs.next()) {
        (Some((pages, _)), None) => pages,
        _ => 0..0,
    }
}

/// Whether any of their pages is dirty.
#[cold]
fn is_any_dirty(siblings: &[Piece], pager: &Pager) -> bool {
    pieces::runs(siblings).any(|(pages, _)| folios::first_dirty(pager, &pages).is_some())
}

/// From the first of their pages to the last one, with what lies between.
#[cold]
fn hull(siblings: &[Piece]) -> Range<usize> {
    let start = pieces::runs(siblings).next();
    let end = pieces::runs(siblings).last();
    match (start, end) {
        (Some((first, _)), Some((last, _))) => first.start..last.end,
        _ => 0..0,
    }
}
