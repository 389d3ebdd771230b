// SPDX-License-Identifier: GPL-2.0

//! Information: what a handle is on, and what this module can do.

use crate::{
    args::{
        Argument,
        Structure, //
    },
    device,
    map::{
        Map,
        Whose, //
    },
    plan::flags::Flags,
    uapi, //
};
use kernel::{
    prelude::*,
    uaccess::UserPtr, //
};

/// Says whose map a handle is on (`VM_MAP_SYNC_INFO`).
///
/// # Errors
///
/// - `EINVAL` if a flag is set.
/// - Those of [`Argument::read`] and [`Argument::answer`].
#[inline(never)]
pub(crate) fn info(map: &Map, user: UserPtr) -> Result<isize> {
    let mut argument = Argument::<uapi::vm_map_sync_info>::read(user)?;
    let fields = &mut argument.fields;
    check_flags(fields.flags)?;
    fields.whose = match map.whose() {
        Whose::Own => uapi::VM_MAP_SYNC_OWN,
        Whose::Other => uapi::VM_MAP_SYNC_OTHER,
        Whose::Dead => uapi::VM_MAP_SYNC_DEAD,
    };
    fields.pid = map.process();
    answer(&argument)
}

/// Says which commands and flags there are (`VM_MAP_SYNC_FEATURES`).
///
/// # Errors
///
/// As for [`info`].
#[inline(never)]
pub(crate) fn features(user: UserPtr) -> Result<isize> {
    let mut argument = Argument::<uapi::vm_map_sync_features>::read(user)?;
    let fields = &mut argument.fields;
    check_flags(fields.flags)?;
    fields.operations = device::OPERATIONS;
    fields.sync_flags = Flags::OF_SYNC;
    fields.vector_flags = Flags::OF_VECTOR;
    fields.stat_flags = Flags::OF_STAT;
    fields.range_flags = Flags::OF_RANGE;
    if cfg!(CONFIG_IO_URING) {
        fields.uring_operations = device::OPERATIONS;
    }
    fields.ranges_max = uapi::VM_MAP_SYNC_RANGES_MAX.into();
    answer(&argument)
}

/// There are no flags for these two.
fn check_flags(flags: u32) -> Result {
    if flags == 0 {
        Ok(())
    } else {
        Err(EINVAL)
    }
}

fn answer<T: Structure>(argument: &Argument<T>) -> Result<isize> {
    argument.answer()?;
    Ok(0)
}
