// SPDX-License-Identifier: GPL-2.0

//! The device: the ioctl face of `/dev/vm_map_sync`.

use crate::{
    args::Args,
    map::Map,
    uapi, //
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
    fn ioctl(map: &Self, _file: &File, command: u32, arg: usize) -> Result<isize> {
        match sizeless(command) {
            SYNC => sync(map, UserPtr::from_addr(arg)),
            _ => Err(ENOTTY),
        }
    }
}

const SYNC: u32 = sizeless(uapi::VM_MAP_SYNC_SYNC);

/// The command without the size of its argument, which says only what header the caller was
/// compiled with: the argument has a size field of its own.
const fn sizeless(command: u32) -> u32 {
    command & !(kernel::uapi::_IOC_SIZEMASK << kernel::uapi::_IOC_SIZESHIFT)
}

fn sync(map: &Map, user: UserPtr) -> Result<isize> {
    let args = Args::read(user)?;
    // Refuses memory that cannot be written to before anything happens.
    args.check_answer()?;

    let outcome = match args.request() {
        Ok(request) => map.sync(&request),
        Err(refusal) => refusal,
    };
    args.answer(&outcome.result())?;
    outcome.errno().map_or(Ok(0), Err)
}
