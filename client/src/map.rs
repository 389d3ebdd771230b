// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Maps: a handle on an address space.

use crate::{
    error::{
        OpenError,
        SyncError, //
    },
    outcome::Outcome,
    uapi, //
};
use std::{
    fs::File,
    io,
    ops::Range,
    os::fd::{
        AsFd,
        AsRawFd,
        BorrowedFd,
        OwnedFd, //
    },
};

/// The device that gives handles on address spaces.
pub const DEVICE: &str = "/dev/vm_map_sync";

bitflags::bitflags! {
    /// What to do beyond starting to write; the first two are the booleans of BSD's `vm_map_sync()`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// Dirty pages are written and made durable before the call returns.
        const SYNCIO = uapi::VM_MAP_SYNC_SYNCIO;
        /// Cached pages are freed, after what was dirty in them was written. Of a file of which a
        /// write has failed, as far as the kernel remembers, they stay.
        const INVALIDATE = uapi::VM_MAP_SYNC_INVALIDATE;
        /// With `INVALIDATE`: pages may be freed although a write of their file has failed, if all
        /// files of the range had been told of that before the call, by `fsync()`, `msync()` or
        /// `SYNCIO` through them. What was not stored anew since is lost then; see
        /// [`Reason::Unwritten`](crate::Reason::Unwritten).
        const FORGET_ERRORS = uapi::VM_MAP_SYNC_FORGET_ERRORS;
    }
}

/// A handle on the address space of the process that opened it.
///
/// It stays with that address space: a child that inherits the descriptor, or a process that is
/// sent it, acts on the memory of the opener. Once the opener has exited, or has executed another
/// program, every call answers [`Reason::Dead`](crate::Reason::Dead).
#[derive(Debug)]
pub struct Map(OwnedFd);

impl Map {
    /// Opens a handle on the address space of this process.
    ///
    /// # Errors
    ///
    /// If the device cannot be opened; the error says what to do about it.
    pub fn open() -> Result<Self, OpenError> {
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
        let mut args = uapi::vm_map_sync_args {
            size: uapi::VM_MAP_SYNC_ARGS_SIZE_VER0,
            flags: flags.bits(),
            start: to_u64(range.start),
            end: to_u64(range.end),
            ..Default::default()
        };
        const {
            assert!(
                size_of::<uapi::vm_map_sync_args>() == uapi::VM_MAP_SYNC_ARGS_SIZE_VER0 as usize
            );
        }
        // SAFETY: The descriptor is open, and the argument is a structure of the size that it says
        // it has, which lives until the call returns.
        let code = unsafe {
            libc::ioctl(
                self.0.as_raw_fd(),
                uapi::VM_MAP_SYNC_SYNC as libc::Ioctl,
                &raw mut args,
            )
        };
        if code >= 0 {
            return Ok(Outcome::new(&args.result));
        }
        let error = io::Error::last_os_error();
        // A result has an error in it if it was filled in for a call that did not succeed.
        Err(if args.result.error == 0 {
            SyncError::Call(error)
        } else {
            SyncError::new(&args.result)
        })
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

/// Widens without loss: no machine that Linux runs on has addresses of more than 64 bits.
fn to_u64(address: usize) -> u64 {
    const { assert!(usize::BITS <= u64::BITS) };
    address as u64
}
