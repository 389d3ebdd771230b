// SPDX-License-Identifier: GPL-2.0

//! Pagers: a file whose pages can be written back and dropped (an `address_space`).
//!
//! C headers: `include/linux/pagemap.h`, `include/linux/fs.h`, `include/linux/errseq.h`

use super::{
    helpers,
    task::Killed, //
};
use core::ops::Range;
use kernel::{
    bindings,
    error::to_result,
    fs::File,
    page::PAGE_SHIFT,
    prelude::*,
    sync::aref::ARef,
    types::NotThreadSafe, //
};

/// A pager that somebody else holds on to, seen without a reference of one's own.
///
/// # Invariants
///
/// The file's mapping can be written back.
#[derive(Clone, Copy)]
pub(crate) struct PagerRef<'a>(&'a File);

impl<'a> PagerRef<'a> {
    /// Returns `None` if nothing of the file can be written back (`mapping_can_writeback()`).
    pub(crate) fn new(file: &'a File) -> Option<Self> {
        // SAFETY: `f_mapping` is set when a file is opened, does not change, and lives as long as
        // the file.
        let writes_back =
            unsafe { helpers::vm_map_sync_mapping_can_writeback((*file.as_ptr()).f_mapping) };
        // INVARIANT: Just looked at.
        writes_back.then_some(Self(file))
    }

    /// Takes a reference.
    pub(crate) fn hold(self) -> Pager {
        // INVARIANT: That of `self`.
        Pager {
            file: ARef::from(self.0),
        }
    }

    /// Whether it is the pager of this very file.
    pub(crate) fn is_of(self, file: &File) -> bool {
        core::ptr::eq(self.0, file)
    }

    /// Which file this is: equal only for the very same one, as long as somebody holds it.
    pub(crate) fn file(self) -> usize {
        self.0.as_ptr().addr()
    }
}

/// A pager, with a reference to the file through which it was found.
///
/// # Invariants
///
/// The file's mapping can be written back.
#[derive(Clone)]
pub(crate) struct Pager {
    file: ARef<File>,
}

/// A point in the history of a pager's write errors.
#[derive(Clone, Copy)]
pub(crate) struct ErrorMark(bindings::errseq_t);

impl Pager {
    /// The mapping: valid as long as `self` is.
    pub(super) fn mapping(&self) -> *mut bindings::address_space {
        // SAFETY: As in `PagerRef::new()`.
        unsafe { (*self.file.as_ptr()).f_mapping }
    }

    /// Which pager this is: equal for all files that share one page cache.
    pub(crate) fn id(&self) -> usize {
        self.mapping().addr()
    }

    /// Whether the file is open for writing.
    pub(crate) fn is_writable(&self) -> bool {
        // SAFETY: The file is valid since there is a reference to it.
        unsafe { helpers::vm_map_sync_file_is_writable(self.file.as_ptr()) }
    }

    /// Whether the caller owns the file or could open it for writing, the rule of `mincore()`
    /// (`can_do_mincore()`). May ask the file system, hence sleep and do I/O.
    pub(crate) fn may_write(&self) -> bool {
        // SAFETY: The file is valid since there is a reference to it.
        unsafe { helpers::vm_map_sync_file_may_write(self.file.as_ptr()) }
    }

    /// Marks the present end of the history of write errors. An error that nobody was told of yet
    /// counts as coming after the mark (`errseq_sample()`).
    pub(crate) fn mark_errors(&self) -> ErrorMark {
        // SAFETY: The mapping is valid.
        ErrorMark(unsafe { bindings::errseq_sample(&raw mut (*self.mapping()).wb_err) })
    }

    /// Whether a write failed since the mark. Leaves the error to those who are yet to be told of
    /// it: no file's own cursor moves, and the flags of older interfaces stay.
    ///
    /// # Errors
    ///
    /// The latest error of the pager.
    pub(crate) fn errors_since(&self, mark: ErrorMark) -> Result {
        // SAFETY: The mapping is valid.
        to_result(unsafe { bindings::errseq_check(&raw mut (*self.mapping()).wb_err, mark.0) })
    }

