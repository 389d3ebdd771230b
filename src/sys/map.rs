// SPDX-License-Identifier: GPL-2.0

//! Maps: the lock of an address space that can be waited for and killed.
//!
//! C header: `include/linux/mmap_lock.h`

use super::{
    entry::Entry,
    helpers,
    task::{
        self,
        Killed, //
    }, //
};
use core::{
    cmp::{
        max,
        min, //
    },
    marker::PhantomData,
    mem::MaybeUninit,
    ops::Range, //
};
use kernel::{
    bindings,
    mm::{
        virt::VmaRef,
        Mm,
        MmWithUser, //
    },
    types::NotThreadSafe, //
};

/// Whether nobody has the map any more, nor ever will have it again.
pub(crate) fn is_dead(mm: &Mm) -> bool {
    // SAFETY: `mm` is valid since it is a reference.
    unsafe { helpers::vm_map_sync_mm_is_dead(mm.as_raw()) }
}

/// The mmap read lock, held.
///
/// [`kernel::mm::MmapReadGuard`] cannot be made killably.
///
/// # Invariants
///
/// The mmap read lock of `mm` is held by this thread.
pub(crate) struct MapGuard<'a> {
    mm: &'a MmWithUser,
    // The lock must be dropped by the thread that took it.
    _nts: NotThreadSafe,
}

impl<'a> MapGuard<'a> {
    /// Takes the mmap read lock.
    ///
    /// # Errors
    ///
    /// If the caller was killed while it waited.
    pub(crate) fn lock(mm: &'a MmWithUser) -> Result<Self, Killed> {
        task::retry(|| {
            // SAFETY: `mm` is valid since it is a reference.
            let code = unsafe { helpers::vm_map_sync_mmap_read_lock_killable(mm.as_raw()) };
            // INVARIANT: The lock was just taken.
            (code == 0).then(|| Self {
                mm,
                _nts: NotThreadSafe,
            })
        })
    }

    /// Takes it, if that needs no waiting.
    pub(crate) fn try_lock(mm: &'a MmWithUser) -> Option<Self> {
        // SAFETY: `mm` is valid since it is a reference.
        let locked = unsafe { helpers::vm_map_sync_mmap_read_trylock(mm.as_raw()) };
        // INVARIANT: The lock was just taken.
        locked.then(|| Self {
            mm,
            _nts: NotThreadSafe,
        })
    }

    /// Whether somebody waits for the lock, to change the map.
    pub(crate) fn is_contended(&self) -> bool {
        // SAFETY: `mm` is valid since it is a reference.
        unsafe { helpers::vm_map_sync_mmap_is_contended(self.mm.as_raw()) }
    }

    /// Lets those through who wait for the lock. Says whether the map is still what it was.
    ///
    /// # Errors
    ///
    /// If the caller was killed while it waited for the lock again.
    pub(crate) fn give_way(self) -> Result<(Self, bool), Killed> {
        let mm = self.mm;
        let mut changes = 0;
        // SAFETY: `mm` is valid since it is a reference.
        let known = unsafe { helpers::vm_map_sync_mmap_changes(mm.as_raw(), &mut changes) };
        drop(self);
        let again = Self::lock(mm)?;
        // Whoever changes a map has it locked for writing, which is counted.
        // SAFETY: `mm` is valid since it is a reference.
        let same = known && !unsafe { helpers::vm_map_sync_mmap_has_changed(mm.as_raw(), changes) };
        Ok((again, same))
    }

    /// Takes the tag bits out of an address, as this address space uses them.
    pub(crate) fn untag(&self, address: usize) -> usize {
        // SAFETY: `mm` is valid, and by the type invariants its mmap lock is held, as
        // `untagged_addr_remote()` asks.
        unsafe { helpers::vm_map_sync_untagged_addr_remote(self.mm.as_raw(), address) }
    }

    /// The end of the map in bytes (exclusive): nothing can be mapped from there on.
    pub(crate) fn size(&self) -> usize {
        // SAFETY: `mm` is valid since it is a reference; its size was set when it was made.
        unsafe { helpers::vm_map_sync_mmap_size(self.mm.as_raw()) }
    }

    /// How many entries the map has.
    pub(crate) fn count(&self) -> usize {
        // SAFETY: `mm` is valid since it is a reference.
        unsafe { helpers::vm_map_sync_mmap_count(self.mm.as_raw()) }
    }

    /// Takes what lies in `part` of a shared entry of this map out of the page tables of the map.
    pub(crate) fn unmap(&self, entry: Entry<'_>, part: &Range<usize>) {
        let own = entry.range();
        let part = max(part.start, own.start)..min(part.end, own.end);
        if !part.is_empty() && entry.is_shared() {
            // SAFETY: An entry lives as long as the lock under which it was found, so the lock that
            // the function asks for is held; the range lies within the entry and is page aligned.
            unsafe { bindings::zap_vma_range(entry.as_ptr(), part.start, part.len()) };
        }
    }

    /// The entries from `address` on; the first one may contain it.
    pub(crate) fn entries(&self, address: usize) -> Entries<'_> {
        let mut iterator = MaybeUninit::uninit();
        // SAFETY: `mm` is valid since it is a reference; any address is fine.
        unsafe {
            let iterator = iterator.as_mut_ptr();
            helpers::vm_map_sync_vma_iter_init(iterator, self.mm.as_raw(), address);
        }
        // INVARIANT: It was just made, and the guard that is borrowed holds the lock.
        Entries {
            // SAFETY: All of it was just written.
            iterator: unsafe { iterator.assume_init() },
            _guard: PhantomData,
        }
    }
}

/// The entries of a map, in the order of their addresses.
///
/// # Invariants
///
/// The iterator is one of a map whose mmap read lock is held for `'a`.
pub(crate) struct Entries<'a> {
    iterator: bindings::vma_iterator,
    _guard: PhantomData<&'a MapGuard<'a>>,
}

impl<'a> Entries<'a> {
    /// The next entry, if there is one (`vma_next()`).
    pub(crate) fn next(&mut self) -> Option<Entry<'a>> {
        // SAFETY: By the type invariants the mmap read lock is held, as it was all the time since
        // the iterator was made.
        let vma = unsafe { bindings::mas_find(&mut self.iterator.mas, usize::MAX) }
            .cast::<bindings::vm_area_struct>();
        if vma.is_null() {
            return None;
        }
        // SAFETY: `vma` was just found under the mmap read lock, which is held for `'a`.
        Some(Entry::new(unsafe { VmaRef::from_raw(vma) }))
    }
}

impl Drop for MapGuard<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this thread holds the lock.
        unsafe { bindings::mmap_read_unlock(self.mm.as_raw()) };
    }
}
