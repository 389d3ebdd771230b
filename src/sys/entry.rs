// SPDX-License-Identifier: GPL-2.0

//! Entries: what a map has at an address (a VMA).
//!
//! C header: `include/linux/mm_types.h`

use super::{
    helpers,
    pager::PagerRef, //
};
use core::ops::Range;
use kernel::{
    bindings,
    fs::File,
    mm::virt::{
        flags,
        VmaRef, //
    },
    page::PAGE_SHIFT, //
};

/// A VMA. A [`VmaRef`] exists only while a lock that keeps it alive is held, so neither can this.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a>(&'a VmaRef);

/// What stands behind an entry.
pub(crate) enum Backing<'a> {
    /// Nothing that anything could be written back to: anonymous memory, shmem, ramfs and the like.
    Nothing,
    /// Something that is not ours to touch: device memory, page frames without a file, hugetlb,
    /// the kernel's own pages (vdso). What BSD calls a sub-map entry.
    Special,
    /// A file with a page cache that is written back.
    Pager(PagerRef<'a>),
}

impl<'a> Entry<'a> {
    /// Looks at a VMA.
    pub(crate) fn new(vma: &'a VmaRef) -> Self {
        Self(vma)
    }

    /// Its addresses in bytes, page aligned.
    pub(crate) fn range(self) -> Range<usize> {
        self.0.start()..self.0.end()
    }

    /// Whether nothing in it can be a private copy, so that it loses nothing when it is unmapped.
    pub(crate) fn is_shared(self) -> bool {
        // SAFETY: The VMA is valid, and the lock that `VmaRef` stands for keeps its flags stable.
        unsafe { helpers::vm_map_sync_vma_is_shared(self.0.as_ptr()) }
    }

    pub(super) fn as_ptr(self) -> *mut bindings::vm_area_struct {
        self.0.as_ptr()
    }

    /// Whether its memory is locked (`mlock()`).
    pub(crate) fn is_wired(self) -> bool {
        // SAFETY: The VMA is valid, and the lock that `VmaRef` stands for keeps its flags stable.
        unsafe { helpers::vm_map_sync_vma_is_wired(self.0.as_ptr()) }
    }

    /// What stands behind it. If that is the file of the pager `known`, as of most entries in a row,
    /// it need not be looked at again.
    pub(crate) fn backing(self, known: Option<PagerRef<'a>>) -> Backing<'a> {
        const SPECIAL: usize = flags::IO | flags::PFNMAP | flags::MIXEDMAP | flags::HUGETLB;

        if self.0.flags() & SPECIAL != 0 {
            return Backing::Special;
        }
        // SAFETY: The VMA is valid, and the lock that `VmaRef` stands for keeps these stable.
        let (ops, file) = unsafe { ((*self.0.as_ptr()).vm_ops, (*self.0.as_ptr()).vm_file) };
        // As `vma_is_anonymous()`. A private mapping of /dev/zero has a file all the same.
        if ops.is_null() {
            return Backing::Nothing;
        }
        if file.is_null() {
            return Backing::Special;
        }
        // SAFETY: A VMA holds a reference to its file, and the VMA lives for `'a`. So there are two at
        // least, and whoever uses the position of the file by `fdget_pos()` has it locked, unless it is
        // a file whose position nobody locks (no `FMODE_ATOMIC_POS`). Here nobody uses it.
        let file: &'a File = unsafe { File::from_raw_file(file) };
        match known
            .filter(|known| known.is_of(file))
            .or_else(|| PagerRef::new(file))
        {
            Some(pager) => Backing::Pager(pager),
            None => Backing::Nothing,
        }
    }

    /// The pages of the file that are mapped at `part`, which lies within the entry.
    pub(crate) fn pages(self, part: &Range<usize>) -> Range<usize> {
        // SAFETY: The VMA is valid, and the lock that `VmaRef` stands for keeps this stable.
        let first = unsafe { (*self.0.as_ptr()).vm_pgoff };
        // As `linear_page_index()`. It does not wrap: `mmap()` refuses such a mapping.
        let page =
            |address: usize| first.wrapping_add(address.wrapping_sub(self.0.start()) >> PAGE_SHIFT);
        page(part.start)..page(part.end)
    }
}
