// SPDX-License-Identifier: GPL-2.0

//! Pipes: somebody who holds pages, and whom they can be read from.

use crate::{
    mapping::Mapping,
    Page,
    PAGE, //
};
use nix::{
    fcntl::{
        vmsplice,
        SpliceFFlags, //
    },
    unistd::pipe,
};
use std::{
    fs::File,
    io::{
        self,
        IoSlice,
        Read, //
    },
    ops::Range,
    os::fd::{
        AsFd,
        BorrowedFd, //
    },
    slice,
};

/// A pipe. What is in it are references to pages, and they are dropped with it.
pub struct Pipe {
    out: File,
    into: File,
}

impl Pipe {
    /// An empty pipe.
    pub fn new() -> io::Result<Self> {
        let (out, into) = pipe()?;
        Ok(Self {
            out: out.into(),
            into: into.into(),
        })
    }

    /// A pipe that holds pages of a mapping; as many as fit into one.
    pub fn holding(mapping: &Mapping, pages: Range<usize>) -> io::Result<Self> {
        let this = Self::new()?;
        let range = mapping.range(pages);
        // SAFETY: The memory is mapped, and the slice is used for its address only.
        let bytes = unsafe { slice::from_raw_parts(range.start as *const u8, range.len()) };
        let held = vmsplice(&this.into, &[IoSlice::new(bytes)], SpliceFFlags::empty())?;
        assert_eq!(held, range.len());
        Ok(this)
    }

    /// Where something can be put into it.
    pub fn entrance(&self) -> BorrowedFd<'_> {
        self.into.as_fd()
    }

    /// The next page that it holds, as it is now. It is dropped by that.
    pub fn read(&mut self) -> io::Result<Page> {
        let mut page = [0; PAGE];
        self.out.read_exact(&mut page)?;
        Ok(page)
    }
}
