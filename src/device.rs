// SPDX-License-Identifier: GPL-2.0

//! The device: the ioctl face of `/dev/vm_map_sync`.

use crate::{
    map::Map,
    sync,
    uapi,
    vector, //
};
use kernel::{
    fs::File,
    miscdevice::{
        MiscDevice,
        MiscDeviceRegistration, //
    },
    prelude::*,
    uaccess::UserPtr, //
};

#[vtable]
impl MiscDevice for Map {
    type Ptr = KBox<Self>;

    fn open(_file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
        Ok(KBox::new(Map::of_caller()?, GFP_KERNEL_ACCOUNT)?)
    }

    // All structures are the same for 32-bit callers, so `compat_ptr_ioctl()`, which the
    // abstraction puts in where there is no `compat_ioctl`, is all they need.
    fn ioctl(map: &Self, handle: &File, command: u32, arg: usize) -> Result<isize> {
        let user = UserPtr::from_addr(arg);
        match sizeless(command) {
            SYNC => sync::sync(map, handle, user),
            VECTOR => vector::sync(map, handle, user),
            STAT => vector::stat(map, handle, user),
            _ => Err(ENOTTY),
        }
    }
}

const SYNC: u32 = sizeless(uapi::VM_MAP_SYNC_SYNC);
const VECTOR: u32 = sizeless(uapi::VM_MAP_SYNC_VECTOR);
const STAT: u32 = sizeless(uapi::VM_MAP_SYNC_STAT);

/// The command without the size of its argument, which says only what header the caller was
/// compiled with: the argument has a size field of its own.
const fn sizeless(command: u32) -> u32 {
    command & !(kernel::uapi::_IOC_SIZEMASK << kernel::uapi::_IOC_SIZESHIFT)
}
