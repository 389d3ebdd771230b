// SPDX-License-Identifier: GPL-2.0

//! A side: files, and an area in which they are mapped in all ways that there are.

use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io,
    os::fd::FromRawFd, //
};
use vm_map_sync_tests::{
    dice::Dice,
    file::TestFile,
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    Page,
    PAGE, //
};

/// Pages of a slot, each of which is mapped in one way.
pub const SLOT: usize = 4;
pub const SLOTS: usize = 12;
pub const PAGES: usize = SLOT * SLOTS;
/// Files of a side. Page `n` of each can be mapped at page `n` of the area, and nowhere else in it.
pub const FILES: usize = 2;

/// What is in a slot. The numbers are those of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Shared(usize),
    SharedRead(usize),
    Private(usize),
    Locked(usize),
    Anonymous,
    AnonymousShared,
    /// A file in memory.
    Memory,
    /// Memory of a device, whose file knows no `fsync()`.
    Device,
    /// Memory that is a secret, whose file knows none either.
    Secret,
    Hole,
}

impl Kind {
    /// Files most of all, and most of all those that are mapped as such files are.
    pub fn any(dice: &mut Dice) -> Self {
        let file = dice.of(0..FILES);
        match dice.of(0..24) {
            0..10 => Self::Shared(file),
            10..12 => Self::SharedRead(file),
            12..14 => Self::Private(file),
            14 => Self::Locked(file),
            15..17 => Self::Anonymous,
            17 => Self::AnonymousShared,
            18 => Self::Memory,
            19 => Self::Device,
            20 => Self::Secret,
            _ => Self::Hole,
        }
    }

    /// The file that is mapped.
    pub fn file(self) -> Option<usize> {
        match self {
            Self::Shared(file)
            | Self::SharedRead(file)
            | Self::Private(file)
            | Self::Locked(file) => Some(file),
            _ => None,
        }
    }
}

/// A page at each end that nobody can use, so that no hole is a part of what is free around the area.
const GUARD: usize = 1;

pub struct Side {
    pub files: [TestFile; FILES],
    /// All of each file, to write to it.
    pub whole: [Mapping; FILES],
    area: Mapping,
}

impl Side {
    pub fn new(kinds: &[Kind; SLOTS]) -> io::Result<Self> {
        let files = [TestFile::new(PAGES)?, TestFile::new(PAGES)?];
        let whole = [files[0].map()?, files[1].map()?];
        let area = Mapping::reserve(PAGES + 2 * GUARD)?;
        for (slot, kind) in kinds.iter().enumerate() {
            let first = slot * SLOT;
            let pages = GUARD + first..GUARD + first + SLOT;
            let put =
                |file: usize, share| area.map(pages.clone(), files[file].file(), first, share);
            match *kind {
                Kind::Shared(file) => put(file, Share::Shared)?,
                Kind::SharedRead(file) => put(file, Share::SharedRead)?,
                Kind::Locked(file) => {
                    put(file, Share::Shared)?;
                    area.lock(pages)?;
                }
                Kind::Private(file) => {
                    put(file, Share::Private)?;
                    area.poke(GUARD + first, COPY);
                }
                Kind::Anonymous => area.map_anonymous(pages, libc::MAP_PRIVATE)?,
                Kind::AnonymousShared => area.map_anonymous(pages, libc::MAP_SHARED)?,
                Kind::Memory => {
                    area.map(pages, &memory(libc::SYS_memfd_create)?, 0, Share::Shared)?
                }
                Kind::Secret => {
                    area.map(pages, &memory(libc::SYS_memfd_secret)?, 0, Share::Shared)?
                }
                Kind::Device => area.map(pages, &device()?, 0xf0, Share::SharedRead)?,
                Kind::Hole => area.unmap(pages)?,
            }
        }
        Ok(Self { files, whole, area })
    }

    /// The address of the area.
    pub fn address(&self) -> usize {
        self.area.address(GUARD)
    }

    /// Asserts that private copies are as they were made.
    pub fn assert_copies(&self, kinds: &[Kind; SLOTS]) {
        for (slot, kind) in kinds.iter().enumerate() {
            if let Kind::Private(_) = kind {
                assert_eq!(self.area.peek(GUARD + slot * SLOT), COPY);
            }
        }
    }

    /// What the disk has of a file.
    pub fn disk(&self, file: usize) -> io::Result<Vec<Page>> {
        let mut pages = Vec::with_capacity(PAGES);
        self.files[file].read_disk(0..PAGES, |_, page| pages.push(*page))?;
        Ok(pages)
    }

    /// Waits until nothing is being written.
    pub fn settle(&self) -> Verdict {
        self.files.iter().try_for_each(|file| {
            wait_until("written", || io::Result::Ok(file.cached()?.writeback == 0))
        })
    }

    /// How many pages of the files are in the page cache.
    pub fn resident(&self) -> io::Result<u64> {
        self.files
            .iter()
            .map(|file| Ok(file.cached()?.resident))
            .sum()
    }
}

/// The device's memory begins with what any machine has there. The kernel calls nothing shared that is open for
/// reading only.
fn device() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/mem")
}

/// What a private copy has in it.
const COPY: u64 = 0x5eed_0000_c0b1;

/// A file of memory, of as many pages as a slot has.
fn memory(call: libc::c_long) -> io::Result<File> {
    let code = if call == libc::SYS_memfd_create {
        // SAFETY: The name ends.
        unsafe { libc::syscall(call, c"compare".as_ptr(), libc::MFD_CLOEXEC) }
    } else {
        // SAFETY: It takes flags only.
        unsafe { libc::syscall(call, libc::O_CLOEXEC) }
    };
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: It was just made, and is nobody else's.
    let file = unsafe { File::from_raw_fd(code as i32) };
    file.set_len((SLOT * PAGE) as u64)?;
    Ok(file)
}
