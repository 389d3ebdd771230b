// SPDX-License-Identifier: GPL-2.0

//! Mappings: a stretch of addresses, and what is mapped there.

use crate::{
    pattern,
    Page,
    PAGE, //
};
use std::{
    fs::File,
    io,
    ops::Range,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
    ptr,
};

/// How a file is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Shared, for reading and writing.
    Shared,
    /// Shared, for reading.
    SharedRead,
    /// Private, for reading and writing.
    Private,
    /// Private, for reading.
    PrivateRead,
}

impl Share {
    fn flags(self) -> libc::c_int {
        match self {
            Self::Shared | Self::SharedRead => libc::MAP_SHARED,
            Self::Private | Self::PrivateRead => libc::MAP_PRIVATE,
        }
    }

    fn protection(self) -> libc::c_int {
        match self {
            Self::Shared | Self::Private => libc::PROT_READ | libc::PROT_WRITE,
            Self::SharedRead | Self::PrivateRead => libc::PROT_READ,
        }
    }
}

/// A stretch of addresses of this process which nothing else gets into. At first it is reserved:
/// mapped, but to nothing and for no access.
///
/// Pages are numbered from its start. Touching one that cannot be accessed kills the process, and
/// so fails the test.
pub struct Mapping {
    base: usize,
    pages: usize,
}

