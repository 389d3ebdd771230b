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

    /// Does what is asked for, on a range of this map.
    ///
    /// The whole range is validated and captured before anything happens; what is captured stays
    /// valid whatever becomes of the map meanwhile.
    pub(crate) fn sync(&self, request: &Request) -> Outcome {
        let mut capture = match Capture::take(&self.mm, request) {
            Ok(capture) => capture,
            Err(refusal) => return refusal,
        };
        let mut outcome = Outcome::new(capture.range.start);
        if let Err(fault) = capture.check_protection(request.flags) {
            outcome.note(fault);
            return outcome;
        }

        let range = capture.range.clone();
        let plan = capture.pieces();
        pieces::lay_out(plan);
        let finished = push::push(plan, request.flags, &mut outcome)
            .and_then(|()| commit::commit(plan, request.flags, &mut outcome))
            .and_then(|()| evict::evict(plan, request.flags, &mut outcome));
        match finished {
            Ok(()) => outcome.done = range.end,
            Err(Killed) => outcome.note(Fault::killed()),
        }
        outcome
    }
}
