// SPDX-License-Identifier: GPL-2.0

//! Standing: whose map a call works on, and what that means for the files behind it.

use crate::{
    outcome::Fault,
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
        task::{
            self,
            Killed, //
        }, //
    },
};
use kernel::prelude::*;

/// Whose map it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The caller's own: what it has mapped it has opened, or was given.
    Own,
    /// Another process's, by a handle that was inherited or sent.
    Foreign,
}

impl Standing {
    /// Whether the caller may know what of a file is cached, and free it: the rule of `cachestat()`
    /// (`can_do_cachestat()`). That the file is open for writing says something of the caller on his own
    /// map only.
    ///
    /// May ask the file system, hence sleep and do I/O.
    pub(crate) fn may_ask(self, pager: &Pager) -> bool {
        self == Self::Own && pager.is_writable() || pager.may_write()
    }
}

/// Files of the call's own, for the pagers that need one to be committed through; in the order of the
/// plan. A commit through a file that somebody else has would swallow the errors that he is yet to be
/// told of.
pub(crate) struct StandIns(Room<Option<Pager>>);

impl StandIns {
    /// Opens what is needed. The pieces must be laid out.
    ///
    /// # Errors
    ///
    /// The fault for which the call is to be refused: a file could not be opened, there is no memory,
    /// or the caller was killed.
    pub(crate) fn open(plan: &[Piece], flags: Flags, standing: Standing) -> Result<Self, Fault> {
        if !(flags.invalidate() || standing == Standing::Foreign && flags.syncio()) {
            return Ok(Self(Room::new()));
        }
        let needed = |pager: &Pager| {
            standing == Standing::Foreign && flags.syncio()
                || flags.invalidate() && pager.records_errors_late()
        };
        let firsts = || pieces::pagers(plan).filter_map(<[Piece]>::first);
        if !firsts().any(|piece| needed(&piece.pager)) {
            return Ok(Self(Room::new()));
        }
        let mut files = room(firsts().count()).map_err(|_| Fault::no_memory())?;
        for siblings in pieces::pagers(plan) {
            task::checkpoint().map_err(|Killed| Fault::killed())?;
            let file = match Self::best(siblings).filter(|piece| needed(&piece.pager)) {
                Some(piece) => Some(piece.pager.open_again().map_err(|errno| Fault {
                    reason: match errno {
                        ENOMEM | ENFILE => Reason::Memory,
                        _ => Reason::Protection,
                    },
                    errno,
                    address: piece.start(),
                })?),
                None => None,
            };
            files
                .push_within_capacity(file)
                .map_err(|_| Fault::no_memory())?;
        }
        Ok(Self(files))
    }

    /// The file for the pager with this number in the plan, if it needs one.
    pub(crate) fn get(&self, number: usize) -> Option<&Pager> {
        self.0.get(number)?.as_ref()
    }

    /// Through which of its files a pager is committed. A file system may refuse to commit through a
    /// file that cannot be written to.
    pub(crate) fn best(siblings: &[Piece]) -> Option<&Piece> {
        let writable = siblings.iter().find(|piece| piece.pager.is_writable());
        writable.or(siblings.first())
    }
}
