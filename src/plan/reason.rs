// SPDX-License-Identifier: GPL-2.0

//! Reasons: why a call did not succeed, and what BSD would have returned for it.

use crate::uapi;

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Reason {
    /// The arguments themselves are wrong.
    Argument = uapi::VM_MAP_SYNC_REASON_ARGUMENT,
    /// Nothing is mapped at the address.
    Hole = uapi::VM_MAP_SYNC_REASON_HOLE,
    /// A mapping without a pager: what BSD calls a sub-map entry.
    Special = uapi::VM_MAP_SYNC_REASON_SPECIAL,
    /// Locked memory was to be freed.
    Wired = uapi::VM_MAP_SYNC_REASON_WIRED,
    /// Pages of a file that the caller could not write were to be freed.
    Protection = uapi::VM_MAP_SYNC_REASON_PROTECTION,
    /// The map has no process any more.
    Dead = uapi::VM_MAP_SYNC_REASON_DEAD,
    /// No memory for the capture.
    Memory = uapi::VM_MAP_SYNC_REASON_MEMORY,
    /// A descriptor is not open, or of nothing that can be mapped.
    Descriptor = uapi::VM_MAP_SYNC_REASON_DESCRIPTOR,
    /// Pages could not be written.
    Io = uapi::VM_MAP_SYNC_REASON_IO,
    /// Pages could not be freed.
    Busy = uapi::VM_MAP_SYNC_REASON_BUSY,
    /// The caller was killed.
    Killed = uapi::VM_MAP_SYNC_REASON_KILLED,
    /// Pages were not freed because a write of their file has failed before.
    Unwritten = uapi::VM_MAP_SYNC_REASON_UNWRITTEN,
}

impl Reason {
    /// Which of two reasons is reported, if a call has both: the greater one. An error of a write means
    /// data, and nobody may hear of it again, whereas `done` says how far a call came that was ended. An older
    /// error is told again; the pages that stay because they are in use are merely cached.
    pub(crate) fn rank(self) -> u32 {
        match self {
            Self::Busy => 0,
            Self::Unwritten => 1,
            Self::Killed => 2,
            // What refuses a call is all that there is to report.
            _ => 3,
        }
    }

    /// Whether, of two faults with this reason, the one at the lower address is reported, and not the
    /// one that came first.
    pub(crate) fn is_about_what_stays(self) -> bool {
        matches!(self, Self::Busy | Self::Unwritten)
    }

    /// The `kern_return_t` for the reason.
    ///
    /// FreeBSD's code returns `KERN_INVALID_ADDRESS` for a hole and `KERN_INVALID_ARGUMENT` for a
    /// sub-map, the other way round from its manual page; this follows the manual page.
    pub(crate) fn kern_return(self) -> u32 {
        match self {
            Self::Argument | Self::Hole | Self::Wired | Self::Descriptor => {
                uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT
            }
            Self::Special => uapi::VM_MAP_SYNC_KERN_INVALID_ADDRESS,
            Self::Protection => uapi::VM_MAP_SYNC_KERN_PROTECTION_FAILURE,
            Self::Memory => uapi::VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE,
            Self::Dead | Self::Io | Self::Busy | Self::Killed | Self::Unwritten => {
                uapi::VM_MAP_SYNC_KERN_FAILURE
            }
        }
    }
}
