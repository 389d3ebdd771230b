// SPDX-License-Identifier: GPL-2.0

//! Flags: the two booleans of `vm_map_sync(9)`, and what goes beyond them.

use crate::uapi;

/// The flags of a call; only known bits can be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    const KNOWN: u32 =
        uapi::VM_MAP_SYNC_SYNCIO | uapi::VM_MAP_SYNC_INVALIDATE | uapi::VM_MAP_SYNC_FORGET_ERRORS;

    /// Whether dirty pages are to be durable when the call returns.
    pub(crate) fn syncio(self) -> bool {
        self.0 & uapi::VM_MAP_SYNC_SYNCIO != 0
    }

    /// Whether cached pages are to be freed.
    pub(crate) fn invalidate(self) -> bool {
        self.0 & uapi::VM_MAP_SYNC_INVALIDATE != 0
    }

    /// Whether errors of writes that the files were told of before the call count as known, so that
    /// they keep nothing from being freed.
    pub(crate) fn forgets_errors(self) -> bool {
        self.0 & uapi::VM_MAP_SYNC_FORGET_ERRORS != 0
    }

    /// Whether the call has to wait for the pages that it pushes: to say that they are durable, or
    /// to be able to free them.
    pub(crate) fn waits(self) -> bool {
        self.syncio() || self.invalidate()
    }
}

/// The flags had a bit that this module does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownFlag;

impl TryFrom<u32> for Flags {
    type Error = UnknownFlag;

    fn try_from(bits: u32) -> Result<Self, UnknownFlag> {
        if bits & !Self::KNOWN == 0 {
            Ok(Self(bits))
        } else {
            Err(UnknownFlag)
        }
    }
}
