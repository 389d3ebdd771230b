// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Information: what a handle is on, and what the module can do.

use crate::{
    attach::result,
    flags::Flags,
    map::Map,
    uapi, //
};
use std::{
    io,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
};

/// Whose an address space is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Whose {
    /// That of the process that asks.
    Own,
    /// Another process's.
    Other,
    /// Nobody's any more: its last process has exited, or has executed another program.
    Dead,
    /// A value that this library does not know yet.
    Unknown(u32),
}

/// What a handle is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Whose address space it is.
    pub whose: Whose,
    /// The process that the handle was bound to, unless that has been waited for, or has no number
    /// in the pid namespace of the process that asks.
    pub process: Option<u32>,
}

/// What the module can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// The commands that there are: bit N for the one with the number N.
    pub operations: u64,
    /// The flags that a single range takes.
    pub sync: Flags,
    /// The flags that a vector takes.
    pub vector: Flags,
    /// The flags that a look at a vector takes.
    pub stat: Flags,
    /// The flags that a range of a vector takes, `VM_MAP_SYNC_FILE` in [`uapi`].
    pub range: u32,
    /// How many ranges a vector can have.
    pub ranges_max: u64,
}

impl Map {
    /// Says whose address space this handle is on.
    ///
    /// # Errors
    ///
    /// If the descriptor is not one of the device, or the module is older than this.
    pub fn info(&self) -> io::Result<Info> {
        let mut info = uapi::vm_map_sync_info {
            size: uapi::VM_MAP_SYNC_INFO_SIZE_VER0,
            ..Default::default()
        };
        // SAFETY: The argument has the size that it says it has, and belongs to the command.
        unsafe { self.ask(uapi::VM_MAP_SYNC_INFO, &mut info) }?;
        Ok(Info {
            whose: match info.whose {
                uapi::VM_MAP_SYNC_OWN => Whose::Own,
                uapi::VM_MAP_SYNC_OTHER => Whose::Other,
                uapi::VM_MAP_SYNC_DEAD => Whose::Dead,
                other => Whose::Unknown(other),
            },
            process: u32::try_from(info.pid).ok().filter(|&number| number != 0),
        })
    }

    /// Says which commands and flags the module has. What it has not it refuses, and never ignores.
    ///
    /// # Errors
    ///
    /// As for [`info`](Self::info).
    pub fn features(&self) -> io::Result<Features> {
        let mut features = uapi::vm_map_sync_features {
            size: uapi::VM_MAP_SYNC_FEATURES_SIZE_VER0,
            ..Default::default()
        };
        // SAFETY: The argument has the size that it says it has, and belongs to the command.
        unsafe { self.ask(uapi::VM_MAP_SYNC_FEATURES, &mut features) }?;
        Ok(Features {
            operations: features.operations,
            sync: Flags::from_bits_retain(features.sync_flags),
            vector: Flags::from_bits_retain(features.vector_flags),
            stat: Flags::from_bits_retain(features.stat_flags),
            range: features.range_flags,
            ranges_max: features.ranges_max,
        })
    }

    /// # Safety
    ///
    /// `argument` must be the structure that goes with the command.
    unsafe fn ask<T>(&self, command: libc::c_uint, argument: &mut T) -> io::Result<()> {
        let descriptor = self.as_fd().as_raw_fd();
        let argument: *mut T = argument;
        // SAFETY: The structure lives until the call returns, and is the one that goes with the command.
        result(unsafe { libc::ioctl(descriptor, command as libc::Ioctl, argument) })?;
        Ok(())
    }
}
