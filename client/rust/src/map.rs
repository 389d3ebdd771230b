// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Maps: a handle on an address space.

use crate::{
    call::{
        ioctl,
        size, //
    },
    error::{
        OpenError,
        SyncError,
        Targets, //
    },
    flags::Flags,
    outcome::Outcome,
    target::Target,
    uapi, //
};
use std::{
    fs::File,
    ops::{
        Range,
        RangeBounds, //
    },
    os::fd::{
        AsFd,
        BorrowedFd,
        OwnedFd, //
    },
};

/// The device that gives handles on address spaces.
pub const DEVICE: &str = "/dev/vm_map_sync";

/// A handle on the address space of the process that opened it.
///
/// It stays with that address space: a child that inherits the descriptor, or a process that is
/// sent it, acts on the memory of the opener, unless it passes [`Flags::SELF`]. Once the opener has
/// exited, or has executed another program, every other call answers
/// [`Reason::Dead`](crate::Reason::Dead). Ranges of files are the caller's own in any case.
#[derive(Debug)]
pub struct Map(OwnedFd);

impl Map {
    /// Opens a handle on the address space of this process.
    ///
    /// # Errors
    ///
    /// If the device cannot be opened; the error says what to do about it.
    pub fn current() -> Result<Self, OpenError> {
        match File::open(DEVICE) {
            Ok(device) => Ok(Self(device.into())),
            Err(error) => Err(OpenError(error)),
        }
    }

    /// Pushes the dirty pages of `range` to their files, and does what `flags` ask for.
    ///
    /// The range is in bytes and is rounded outwards to pages. An empty range stands for the whole
    /// mapping that contains its start. Without flags the writing starts and the call returns.
    ///
    /// # Errors
    ///
    /// - [`SyncError::Refused`]: the range cannot be dealt with, and nothing happened to it.
    /// - [`SyncError::Failed`]: something went wrong on the way; the rest was done. Pages that could
    ///   not be freed, and only that, are [`Reason::Busy`](crate::Reason::Busy).
    /// - [`SyncError::Call`]: the call itself did not come through.
    pub fn sync(&self, range: Range<usize>, flags: Flags) -> Result<Outcome, SyncError> {
        self.sync_target(&Target::addresses(range), flags)
    }

    /// Pushes the dirty pages of a range of a file, and does what `flags` ask for, by the same rules as
    /// for a mapping of that file. It need not be mapped.
    ///
    /// The range is in bytes, such as `..`, which is all of the file, and is rounded outwards to
    /// pages. An empty one is refused; what lies behind the end of the file is not there, and no
    /// error. A file that is open for writing only will do.
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync), and [`Reason::Descriptor`](crate::Reason::Descriptor) for what
    /// cannot be mapped. Places are byte offsets in the file.
    pub fn sync_file(
        &self,
        file: impl AsFd,
        range: impl RangeBounds<u64>,
        flags: Flags,
    ) -> Result<Outcome, SyncError> {
        self.sync_target(&Target::file(file.as_fd(), range), flags)
    }

    fn sync_target(&self, target: &Target<'_>, flags: Flags) -> Result<Outcome, SyncError> {
        let mut args = uapi::vm_map_sync_args {
            size: size::<uapi::vm_map_sync_args>(),
            flags: flags.bits() | target.flags(),
            start: target.start(),
            end: target.end(),
            fd: target.fd(),
            ..Default::default()
        };
        // SAFETY: It is what the command takes, and has no pointers in it.
        match unsafe { ioctl(self.as_fd(), uapi::VM_MAP_SYNC_SYNC, &mut args) } {
            Ok(_) => Ok(Outcome::new(&args.result)),
            Err(error) => Err(SyncError::new(error, &args.result, Targets::One(target))),
        }
    }
}

/// A descriptor that was opened or received by other means. That it is one of the device shows
/// when it is used.
impl From<OwnedFd> for Map {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl From<Map> for OwnedFd {
    fn from(map: Map) -> Self {
        map.0
    }
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
