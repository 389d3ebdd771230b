// SPDX-License-Identifier: GPL-2.0

//! Standing: whose files a call works on, and what that means.

use crate::{
    outcome::{
        Fault,
        Outcomes,
        Refusal,
        Refused, //
    },
    pace::{
        Later,
        Pace, //
    },
    piece::Piece,
    plan::{
        flags::Flags,
        pieces,
        reason::Reason, //
    },
    sys::{
        memory::{
            room,
            Room, //
        },
        pager::Pager,
        rights::Rights,
        task::{
            self,
            Killed, //
        }, //
    },
};
use kernel::{
    fs::File,
    prelude::*, //
};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The caller's own: he has mapped it in his own map, or it is open in his own table.
    Own,
    /// Another process's, by a handle on its map that was inherited, sent or attached.
    Foreign,
}

/// Who calls, by whose handle, and whether he may be kept waiting.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// The handle; it was opened by who bound it to its map.
    pub(crate) handle: &'a File,
    /// Whether the call may wait.
    pub(crate) pace: Pace,
}

impl Caller<'_> {
    /// Whether the caller may know what of a file is cached, and free it: the rule of `cachestat()`
    /// (`can_do_cachestat()`). That the file is open for writing says something of the caller if it is
    /// his own only.
    ///
    /// Of a foreign map, who bound the handle must be allowed to as well: a privileged process that
    /// is handed a descriptor is not to do for the sender what he could not.
    ///
    /// May ask the file system, hence sleep and do I/O, if the call may wait.
    ///
    /// # Errors
    ///
    /// If it may not, and that would be needed.
    pub(crate) fn may_ask(&self, pager: &Pager, standing: Standing) -> Result<bool, Later> {
        let may_write = || match self.pace {
            Pace::Patient => Ok(pager.may_write()),
            Pace::AtOnce => pager.may_write_at_once().ok_or(Later),
        };
        match standing {
            Standing::Own => Ok(pager.is_writable() || may_write()?),
            Standing::Foreign => Ok(may_write()? && {
                let binder = Rights::of_file(self.handle);
                let _assumed = binder.assume();
                may_write()?
            }),
        }
    }
}

/// Checks that the caller may do with the files what `flags` say. The pieces must be as they were
/// captured, those of a file in a row.
///
/// Who wants others spared is not refused: pages of his that he may not free are barred.
///
/// Asks the file systems, so it cannot be done under a lock.
///
/// # Errors
///
/// If it is refused:
///
/// - [`Reason::Protection`] if pages of a file are to be freed that the caller could not write;
/// - [`Reason::Killed`];
/// - or a file system would have to be asked, and the call may not wait for that.
pub(crate) fn check_protection(
    pieces: &[Piece],
    flags: Flags,
    caller: &Caller<'_>,
    outcomes: &mut Outcomes<'_>,
) -> Result<(), Refused> {
    if !flags.invalidate() {
        return Ok(());
    }
    // Entries in a row mostly map the same file, and a server may have to be asked.
    let same = |a: &Piece, b: &Piece| a.pager.is_same_file(&b.pager) && a.standing == b.standing;
    for same in pieces.chunk_by(same) {
        let Some(piece) = same.first() else {
            continue;
        };
        task::checkpoint()
            .map_err(|Killed| outcomes.refuse(&Fault::killed().of_range(piece.range())))?;
        if piece.may_ask(caller).map_err(|Later| outcomes.postpone())? {
            continue;
        }
        if !flags.spares_shared() {
            let fault = Fault {
                reason: Reason::Protection,
                errno: EPERM,
                address: piece.start(),
            };
            return Err(outcomes.refuse(&fault.of_range(piece.range())));
        }
        same.iter().for_each(Piece::bar);
    }
    Ok(())
}

/// Files of the call's own, for the pagers that need one to be committed through; in the order of the
/// plan. A commit through a file that somebody else has would swallow the errors that he is yet to be
/// told of.
pub(crate) struct StandIns(Option<Room<Option<Pager>>>);

impl StandIns {
    /// Those of pagers that need none.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether any pager needs one. The pieces must be laid out.
    pub(crate) fn are_needed(plan: &[Piece], flags: Flags) -> bool {
        let foreign = |piece: &Piece| piece.standing == Standing::Foreign;
        let late = |siblings: &[Piece]| {
            let first = siblings.first();
            first.is_some_and(|piece| piece.pager.records_errors_late())
        };
        flags.syncio() && plan.iter().any(foreign)
            || flags.invalidate() && pieces::pagers(plan).any(late)
    }

    /// Opens those that are needed. The pieces must be laid out.
    ///
    /// # Errors
    ///
    /// What the call is to be refused for: a file could not be opened, there is no memory, or the caller
    /// was killed.
    pub(crate) fn open(plan: &[Piece], flags: Flags) -> Result<Self, Refusal> {
        let count = pieces::pagers(plan).count();
        let mut files = room(count).map_err(|_| Fault::no_memory().of_range(0))?;
        for siblings in pieces::pagers(plan) {
            let Some(piece) = best(siblings, |_| true) else {
                continue;
            };
            task::checkpoint().map_err(|Killed| Fault::killed().of_range(piece.range()))?;
            let file = if Self::are_needed(siblings, flags) {
                Some(piece.pager.open_again().map_err(|errno| {
                    let fault = Fault {
                        reason: match errno {
                            ENOMEM | ENFILE => Reason::Memory,
                            _ => Reason::Protection,
                        },
                        errno,
                        address: piece.start(),
                    };
                    fault.of_range(piece.range())
                })?)
            } else {
                None
            };
            files
                .push_within_capacity(file)
                .map_err(|_| Fault::no_memory().of_range(0))?;
        }
        Ok(Self(Some(files)))
    }

    /// Whether no pager needs one.
    pub(crate) fn are_none(&self) -> bool {
        self.0.is_none()
    }

    /// The file for the pager with this number in the plan, if it needs one.
    pub(crate) fn get(&self, number: usize) -> Option<&Pager> {
        self.0.as_ref()?.get(number)?.as_ref()
    }
}

/// Through which of those files of a pager that are `fit` it is committed. A file system may refuse to
/// commit through a file that cannot be written to.
pub(crate) fn best(siblings: &[Piece], fit: impl Fn(&Piece) -> bool) -> Option<&Piece> {
    let writable = |piece: &&Piece| fit(piece) && piece.pager.is_writable();
    let writable = siblings.iter().find(writable);
    writable.or_else(|| siblings.iter().find(|piece| fit(piece)))
}
