// SPDX-License-Identifier: GPL-2.0

//! Commands that come by an io_uring (`IORING_OP_URING_CMD`).
//!
//! C header: `include/linux/io_uring/cmd.h`

use super::helpers;
use core::marker::PhantomData;
use kernel::{
    bindings,
    ffi::{
        c_int,
        c_uint, //
    },
    fs::File,
    miscdevice::MiscDevice,
    prelude::*,
    types::ForeignOwnable,
    uaccess::UserPtr, //
};

/// A device that takes commands from rings.
pub(crate) trait RingDevice: MiscDevice {
    /// Does what a command asks for. What is returned is what its completion says.
    ///
    /// # Errors
    ///
    /// `EAGAIN` if [the command may not wait](Command::may_wait) has it brought anew, by somebody who may.
    fn command(
        device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        handle: &File,
        command: &Command<'_>,
    ) -> Result<isize>;
}

/// A command of a ring, as long as it is being dealt with.
///
/// # Invariants
///
/// The pointer is valid for `'a`, and so is the entry of the ring that it has. Others may write to the
/// latter meanwhile.
pub(crate) struct Command<'a> {
    command: *const bindings::io_uring_cmd,
    issue_flags: c_uint,
    _command: PhantomData<&'a bindings::io_uring_cmd>,
}

impl Command<'_> {
    /// Which one it is: what would be the number of an ioctl.
    pub(crate) fn number(&self) -> u32 {
        // SAFETY: By the type invariants the pointer is valid.
        unsafe { helpers::vm_map_sync_ring_number(self.command) }
    }

    /// Its argument.
    ///
    /// # Errors
    ///
    /// - `EINVAL` if there is anything else in the entry.
    /// - `EFAULT` if it is beyond all addresses of a 32-bit caller.
    pub(crate) fn argument(&self) -> Result<UserPtr> {
        // SAFETY: By the type invariants the pointer and the entry are valid.
        let (address, rest) = unsafe {
            (
                helpers::vm_map_sync_ring_argument(self.command),
                helpers::vm_map_sync_ring_rest(self.command),
            )
        };
        if rest != 0 {
            return Err(EINVAL);
        }
        // SAFETY: Any flags will do.
        let of_32_bits = unsafe { helpers::vm_map_sync_ring_is_compat(self.issue_flags) };
        match usize::try_from(address) {
            Ok(address) if !of_32_bits || u32::try_from(address).is_ok() => {
                Ok(UserPtr::from_addr(address))
            }
            _ => Err(EFAULT),
        }
    }

    /// Whether it may be waited for anything.
    pub(crate) fn may_wait(&self) -> bool {
        // SAFETY: Any flags will do.
        unsafe { helpers::vm_map_sync_ring_may_wait(self.issue_flags) }
    }
}

/// The `uring_cmd` of a device.
///
/// # Safety
///
/// To be called by an io_uring only, on a file of the device.
pub(super) unsafe extern "C" fn uring_cmd<T: RingDevice>(
    command: *mut bindings::io_uring_cmd,
    issue_flags: c_uint,
) -> c_int {
    // SAFETY: The ring has a reference to the file, for as long as this runs.
    let file = unsafe { helpers::vm_map_sync_ring_file(command) };
    // SAFETY: It is a file of the device, whose private data was made when it was opened, and is there
    // until it is closed.
    let device = unsafe { <T::Ptr as ForeignOwnable>::borrow((*file).private_data) };
    // SAFETY: The file is valid, as said. A file of the device has no position that would be locked.
    let handle = unsafe { File::from_raw_file(file) };
    // INVARIANT: The ring keeps the command and its entry until it is done.
    let command = Command {
        command,
        issue_flags,
        _command: PhantomData,
    };
    match T::command(device, handle, &command) {
        Ok(value) => c_int::try_from(value).unwrap_or(c_int::MAX),
        Err(errno) => errno.to_errno(),
    }
}
