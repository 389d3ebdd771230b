// SPDX-License-Identifier: GPL-2.0

//! Flags: the two booleans of `vm_map_sync(9)`, and what goes beyond them.

use crate::uapi;

/// The flags of a call; only bits that its command knows can be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Flags {
    /// What a sync of one range takes.
    pub(crate) const OF_SYNC: u32 = Self::OF_VECTOR | Self::OF_RANGE;

    /// What a sync of a vector takes.
    pub(crate) const OF_VECTOR: u32 = Self::OF_STAT
        | uapi::VM_MAP_SYNC_SYNCIO
        | uapi::VM_MAP_SYNC_INVALIDATE
        | uapi::VM_MAP_SYNC_FORGET_ERRORS
        | uapi::VM_MAP_SYNC_SPARE_SHARED;

    /// What a look at a vector takes.
    pub(crate) const OF_STAT: u32 =
        uapi::VM_MAP_SYNC_SELF | uapi::VM_MAP_SYNC_ALLOW_HOLES | uapi::VM_MAP_SYNC_SKIP_SPECIALS;

    /// What a range of a vector takes.
    pub(crate) const OF_RANGE: u32 = uapi::VM_MAP_SYNC_FILE;

    /// Flags of which only those in `known` may be set.
    ///
    /// # Errors
    ///
    /// If there are others.
    pub(crate) fn of(bits: u32, known: u32) -> Result<Self, UnknownFlag> {
        if bits & !known == 0 {
            Ok(Self(bits))
        } else {
            Err(UnknownFlag)
        }
    }

    /// The flags as the caller gave them.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// Whether dirty pages are to be durable when the call returns.
    pub(crate) fn syncio(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_SYNCIO)
    }

    /// Whether cached pages are to be freed.
    pub(crate) fn invalidate(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_INVALIDATE)
    }

    /// Whether errors of writes that the files were told of before the call count as known, so that
    /// they keep nothing from being freed.
    pub(crate) fn forgets_errors(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_FORGET_ERRORS)
    }

    /// Whether the caller's own map is meant, whoever opened the handle.
    pub(crate) fn means_own_map(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_SELF)
    }

    /// Whether addresses at which nothing is mapped are passed over.
    pub(crate) fn allows_holes(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_ALLOW_HOLES)
    }

    /// Whether special mappings are passed over.
    pub(crate) fn skips_specials(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_SKIP_SPECIALS)
    }

    /// Whether pages are freed only if no other map has them.
    pub(crate) fn spares_shared(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_SPARE_SHARED)
    }

    /// Whether the range is one of a file.
    pub(crate) fn is_of_file(self) -> bool {
        self.has(uapi::VM_MAP_SYNC_FILE)
    }

    /// Whether the call has to wait for the pages that it pushes: to say that they are durable, or
    /// to be able to free them.
    pub(crate) fn waits(self) -> bool {
        self.syncio() || self.invalidate()
    }

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }
}

/// The flags had a bit that this command does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownFlag;
