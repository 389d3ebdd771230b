// SPDX-License-Identifier: GPL-2.0

//! Room: what a file system has left, and how it is taken away.

use crate::harness::Verdict;
use nix::{
    errno::Errno,
    fcntl::{
        fallocate,
        FallocateFlags, //
    },
    sys::statvfs::fstatvfs, //
};
use std::{
    fs::File,
    os::fd::AsRawFd,
    path::Path, //
};

/// Has a new file at `path` take all the room that is left there, until it is removed. Nothing is
/// written to it, page by page, which takes a kernel that watches itself half a minute.
pub fn take(path: &Path) -> Verdict {
    let file = File::create_new(path)?;
    let left = fstatvfs(&file)?;
    let left = (left.blocks_free() * left.fragment_size()) as libc::off_t;
    match fallocate(file.as_raw_fd(), FallocateFlags::empty(), 0, left) {
        // Some file systems have kept a bit of it for themselves.
        Ok(()) | Err(Errno::ENOSPC) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
