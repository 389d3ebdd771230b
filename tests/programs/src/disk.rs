// SPDX-License-Identifier: GPL-2.0

//! Disks: what is on the block device itself, and what it was asked to do.

use crate::{
    Page,
    PAGE, //
};
use std::{
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{
            FileExt,
            OpenOptionsExt, //
        }, //
    },
    path::{
        Path,
        PathBuf, //
    },
};

/// A block device, read past all caches of the kernel.
pub struct Disk {
    device: File,
    statistics: PathBuf,
}

/// What a disk was asked to do since it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Writes.
    pub writes: u64,
    /// Flushes of its write-back cache.
    pub flushes: u64,
}

/// A page, aligned as direct I/O wants it.
#[derive(Clone)]
#[repr(C, align(4096))]
struct Aligned(Page);

impl Disk {
    /// Opens the block device at `path`.
    pub fn open(path: &Path) -> io::Result<Self> {
        let device = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_DIRECT)
            .open(path)?;
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            device,
            statistics: Path::new("/sys/class/block").join(name),
        })
    }

    /// The page at byte `offset` of the device.
    pub fn page(&self, offset: u64) -> io::Result<Page> {
        let mut page = [0; PAGE];
        page.copy_from_slice(self.pages(offset, 1)?.as_flattened());
        Ok(page)
    }

    /// The pages from byte `offset` of the device on.
    pub fn pages(&self, offset: u64, count: usize) -> io::Result<Vec<Page>> {
        let mut pages = vec![Aligned([0; PAGE]); count];
        let bytes = pages.as_mut_ptr().cast::<u8>();
        // SAFETY: An `Aligned` is its bytes and nothing else, and they follow each other without a
        // gap.
        let bytes = unsafe { std::slice::from_raw_parts_mut(bytes, count * PAGE) };
        self.device.read_exact_at(bytes, offset)?;
        Ok(pages.into_iter().map(|page| page.0).collect())
    }

    /// What it was asked to do so far.
    pub fn counters(&self) -> io::Result<Counters> {
        let text = fs::read_to_string(self.statistics.join("stat"))?;
        // Documentation/block/stat.rst
        let field = |number: usize| {
            text.split_whitespace()
                .nth(number - 1)
                .and_then(|field| field.parse().ok())
                .ok_or_else(|| io::Error::other("the disk's statistics lack a field"))
        };
        Ok(Counters {
            writes: field(5)?,
            flushes: field(16)?,
        })
    }

    /// Whether it has a write-back cache; without one nothing is ever flushed.
    pub fn has_cache(&self) -> io::Result<bool> {
        let mode = fs::read_to_string(self.statistics.join("queue/write_cache"))?;
        Ok(mode.trim() == "write back")
    }
}

/// Where the pages of a file are on its disk.
#[derive(Debug)]
pub struct Extents(Vec<Extent>);

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Extent {
    logical: u64,
    physical: u64,
    length: u64,
    reserved64: [u64; 2],
    flags: u32,
    reserved: [u32; 3],
}

const ROOM: usize = 64;

/// `struct fiemap` of linux/fiemap.h.
#[repr(C)]
struct Fiemap {
    start: u64,
    length: u64,
    flags: u32,
    mapped_extents: u32,
    extent_count: u32,
    reserved: u32,
    extents: [Extent; ROOM],
}

/// `_IOWR('f', 11, struct fiemap)`.
const FS_IOC_FIEMAP: libc::Ioctl = 0xc020_660b;
const FIEMAP_EXTENT_LAST: u32 = 1;
/// The flags of extents that are not on the disk as they are in the file: unknown, not yet
/// allocated, encoded, encrypted, not aligned, inline, in a tail, not yet written.
const ELSEWHERE: u32 = 0x2 | 0x4 | 0x8 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;

impl Extents {
    /// Asks the file system. Nothing is written by that, so what is not allocated yet is an error.
    pub fn of(file: &File) -> io::Result<Self> {
        let mut extents = Vec::new();
        let mut start = 0;
        loop {
            let mut map = Fiemap {
                start,
                length: u64::MAX - start,
                flags: 0,
                mapped_extents: 0,
                extent_count: ROOM as u32,
                reserved: 0,
                extents: [Extent::default(); ROOM],
            };
            // SAFETY: The structure has room for as many extents as it says, and lives until the
            // call returns.
            if unsafe { libc::ioctl(file.as_raw_fd(), FS_IOC_FIEMAP, &raw mut map) } < 0 {
                return Err(io::Error::last_os_error());
            }
            let found = &map.extents[..(map.mapped_extents as usize).min(ROOM)];
            if found.iter().any(|extent| extent.flags & ELSEWHERE != 0) {
                return Err(io::Error::other("the file is not on the disk yet"));
            }
            extents.extend_from_slice(found);
            match found.last() {
                Some(last) if last.flags & FIEMAP_EXTENT_LAST == 0 => {
                    start = last.logical + last.length;
                }
                _ => return Ok(Self(extents)),
            }
        }
    }

    /// The byte of the disk at which page `page` of the file starts.
    pub fn locate(&self, page: usize) -> io::Result<u64> {
        Ok(self.locate_run(page)?.0)
    }

    /// The byte of the disk at which page `page` of the file starts, and how many pages of the file
    /// there are from there on.
    pub fn locate_run(&self, page: usize) -> io::Result<(u64, usize)> {
        let byte = (page * PAGE) as u64;
        self.0
            .iter()
            .find(|extent| (extent.logical..extent.logical + extent.length).contains(&byte))
            .map(|extent| {
                let inside = byte - extent.logical;
                let pages = (extent.length - inside) as usize / PAGE;
                (extent.physical + inside, pages)
            })
            .ok_or_else(|| io::Error::other(format!("page {page} is not on the disk")))
    }
}
