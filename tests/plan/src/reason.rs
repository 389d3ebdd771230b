// SPDX-License-Identifier: GPL-2.0

use crate::{
    plan::reason::Reason,
    uapi::*, //
};

/// The table of the manual page, and ours for what it does not know.
#[test]
fn each_reason_has_its_kern_return() {
    for (reason, number, kern_return) in [
        (
            Reason::Argument,
            VM_MAP_SYNC_REASON_ARGUMENT,
            VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        ),
        (
            Reason::Hole,
            VM_MAP_SYNC_REASON_HOLE,
            VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        ),
        (
            Reason::Special,
            VM_MAP_SYNC_REASON_SPECIAL,
            VM_MAP_SYNC_KERN_INVALID_ADDRESS,
        ),
        (
            Reason::Wired,
            VM_MAP_SYNC_REASON_WIRED,
            VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        ),
        (
            Reason::Protection,
            VM_MAP_SYNC_REASON_PROTECTION,
            VM_MAP_SYNC_KERN_PROTECTION_FAILURE,
        ),
        (
            Reason::Dead,
            VM_MAP_SYNC_REASON_DEAD,
            VM_MAP_SYNC_KERN_FAILURE,
        ),
        (
            Reason::Memory,
            VM_MAP_SYNC_REASON_MEMORY,
            VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE,
        ),
        (
            Reason::Descriptor,
            VM_MAP_SYNC_REASON_DESCRIPTOR,
            VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        ),
        (Reason::Io, VM_MAP_SYNC_REASON_IO, VM_MAP_SYNC_KERN_FAILURE),
        (
            Reason::Busy,
            VM_MAP_SYNC_REASON_BUSY,
            VM_MAP_SYNC_KERN_FAILURE,
        ),
        (
            Reason::Killed,
            VM_MAP_SYNC_REASON_KILLED,
            VM_MAP_SYNC_KERN_FAILURE,
        ),
        (
            Reason::Unwritten,
            VM_MAP_SYNC_REASON_UNWRITTEN,
            VM_MAP_SYNC_KERN_FAILURE,
        ),
    ] {
        assert_eq!(
            (reason as u32, reason.kern_return()),
            (number, kern_return),
            "{reason:?}"
        );
    }
}

/// What means data comes before what is merely cached.
#[test]
fn what_is_worse_is_reported() {
    let order = [Reason::Busy, Reason::Unwritten, Reason::Killed, Reason::Io];
    assert!(order.is_sorted_by(|a, b| a.rank() < b.rank()));
    let staying = order.map(Reason::is_about_what_stays);
    assert_eq!(staying, [true, true, false, false]);
}