impl Mapping {
    /// Reserves addresses for `pages` pages.
    pub fn reserve(pages: usize) -> io::Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: The kernel chooses an address where nothing is.
        let base = unsafe { mmap(0, pages * PAGE, libc::PROT_NONE, flags, -1, 0) }?;
        Ok(Self { base, pages })
    }

    /// How many pages it has.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// The address of a page, or of the end.
    pub fn address(&self, page: usize) -> usize {
        assert!(page <= self.pages, "page {page} is outside of the mapping");
        self.base + page * PAGE
    }

    /// The addresses of pages.
    pub fn range(&self, pages: Range<usize>) -> Range<usize> {
        self.address(pages.start)..self.address(pages.end)
    }

    /// All its addresses.
    pub fn all(&self) -> Range<usize> {
        self.range(0..self.pages)
    }

    /// Maps a file at `pages`, from its page `first` on.
    pub fn map(
        &self,
        pages: Range<usize>,
        file: &File,
        first: usize,
        share: Share,
    ) -> io::Result<()> {
        let protection = share.protection();
        self.put(pages, protection, share.flags(), file.as_raw_fd(), first)
    }

    /// Maps anonymous memory at `pages`, with further mmap flags such as `MAP_SHARED`.
    pub fn map_anonymous(&self, pages: Range<usize>, flags: libc::c_int) -> io::Result<()> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        self.put(pages, protection, flags | libc::MAP_ANONYMOUS, -1, 0)
    }

    fn put(
        &self,
        pages: Range<usize>,
        protection: libc::c_int,
        flags: libc::c_int,
        file: libc::c_int,
        first: usize,
    ) -> io::Result<()> {
        let range = self.range(pages);
        let flags = flags | libc::MAP_FIXED;
        // SAFETY: The addresses are reserved for this mapping, and no reference into it is ever
        // made.
        let at = unsafe { mmap(range.start, range.len(), protection, flags, file, first) }?;
        assert_eq!(at, range.start);
        Ok(())
    }

    /// Makes a hole.
    pub fn unmap(&self, pages: Range<usize>) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: As for `put()`.
        check(unsafe { libc::munmap(range.start as *mut _, range.len()) })
    }

    /// Changes what may be done with pages (`PROT_*`).
    pub fn protect(&self, pages: Range<usize>, protection: libc::c_int) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: As for `put()`.
        check(unsafe { libc::mprotect(range.start as *mut _, range.len(), protection) })
    }

    /// Gives advice on pages (`MADV_*`).
    pub fn advise(&self, pages: Range<usize>, advice: libc::c_int) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: As for `put()`.
        check(unsafe { libc::madvise(range.start as *mut _, range.len(), advice) })
    }

    /// Locks pages in memory.
    pub fn lock(&self, pages: Range<usize>) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: Nothing changes but what the kernel does with the pages.
        check(unsafe { libc::mlock(range.start as *const _, range.len()) })
    }

    /// Unlocks pages.
    pub fn unlock(&self, pages: Range<usize>) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: As for `lock()`.
        check(unsafe { libc::munlock(range.start as *const _, range.len()) })
    }

    /// `msync()`.
    pub fn msync(&self, pages: Range<usize>, flags: libc::c_int) -> io::Result<()> {
        let range = self.range(pages);
        // SAFETY: As for `lock()`.
        check(unsafe { libc::msync(range.start as *mut _, range.len(), flags) })
    }

    /// Which pages `mincore()` finds in memory.
    pub fn resident(&self, pages: Range<usize>) -> io::Result<Vec<bool>> {
        let range = self.range(pages);
        let mut vector = vec![0u8; range.len() / PAGE];
        // SAFETY: The vector has a byte for each page.
        check(unsafe {
            libc::mincore(
                range.start as *mut _,
                range.len(),
                vector.as_mut_ptr().cast(),
            )
        })?;
        Ok(vector.into_iter().map(|byte| byte & 1 != 0).collect())
    }

    /// Which pages are in this process's page tables.
    pub fn present(&self, pages: Range<usize>) -> io::Result<Vec<bool>> {
        let pagemap = File::open("/proc/self/pagemap")?;
        pages
            .map(|page| {
                let mut word = [0; size_of::<u64>()];
                let position = self.address(page) / PAGE * word.len();
                pagemap.read_exact_at(&mut word, position as u64)?;
                Ok(u64::from_ne_bytes(word) >> 63 != 0)
            })
            .collect()
    }

    /// What is in a page.
    pub fn read(&self, page: usize) -> Page {
        assert!(page < self.pages);
        let mut bytes = [0; PAGE];
        let from = self.address(page) as *const u8;
        // SAFETY: The page belongs to this mapping, and `bytes` has room for it. Others may write
        // to it meanwhile, from other processes.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), PAGE) };
        bytes
    }

    /// Touches pages, so that they are in the page tables.
    pub fn touch(&self, pages: Range<usize>) {
        for page in pages {
            self.peek(page);
        }
    }

    /// The first word of a page.
    pub fn peek(&self, page: usize) -> u64 {
        assert!(page < self.pages);
        // SAFETY: The page belongs to this mapping; others may write to it meanwhile.
        unsafe { ptr::read_volatile(self.address(page) as *const u64) }
    }

    /// Writes the first word of a page.
    pub fn poke(&self, page: usize, word: u64) {
        assert!(page < self.pages);
        // SAFETY: The page belongs to this mapping; others may read it meanwhile.
        unsafe { ptr::write_volatile(self.address(page) as *mut u64, word) };
    }

    /// Writes a page.
    pub fn write(&self, page: usize, bytes: &Page) {
        assert!(page < self.pages);
        let to = self.address(page) as *mut u8;
        // SAFETY: The page belongs to this mapping; others may read it meanwhile.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, PAGE) };
    }

    /// Writes `version` of the [`pattern`] to pages. Page 0 of the mapping must be page 0 of the
    /// file.
    pub fn fill(&self, version: u64, pages: impl IntoIterator<Item = usize>) {
        for page in pages {
            self.write(page, &pattern(version, page));
        }
    }

    /// Asserts that pages have `version` of the pattern in them.
    #[track_caller]
    pub fn assert_has(&self, version: u64, pages: impl IntoIterator<Item = usize>) {
        for page in pages {
            assert!(
                self.read(page) == pattern(version, page),
                "page {page} does not have version {version} in it"
            );
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let _ = self.unmap(0..self.pages);
    }
}

fn check(code: libc::c_int) -> io::Result<()> {
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// `mmap()`, with the offset in pages.
///
/// # Safety
///
/// With `MAP_FIXED`, nothing that Rust knows of may be at the addresses.
unsafe fn mmap(
    address: usize,
    length: usize,
    protection: libc::c_int,
    flags: libc::c_int,
    file: libc::c_int,
    first: usize,
) -> io::Result<usize> {
    let offset = libc::off_t::try_from(first * PAGE).map_err(io::Error::other)?;
    // SAFETY: The caller promises it.
    let at = unsafe { libc::mmap(address as *mut _, length, protection, flags, file, offset) };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(at as usize)
}
