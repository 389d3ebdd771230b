// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Calls: the commands of the device, each with the structure that goes with it.

use crate::{
    many::Many,
    request::One,
    uapi, //
};
use std::{
    io,
    os::fd::{
        AsRawFd,
        BorrowedFd,
        FromRawFd,
        OwnedFd, //
    },
};

/// The numbers are those of the header: the module goes by what a structure says of its size, and not
/// by the size in the number.
mod command {
    use crate::uapi;
    use nix::{
        ioctl_readwrite_bad,
        ioctl_write_ptr_bad, //
    };

    ioctl_readwrite_bad!(sync, uapi::VM_MAP_SYNC_SYNC, uapi::vm_map_sync_args);
    ioctl_readwrite_bad!(vector, uapi::VM_MAP_SYNC_VECTOR, uapi::vm_map_sync_vector);
    ioctl_readwrite_bad!(stat, uapi::VM_MAP_SYNC_STAT, uapi::vm_map_sync_vector);
    ioctl_write_ptr_bad!(attach, uapi::VM_MAP_SYNC_ATTACH, uapi::vm_map_sync_attach);
    ioctl_readwrite_bad!(info, uapi::VM_MAP_SYNC_INFO, uapi::vm_map_sync_info);
    ioctl_readwrite_bad!(
        features,
        uapi::VM_MAP_SYNC_FEATURES,
        uapi::vm_map_sync_features
    );
}

/// One range.
#[inline]
pub(crate) fn sync(device: BorrowedFd<'_>, request: &mut One<'_>) -> io::Result<()> {
    // SAFETY: The structure is as long as it says, and has no pointers in it.
    unsafe { command::sync(device.as_raw_fd(), request.argument()) }?;
    Ok(())
}

/// Many ranges.
pub(crate) fn vector(
    device: BorrowedFd<'_>,
    request: &mut Many<'_, uapi::vm_map_sync_range>,
) -> io::Result<()> {
    // SAFETY: The structure is as long as it says, and so is the array that it points to, which is one
    // of what the command takes. Both are borrowed until the call returns.
    unsafe { command::vector(device.as_raw_fd(), request.argument()) }?;
    Ok(())
}

/// Many ranges, to be looked at.
pub(crate) fn stat(
    device: BorrowedFd<'_>,
    request: &mut Many<'_, uapi::vm_map_sync_stat>,
) -> io::Result<()> {
    // SAFETY: As for `vector()`.
    unsafe { command::stat(device.as_raw_fd(), request.argument()) }?;
    Ok(())
}

/// A handle on the map of a process.
pub(crate) fn attach(device: BorrowedFd<'_>, process: i32) -> io::Result<OwnedFd> {
    let argument = uapi::vm_map_sync_attach {
        size: size::<uapi::vm_map_sync_attach>(),
        pid: process,
        ..Default::default()
    };
    // SAFETY: As for `sync()`.
    let descriptor = unsafe { command::attach(device.as_raw_fd(), &raw const argument) }?;
    // SAFETY: It was just made, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Whose map a handle is on.
pub(crate) fn info(device: BorrowedFd<'_>) -> io::Result<uapi::vm_map_sync_info> {
    let mut info = uapi::vm_map_sync_info {
        size: size::<uapi::vm_map_sync_info>(),
        ..Default::default()
    };
    // SAFETY: As for `sync()`.
    unsafe { command::info(device.as_raw_fd(), &raw mut info) }?;
    Ok(info)
}

/// What the module can do.
pub(crate) fn features(device: BorrowedFd<'_>) -> io::Result<uapi::vm_map_sync_features> {
    let mut features = uapi::vm_map_sync_features {
        size: size::<uapi::vm_map_sync_features>(),
        ..Default::default()
    };
    // SAFETY: As for `sync()`.
    unsafe { command::features(device.as_raw_fd(), &raw mut features) }?;
    Ok(features)
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
