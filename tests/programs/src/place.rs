// SPDX-License-Identifier: GPL-2.0

//! The place of the tests: what the environment says.

use crate::disk::Disk;
use std::{
    env,
    io,
    path::PathBuf, //
};

/// The directory for test files.
pub fn directory() -> io::Result<PathBuf> {
    variable("VMS_DIR", "a directory on the disk to be used")
}

/// The disk below it.
pub fn disk() -> io::Result<Disk> {
    Disk::open(&variable("VMS_DEV", "the block device that VMS_DIR is on")?)
}

/// The module.
pub fn module() -> io::Result<PathBuf> {
    variable("VMS_MODULE", "the file vm_map_sync.ko")
}

fn variable(name: &str, meaning: &str) -> io::Result<PathBuf> {
    env::var_os(name)
        .map(PathBuf::from)
        .ok_or_else(|| io::Error::other(format!("{name} is not set: it should name {meaning}")))
}
