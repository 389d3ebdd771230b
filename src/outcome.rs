// SPDX-License-Identifier: GPL-2.0

//! The outcome: what became of a call.

use crate::{
    plan::{
        reason::Reason,
        tally::Tally, //
    },
    uapi, //
};
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
        Self {
            reason: Reason::Killed,
            errno: EINTR,
            address: 0,
        }
    }

    /// There is no memory for the call.
    pub(crate) fn no_memory() -> Self {
        Self {
            reason: Reason::Memory,
            errno: ENOMEM,
            address: 0,
        }
    }

    /// A write failed with `errno`, at `address` or behind it.
    pub(crate) fn io(errno: Error, address: usize) -> Self {
        Self {
            reason: Reason::Io,
            errno,
            address,
        }
    }
}

/// What became of a call.
pub(crate) struct Outcome {
    fault: Option<Fault>,
    /// Everything below this address was dealt with; in bytes, page aligned.
    pub(crate) done: usize,
    /// What was done.
    pub(crate) tally: Tally,
}

impl Outcome {
    /// A call that has done nothing yet, on a range that starts at `start`.
    pub(crate) fn new(start: usize) -> Self {
        Self {
            fault: None,
            done: start,
            tally: Tally::default(),
        }
    }

    /// A call on a range that starts at `start` which is refused: nothing was done.
    pub(crate) fn refused(fault: Fault, start: usize) -> Self {
        Self {
            fault: Some(fault),
            ..Self::new(start)
        }
    }

    /// Notes that something went wrong. What went wrong first is reported, but:
    ///
    /// - what is worse before anything else ([`Reason::rank`]);
    /// - of pages that stay, those at the lowest address.
    pub(crate) fn note(&mut self, fault: Fault) {
        let replaces = self.fault.is_none_or(|noted| {
            let (rank, before) = (fault.reason.rank(), noted.reason.rank());
            let lower = fault.reason.is_about_what_stays() && fault.address < noted.address;
            rank > before || rank == before && lower
        });
        if replaces {
            self.fault = Some(fault);
        }
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

/// Widens without loss: no machine of the kernel has words of more than 64 bits.
fn as_u64(value: usize) -> u64 {
    const { assert!(usize::BITS <= u64::BITS) };
    value as u64
}
