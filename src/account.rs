// SPDX-License-Identifier: GPL-2.0

//! The account: what was done through a handle since it is there.

use crate::uapi;
use kernel::{
    seq_file::SeqFile,
    seq_print,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

/// What was done through a handle. Calls that are made at the same time are all counted; whoever looks
/// meanwhile may see one of them in part.
pub(crate) struct Account {
    calls: Atomic<u64>,
    pushed: Atomic<u64>,
    freed: Atomic<u64>,
    left: Atomic<u64>,
    /// Of the last call that did not succeed: its reason in the upper half, the error in the lower.
    fault: Atomic<u64>,
}

impl Account {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            calls: Atomic::new(0),
            pushed: Atomic::new(0),
            freed: Atomic::new(0),
            left: Atomic::new(0),
            fault: Atomic::new(0),
        }
    }

    /// Adds a call.
    pub(crate) fn add(&self, result: &uapi::vm_map_sync_result) {
        self.calls.add(1, Relaxed);
        // Many calls find nothing to do.
        if result.pushed | result.freed | result.left != 0 {
            self.pushed.add(result.pushed, Relaxed);
            self.freed.add(result.freed, Relaxed);
            self.left.add(result.left, Relaxed);
        }
        if result.reason != uapi::VM_MAP_SYNC_REASON_NONE {
            let fault = u64::from(result.reason) << 32 | u64::from(result.error.unsigned_abs());
            self.fault.store(fault, Relaxed);
        }
    }

    /// Shows it, a line for each number.
    pub(crate) fn show(&self, seq: &SeqFile) {
        let fault = self.fault.load(Relaxed);
        let numbers = [
            ("calls", self.calls.load(Relaxed)),
            ("pushed", self.pushed.load(Relaxed)),
            ("freed", self.freed.load(Relaxed)),
            ("left", self.left.load(Relaxed)),
            ("error", fault & u64::from(u32::MAX)),
            ("reason", fault >> 32),
        ];
        for (name, number) in numbers {
            seq_print!(seq, "{name}:\t{number}\n");
        }
    }
}
