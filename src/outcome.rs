// SPDX-License-Identifier: GPL-2.0

//! The outcome: what became of the ranges of a call.

use crate::{
    pace::Later,
    plan::{
        reason::Reason,
        tally::Tally, //
    },
    uapi, //
};
use core::cmp::Ordering;
use kernel::prelude::*;

/// Why a call did not succeed, and where.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    /// Why.
    pub(crate) reason: Reason,
    /// What the system call returns.
    pub(crate) errno: Error,
    /// The offending address in bytes, page aligned; 0 if there is none.
    pub(crate) address: usize,
}

impl Fault {
    /// The caller was killed.
    pub(crate) fn killed() -> Self {
        Self::of(Reason::Killed, EINTR)
    }

    /// There is no memory for the call.
    pub(crate) fn no_memory() -> Self {
        Self::of(Reason::Memory, ENOMEM)
    }

    /// The arguments are wrong.
    pub(crate) fn argument(errno: Error) -> Self {
        Self::of(Reason::Argument, errno)
    }

    /// A write failed with `errno`, at `address` or behind it.
    pub(crate) fn io(errno: Error, address: usize) -> Self {
        Self {
            reason: Reason::Io,
            errno,
            address,
        }
    }

    /// A fault without an address.
    pub(crate) fn of(reason: Reason, errno: Error) -> Self {
        Self {
            reason,
            errno,
            address: 0,
        }
    }

    /// The call is refused for this, which is about the range with that index.
    pub(crate) fn of_range(self, range: usize) -> Refusal {
        Refusal { range, fault: self }
    }

    /// Whether this is reported, and not what was noted before. What went wrong first is, but:
    ///
    /// - what is worse before anything else ([`Reason::rank`]);
    /// - of pages that stay, those at the lowest address.
    fn replaces(&self, noted: &Self) -> bool {
        match self.reason.rank().cmp(&noted.reason.rank()) {
            Ordering::Less => false,
            Ordering::Equal => self.reason.is_about_what_stays() && self.address < noted.address,
            Ordering::Greater => true,
        }
    }
}

/// A call is to be refused: nothing was written, unmapped or freed.
pub(crate) struct Refusal {
    /// Which range it is about, by its index.
    pub(crate) range: usize,
    /// Why.
    pub(crate) fault: Fault,
}

/// A call is refused, as its outcomes say; or it would have to wait and may not, and they say that.
pub(crate) struct Refused;

/// What became of a range.
#[derive(Default)]
pub(crate) struct Outcome {
    fault: Option<Fault>,
    /// Everything below this address was dealt with; in bytes, page aligned.
    pub(crate) done: usize,
    /// The first address behind the range, likewise.
    end: usize,
    /// What was done.
    pub(crate) tally: Tally,
    /// What an eviction that is under way had to leave.
    staying: Staying,
}

/// Pages that cannot be freed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Staying {
    /// How many.
    pub(crate) pages: usize,
    /// The address of the first one, if it is a failure that they stay.
    pub(crate) failed: Option<usize>,
}

