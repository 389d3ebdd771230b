// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Calls: the device as the system has it.

use std::{
    io,
    os::fd::{
        AsRawFd,
        BorrowedFd, //
    },
};

/// Calls the device. Returns what the call returns, which is never negative.
///
/// # Errors
///
/// The error of the system. What is in `argument` says more, if it was filled in.
///
/// # Safety
///
/// `argument` must be what `command` takes, have the size that it says it has, and what it refers to
/// must be there, and be the kernel's to write to, until the call returns.
pub(crate) unsafe fn ioctl<T>(
    device: BorrowedFd<'_>,
    command: u32,
    argument: &mut T,
) -> io::Result<libc::c_int> {
    // SAFETY: The descriptor is open, and of the argument the caller promises it.
    let code = unsafe {
        libc::ioctl(
            device.as_raw_fd(),
            command as libc::Ioctl,
            std::ptr::from_mut(argument),
        )
    };
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(code)
}

/// The size of a structure, as it says it.
pub(crate) const fn size<T>() -> u32 {
    const {
        assert!(
            size_of::<T>() <= 4096,
            "the kernel takes a page at the most"
        )
    };
    size_of::<T>() as u32
}
