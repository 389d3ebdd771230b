// SPDX-License-Identifier: GPL-2.0

//! Evict: the one place that takes folios out of page tables and out of the page cache.
//!
//! C headers: `include/linux/pagemap.h`, `include/linux/fs.h`

use super::{
    folios::Folio,
    helpers,
    pager::{
        bytes,
        Pager, //
    },
    task::{
        self,
        Killed, //
    }, //
};
use core::ops::Range;
use kernel::{
    bindings,
    types::NotThreadSafe, //
};

impl Pager {
    /// Keeps page faults from bringing new folios into the pager, for an eviction.
    ///
    /// Whoever waits for a server's answer to a page fault has the lock, so a worker of a ring does not
    /// queue for it.
    ///
    /// # Errors
    ///
    /// If the caller was killed while it waited.
    pub(crate) fn lock(&self) -> Result<EvictGuard<'_>, Killed> {
        let mapping = self.mapping();
        if task::is_ring_worker() && self.is_remote() {
            // SAFETY: The mapping is valid.
            task::look_out(|| unsafe { helpers::vm_map_sync_invalidate_trylock(mapping) })?;
        } else {
            // SAFETY: The mapping is valid.
            Killed::check(unsafe { helpers::vm_map_sync_invalidate_lock_killable(mapping) })?;
        }
        // INVARIANT: The lock was just taken; the pager keeps the mapping valid.
        Ok(EvictGuard {
            pager: self,
            mapping,
            _nts: NotThreadSafe,
        })
    }
}

/// The invalidate lock of a pager, held: page faults cannot bring folios in.
///
/// # Invariants
///
/// `mapping` is valid, and its `invalidate_lock` is held for writing by this thread.
pub(crate) struct EvictGuard<'a> {
    pager: &'a Pager,
    /// The one that was locked, whatever becomes of the file's `f_mapping`.
    mapping: *mut bindings::address_space,
    // The lock must be dropped by the thread that took it.
    _nts: NotThreadSafe,
}

impl EvictGuard<'_> {
    /// Takes `pages` out of the page tables of all who map them. Private copies stay.
    pub(crate) fn unmap(&self, pages: &Range<usize>) {
        if !pages.is_empty() {
            // SAFETY: The mapping is valid.
            unsafe {
                bindings::unmap_mapping_pages(self.mapping, pages.start, pages.len(), false);
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
        unsafe { bindings::invalidate_mapping_pages(self.mapping, pages.start, pages.end - 1) }
    }

    /// Has all processors put their cached references to folios back, if anybody has one to `folio`.
    ///
    /// The one exported way to `lru_add_drain_all()` is `POSIX_FADV_DONTNEED`, for a folio that it fails
    /// to free. It fails here, since the walk that found the folio has a reference to it; and with the
    /// lock held nobody can truncate the file meanwhile, which would put the folio elsewhere.
    pub(crate) fn drain(&self, folio: &Folio<'_>) {
        let (first, last) = bytes(&folio.pages());
        let length = last.saturating_sub(first).saturating_add(1);
        let file = self.pager.file().as_ptr();
        // It is a hint, so an error says nothing.
        // SAFETY: The file is valid.
        let _ = unsafe { helpers::vm_map_sync_file_dontneed(file, first, length) };
    }
}

impl Drop for EvictGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this thread holds the lock.
        unsafe { helpers::vm_map_sync_invalidate_unlock(self.mapping) };
    }
}