impl Outcome {
    /// Of a call that is refused before there are ranges to speak of.
    pub(crate) fn refused(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// Now it is known where the range lies, in bytes: nothing of it was dealt with yet.
    pub(crate) fn begin(&mut self, start: usize, end: usize) {
        self.done = start;
        self.end = end;
    }

    /// Notes that something went wrong.
    pub(crate) fn note(&mut self, fault: Fault) {
        if self.fault.is_none_or(|noted| fault.replaces(&noted)) {
            self.fault = Some(fault);
        }
    }

    /// Notes that everything was dealt with.
    pub(crate) fn finish(&mut self) {
        self.done = self.end;
    }

    /// Notes that the caller was killed, and everything below `address` was dealt with.
    pub(crate) fn stop(&mut self, address: usize) {
        self.done = address;
        self.note(Fault::killed());
    }

    /// Notes that pages cannot be freed, which are mapped from `address` on.
    pub(crate) fn keep(&mut self, pages: usize, address: usize, failed: bool) {
        self.staying.pages += pages;
        if failed {
            self.staying.failed.get_or_insert(address);
        }
    }

    /// What cannot be freed, which is forgotten.
    pub(crate) fn take_staying(&mut self) -> Staying {
        core::mem::take(&mut self.staying)
    }

    /// The error that the system call returns, `None` on success.
    pub(crate) fn errno(&self) -> Option<Error> {
        self.fault.map(|fault| fault.errno)
    }

    /// The outcome as user space sees it.
    pub(crate) fn result(&self) -> uapi::vm_map_sync_result {
        let done = uapi::vm_map_sync_result {
            kern_return: uapi::VM_MAP_SYNC_KERN_SUCCESS,
            reason: uapi::VM_MAP_SYNC_REASON_NONE,
            done: as_u64(self.done),
            pushed: as_u64(self.tally.pushed),
            freed: as_u64(self.tally.freed),
            beyond: as_u64(self.tally.beyond),
            left: as_u64(self.tally.left),
            unpaged: as_u64(self.tally.unpaged),
            skipped: as_u64(self.tally.skipped),
            ..Default::default()
        };
        match self.fault {
            None => done,
            Some(fault) => uapi::vm_map_sync_result {
                kern_return: fault.reason.kern_return(),
                reason: fault.reason as u32,
                error: -fault.errno.to_errno(),
                address: as_u64(fault.address),
                ..done
            },
        }
    }
}

/// What became of each range of a call, by its index.
pub(crate) struct Outcomes<'a> {
    all: &'a mut [Outcome],
    refused: bool,
    postponed: bool,
}

impl<'a> Outcomes<'a> {
    /// Nothing has become of the ranges yet.
    pub(crate) fn new(all: &'a mut [Outcome]) -> Self {
        Self {
            all,
            refused: false,
            postponed: false,
        }
    }

    /// The call would have to wait, and may not: nothing has become of any range, and nobody is to be told.
    pub(crate) fn postpone(&mut self) -> Refused {
        self.postponed = true;
        Refused
    }

    /// Nothing but whether the call would have had to wait.
    ///
    /// # Errors
    ///
    /// If so.
    pub(crate) fn check_postponed(&self) -> Result<(), Later> {
        if self.postponed {
            Err(Later)
        } else {
            Ok(())
        }
    }

    /// Whether there are several ranges.
    pub(crate) fn are_many(&self) -> bool {
        self.all.len() > 1
    }

    /// What became of the range with this index.
    pub(crate) fn of(&mut self, range: usize) -> Option<&mut Outcome> {
        self.all.get_mut(range)
    }

    /// What became of all of them.
    pub(crate) fn all(&mut self) -> &mut [Outcome] {
        self.all
    }

    /// The call is refused: nothing has become of any range.
    #[cold]
    pub(crate) fn refuse(&mut self, refusal: &Refusal) -> Refused {
        self.refused = true;
        for (range, outcome) in self.all.iter_mut().enumerate() {
            let done = if range == refusal.range {
                outcome.done
            } else {
                0
            };
            *outcome = Outcome {
                done,
                ..Outcome::default()
            };
        }
        if let Some(outcome) = self.of(refusal.range) {
            outcome.note(refusal.fault);
        }
        Refused
    }

    /// What became of the ranges together, and which one has the fault that is reported.
    pub(crate) fn sum(&self) -> (Outcome, u32) {
        let mut sum = Outcome::default();
        let mut faulty = 0;
        for (range, outcome) in (0..).zip(self.all.iter()) {
            sum.tally.add(&outcome.tally);
            if let Some(fault) = outcome.fault {
                let worse = |noted: Fault| fault.reason.rank() > noted.reason.rank();
                if sum.fault.is_none_or(worse) {
                    sum.fault = Some(fault);
                    faulty = range;
                }
            }
        }
        if !self.refused {
            let finished = |outcome: &&Outcome| outcome.done == outcome.end;
            sum.done = self.all.iter().take_while(finished).count();
        }
        (sum, faulty)
    }
}

/// Widens without loss: no machine of the kernel has words of more than 64 bits.
pub(crate) fn as_u64(value: usize) -> u64 {
    const { assert!(usize::BITS <= u64::BITS) };
    value as u64
}