    /// Tells this very file of the write errors that it was not told of yet, as `fsync()` does.
    ///
    /// # Errors
    ///
    /// The latest of those errors.
    pub(crate) fn take_error(&self) -> Result {
        // SAFETY: The file is valid since there is a reference to it.
        to_result(unsafe { bindings::file_check_and_advance_wb_err(self.file.as_ptr()) })
    }

    /// Whether what is mapped is the storage itself (DAX): there are no folios, neither dirty nor
    /// resident, but there is something to write (`dax_writeback_mapping_range()`).
    pub(crate) fn is_memory(&self) -> bool {
        // SAFETY: The mapping is valid.
        unsafe { helpers::vm_map_sync_mapping_is_dax(self.mapping()) }
    }

    /// Whether any page of the whole pager is dirty.
    pub(crate) fn is_dirty(&self) -> bool {
        // SAFETY: The mapping is valid.
        unsafe { helpers::vm_map_sync_mapping_is_dirty(self.mapping()) }
    }

    /// Whether any page of the whole pager is being written.
    pub(crate) fn is_written(&self) -> bool {
        // SAFETY: The mapping is valid.
        unsafe { helpers::vm_map_sync_mapping_is_written(self.mapping()) }
    }

    /// Whether anybody has an entry locked in memory that maps any of `pages`, which are not empty.
    pub(super) fn is_wired(&self, pages: &Range<usize>) -> bool {
        // SAFETY: The mapping is valid.
        unsafe { helpers::vm_map_sync_mapping_is_wired(self.mapping(), pages.start, pages.end - 1) }
    }

    /// Starts writing what is dirty in `pages`, without a promise for each of them
    /// (`WB_SYNC_NONE`).
    ///
    /// # Errors
    ///
    /// What the file system says while it takes the pages.
    pub(crate) fn start_write(&self, pages: &Range<usize>) -> Result {
        let (first, last) = bytes(pages);
        // SAFETY: The mapping is valid.
        to_result(unsafe { bindings::filemap_flush_range(self.mapping(), first, last) })
    }

    /// Starts writing all that is dirty in `pages` (`WB_SYNC_ALL`). The writes are not waited for;
    /// see [`Folio::wait_written`](super::folios::Folio::wait_written).
    ///
    /// # Errors
    ///
    /// What the file system says while it takes the pages.
    pub(crate) fn write(&self, pages: &Range<usize>) -> Result {
        let (first, last) = bytes(pages);
        // SAFETY: The mapping is valid.
        to_result(unsafe { bindings::filemap_fdatawrite_range(self.mapping(), first, last) })
    }

    /// Makes durable what has been written and waited for: the rest of an `fdatasync()`. All in-tree
    /// file systems commit the metadata of the whole file, whatever the range; what they write
    /// before that is what is dirty in the range (`file_write_and_wait_range()`), or in all of the
    /// file (btrfs, ecryptfs).
    ///
    /// May leave it to [`take_error`](Self::take_error) to tell of errors of the writes.
    ///
    /// # Errors
    ///
    /// What `fdatasync()` would return.
    pub(crate) fn commit(&self) -> Result {
        // From the second byte to the first: an empty range, with nothing to write.
        const EMPTY: (bindings::loff_t, bindings::loff_t) = (1, 0);

        // SAFETY: The file is valid, and so is its table of operations.
        if unsafe { (*(*self.file.as_ptr()).f_op).fsync }.is_none() {
            // A file system that is never written to (squashfs) has nothing to commit.
            return Ok(());
        }
        // SAFETY: The file is valid.
        to_result(unsafe { bindings::vfs_fsync_range(self.file.as_ptr(), EMPTY.0, EMPTY.1, 1) })
    }

