// SPDX-License-Identifier: GPL-2.0

//! Residency: what of a file is in the page cache.

use crate::PAGE;
use std::{
    fs::File,
    io,
    ops::Range,
    os::fd::AsRawFd, //
};

/// Pages of a file in the page cache, as `cachestat()` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Cached {
    /// All that are there.
    pub resident: u64,
    /// Those that are dirty.
    pub dirty: u64,
    /// Those that are being written.
    pub writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

#[repr(C)]
struct Span {
    offset: u64,
    length: u64,
}

/// The number is the same on all machines, but not yet in the C libraries.
const SYS_CACHESTAT: libc::c_long = 451;

impl Cached {
    /// Counts those of the given pages.
    pub fn of(file: &File, pages: Range<usize>) -> io::Result<Self> {
        // A length of 0 would mean all that follows.
        if pages.is_empty() {
            return Ok(Self::default());
        }
        let span = Span {
            offset: (pages.start * PAGE) as u64,
            length: (pages.len() * PAGE) as u64,
        };
        let mut cached = Self::default();
        // SAFETY: Both structures are those of the call, and live until it returns.
        let code = unsafe {
            libc::syscall(
                SYS_CACHESTAT,
                file.as_raw_fd(),
                &raw const span,
                &raw mut cached,
                0,
            )
        };
        if code < 0 {
            return Err(io::Error::last_os_error());
        }
        // What is gone is no state of the cache that anybody promises to keep.
        cached.evicted = 0;
        cached.recently_evicted = 0;
        Ok(cached)
    }

    /// The state of one page as a letter: `.` not cached, `C` clean, `D` dirty, `W` being written.
    pub fn letter(self) -> char {
        match self {
            Self { resident: 0, .. } => '.',
            Self { writeback: 1.., .. } => 'W',
            Self { dirty: 1.., .. } => 'D',
            _ => 'C',
        }
    }
}
