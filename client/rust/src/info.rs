// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Information: what a handle is on, and what the module can do.

use crate::{
    call,
    error::SyncError,
    flags::Flags,
    map::Map,
    uapi, //
};
use std::os::fd::AsFd;

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
#[non_exhaustive]
pub struct Info {
    /// Whose address space it is.
    pub whose: Whose,
    /// The process that the handle was bound to, unless that has been waited for, or has no number
    /// in the pid namespace of the process that asks.
    pub process: Option<u32>,
}

/// What the module can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The commands that an io_uring takes, as in [`operations`](Self::operations).
    pub uring_operations: u64,
}

impl Map {
    /// Says whose address space this handle is on.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use vm_map_sync::{Map, Whose};
    ///
    /// assert_eq!(Map::current()?.info()?.whose, Whose::Own);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SyncError::Call`], if the descriptor is not one of the device, or the module is older than this.
    pub fn info(&self) -> Result<Info, SyncError> {
        let info = call::info(self.as_fd()).map_err(SyncError::Call)?;
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
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use vm_map_sync::{Flags, Map};
    ///
    /// if !Map::current()?.features()?.sync.contains(Flags::SPARE_SHARED) {
    ///     println!("the module cannot spare what others have mapped");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`info`](Self::info).
    pub fn features(&self) -> Result<Features, SyncError> {
        let features = call::features(self.as_fd()).map_err(SyncError::Call)?;
        Ok(Features {
            operations: features.operations,
            sync: Flags::from_bits_retain(features.sync_flags),
            vector: Flags::from_bits_retain(features.vector_flags),
            stat: Flags::from_bits_retain(features.stat_flags),
            range: features.range_flags,
            ranges_max: features.ranges_max,
            uring_operations: features.uring_operations,
        })
    }
}
