// SPDX-License-Identifier: GPL-2.0

//! The device: the ioctl face of `/dev/vm_map_sync`.

use crate::{
    attach,
    info,
    map::Map,
    pace::Pace,
    standing::Caller,
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
    seq_file::SeqFile,
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
    // The commands are out of line, each with a frame of its own, so this needs none.
    #[inline]
    fn ioctl(map: &Self, handle: &File, command: u32, arg: usize) -> Result<isize> {
        let pace = Pace::Patient;
        call(
            map,
            Caller { handle, pace },
            command,
            UserPtr::from_addr(arg),
        )
    }

    fn show_fdinfo(map: &Self, seq: &SeqFile, _file: &File) {
        map.show(seq);
    }
}

/// Does what a command asks for, by a handle on a map.
///
/// # Errors
///
/// Those of the command; `ENOTTY` if there is no such command.
#[inline]
pub(crate) fn call(map: &Map, caller: Caller<'_>, command: u32, user: UserPtr) -> Result<isize> {
    match sizeless(command) {
        SYNC => sync::sync(map, caller, user).map(|()| 0),
        VECTOR => vector::sync(map, caller, user),
        STAT => vector::stat(map, caller, user),
        ATTACH => attach::attach(caller, user),
        INFO => info::info(map, user),
        FEATURES => info::features(user),
        _ => Err(ENOTTY),
    }
}

const SYNC: u32 = sizeless(uapi::VM_MAP_SYNC_SYNC);
const VECTOR: u32 = sizeless(uapi::VM_MAP_SYNC_VECTOR);
const STAT: u32 = sizeless(uapi::VM_MAP_SYNC_STAT);
const ATTACH: u32 = sizeless(uapi::VM_MAP_SYNC_ATTACH);
const INFO: u32 = sizeless(uapi::VM_MAP_SYNC_INFO);
const FEATURES: u32 = sizeless(uapi::VM_MAP_SYNC_FEATURES);

/// The numbers of the commands that there are, each as a bit.
pub(crate) const OPERATIONS: u64 =
    number(SYNC) | number(VECTOR) | number(STAT) | number(ATTACH) | number(INFO) | number(FEATURES);

const fn number(command: u32) -> u64 {
    1 << (command >> kernel::uapi::_IOC_NRSHIFT & kernel::uapi::_IOC_NRMASK)
}

/// The command without the size of its argument, which says only what header the caller was
/// compiled with: the argument has a size field of its own.
const fn sizeless(command: u32) -> u32 {
    command & !(kernel::uapi::_IOC_SIZEMASK << kernel::uapi::_IOC_SIZESHIFT)
}

/// The mode that the device's node gets, as whoever loads the module wants it.
///
/// It makes no difference to a handle whether it was opened for reading or for writing, so whoever may
/// do the one may do the other. That is more than a matter of taste: 660, which is what 0660 becomes
/// where the zero is forgotten, is no such mode.
///
/// # Errors
///
/// `EINVAL` for anything else.
pub(crate) fn mode(wanted: u16) -> Result<u16> {
    match wanted {
        0o600 | 0o606 | 0o660 | 0o666 => Ok(wanted),
        _ => {
            pr_err!("mode=0{wanted:o} is none of 0600, 0660, 0606 and 0666\n");
            Err(EINVAL)
        }
    }
}
