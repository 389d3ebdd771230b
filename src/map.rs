// SPDX-License-Identifier: GPL-2.0

//! Maps: a handle on an address space.

use crate::{
    args::Request,
    capture::Capture,
    commit,
    evict,
    outcome::{
        Fault,
        Outcome, //
    },
    plan::pieces,
    push,
    standing::{
        StandIns,
        Standing, //
    },
    sys::task::Killed, //
};
use kernel::{
    mm::Mm,
    prelude::*,
    sync::aref::ARef, //
};

/// A handle on an address space.
///
/// It holds the address space itself, never its users: processes can exit while a handle on their
/// map is open, and the map is dead then.
pub(crate) struct Map {
    mm: ARef<Mm>,
}

impl Map {
    /// A handle on the map of the calling process.
    ///
    /// # Errors
    ///
    /// `ESRCH` for a kernel thread, which has no map.
    pub(crate) fn of_caller() -> Result<Self> {
        let task = kernel::current!();
        let users = task.mm().ok_or(ESRCH)?;
        Ok(Self {
            mm: ARef::from(&**users),
        })
    }

    /// Whether this is the caller's own map, whoever opened the handle.
    fn standing(&self) -> Standing {
        let task = kernel::current!();
        let own = task.mm().is_some_and(|users| {
            let mm: &Mm = users;
            core::ptr::eq(mm, &*self.mm)
        });
        if own {
            Standing::Own
        } else {
            Standing::Foreign
        }
    }

    /// Does what is asked for, on a range of this map.
    ///
    /// The whole range is validated and captured before anything happens; what is captured stays
    /// valid whatever becomes of the map meanwhile.
    pub(crate) fn sync(&self, request: &Request) -> Outcome {
        let mut capture = match Capture::take(&self.mm, request) {
            Ok(capture) => capture,
            Err(refusal) => return refusal,
        };
        let (range, flags, standing) = (capture.range.clone(), request.flags, self.standing());
        let mut outcome = Outcome::new(range.start);
        if let Err(fault) = capture.check_protection(flags, standing) {
            outcome.note(fault);
            return outcome;
        }

        let unpaged = capture.unpaged;
        let plan = capture.pieces();
        pieces::lay_out(plan);
        let stand_ins = match StandIns::open(plan, flags, standing) {
            Ok(stand_ins) => stand_ins,
            Err(fault) => {
                outcome.note(fault);
                return outcome;
            }
        };
        outcome.tally.unpaged = unpaged;
        let finished = push::push(plan, flags, standing, &mut outcome)
            .and_then(|dirty| {
                commit::commit(plan, flags, standing, &stand_ins, dirty, &mut outcome)
            })
            .and_then(|()| evict::evict(plan, flags, &stand_ins, &mut outcome));
        match finished {
            Ok(()) => outcome.done = range.end,
            Err(Killed) => outcome.note(Fault::killed()),
        }
        outcome
    }
}