    /// Writes what the file system keeps about the file in memory, and waits for that.
    ///
    /// There are file systems that hold on to folios until then: NFS until the server has
    /// committed what was written. What happens to it is not the business of any file's cursor.
    pub(crate) fn write_metadata(&self) {
        // It is for the folios' sake; whether it helped is looked at by the caller.
        // SAFETY: The mapping is valid, and so is its inode.
        let _ = unsafe { bindings::sync_inode_metadata((*self.mapping()).host, 1) };
    }

    /// Has all processors put their cached references to folios back, if a folio of `pages` cannot
    /// be freed otherwise. `pages` must be the whole of that folio, which may be freed by this.
    ///
    /// This is the one exported way to `lru_add_drain_all()`.
    pub(crate) fn drain(&self, pages: &Range<usize>) {
        let (first, last) = bytes(pages);
        let length = last.saturating_sub(first).saturating_add(1);
        // It is a hint, so an error says nothing; the caller looks whether the folio is gone.
        // SAFETY: The file is valid.
        let _ = unsafe { helpers::vm_map_sync_file_dontneed(self.file.as_ptr(), first, length) };
    }

    /// Keeps new folios out of the pager, for an eviction.
    ///
    /// # Errors
    ///
    /// If the caller was killed while it waited.
    pub(crate) fn lock(&self) -> Result<EvictGuard<'_>, Killed> {
        // SAFETY: The mapping is valid.
        Killed::check(unsafe { helpers::vm_map_sync_invalidate_lock_killable(self.mapping()) })?;
        // INVARIANT: The lock was just taken.
        Ok(EvictGuard {
            pager: self,
            _nts: NotThreadSafe,
        })
    }
}

/// The invalidate lock of a pager, held: page faults cannot bring folios in.
///
/// # Invariants
///
/// The `invalidate_lock` of the pager's mapping is held for writing by this thread.
pub(crate) struct EvictGuard<'a> {
    pager: &'a Pager,
    // The lock must be dropped by the thread that took it.
    _nts: NotThreadSafe,
}

impl EvictGuard<'_> {
    /// Takes `pages` out of the page tables of all who map them. Private copies stay.
    pub(crate) fn unmap(&self, pages: &Range<usize>) {
        if !pages.is_empty() {
            // SAFETY: The mapping is valid.
            unsafe {
                bindings::unmap_mapping_pages(
                    self.pager.mapping(),
                    pages.start,
                    pages.len(),
                    false,
                );
            }
        }
    }

    /// Frees the folios that lie within `pages` and that are clean, unlocked and held by nobody.
    ///
    /// Returns the number of pages freed. It is exact only if a folio was there for each of
    /// `pages` when the lock was held already: `invalidate_mapping_pages()` counts the shadows
    /// that reclaimed folios left behind as well.
    pub(crate) fn evict(&self, pages: &Range<usize>) -> usize {
        if pages.is_empty() {
            return 0;
        }
        // SAFETY: The mapping is valid. The function takes no folio that has a reference more
        // than the page cache's own (`mapping_evict_folio()`, `__remove_mapping()`).
        unsafe {
            bindings::invalidate_mapping_pages(self.pager.mapping(), pages.start, pages.end - 1)
        }
    }
}

impl Drop for EvictGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this thread holds the lock.
        unsafe { helpers::vm_map_sync_invalidate_unlock(self.pager.mapping()) };
    }
}

/// The first and the last (inclusive) byte of a range of pages that is not empty.
fn bytes(pages: &Range<usize>) -> (bindings::loff_t, bindings::loff_t) {
    let byte = |page: usize| {
        bindings::loff_t::try_from(page)
            .ok()
            .and_then(|page| page.checked_mul(1 << PAGE_SHIFT))
    };
    let first = byte(pages.start).unwrap_or(bindings::loff_t::MAX);
    let last = byte(pages.end).map_or(bindings::loff_t::MAX, |end| end - 1);
    (first, last)
}
