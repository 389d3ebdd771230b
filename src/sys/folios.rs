// SPDX-License-Identifier: GPL-2.0

//! Folios: what a pager has in the page cache.
//!
//! C headers: `include/linux/pagemap.h`, `include/linux/folio_batch.h`

use super::{
    helpers,
    pager::Pager,
    task::{
        self,
        Killed, //
    }, //
};
use core::{
    cmp::max,
    ops::Range, //
};
use kernel::bindings;

/// Which folios to walk over.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// All that are in the page cache.
    Resident,
    /// Those that are dirty.
    Dirty,
    /// Those that are being written.
    Writeback,
}

/// A walk over the folios that have a page within a range.
///
/// It costs time for the folios that it finds, not for the pages that it passes over. A batch of
/// folios is referenced at a time; a folio that is referenced cannot be freed, so the walk has to
/// be dropped first.
///
/// # Invariants
///
/// The batch holds a reference to each of its first `nr` folios.
pub(crate) struct Folios<'a> {
    pager: &'a Pager,
    which: Which,
    rest: Range<usize>,
    batch: bindings::folio_batch,
    position: usize,
}

impl<'a> Folios<'a> {
    /// Starts a walk over `pages`.
    pub(crate) fn new(pager: &'a Pager, which: Which, pages: Range<usize>) -> Self {
        Self {
            pager,
            which,
            rest: pages,
            // INVARIANT: No folio, no reference.
            batch: bindings::folio_batch::default(),
            position: 0,
        }
    }

    /// The next folio, in the order of the file.
    pub(crate) fn next(&mut self) -> Option<Folio<'_>> {
        if self.position >= usize::from(self.batch.nr) {
            self.refill();
        }
        if self.position >= usize::from(self.batch.nr) {
            return None;
        }
        let folio = self.batch.folios.get(self.position).copied()?;
        self.position += 1;
        // INVARIANT: The batch holds a reference, and cannot drop it while it is borrowed.
        Some(Folio {
            folio,
            pager: self.pager,
        })
    }

    fn refill(&mut self) {
        self.release();
        if self.rest.is_empty() {
            return;
        }
        let (mapping, end) = (self.pager.mapping(), self.rest.end - 1);
        let find = match self.which {
            Which::Resident => bindings::filemap_get_folios,
            Which::Dirty => helpers::vm_map_sync_get_folios_dirty,
            Which::Writeback => helpers::vm_map_sync_get_folios_writeback,
        };
        // SAFETY: The mapping is valid; the batch is empty, and what is put into it comes with a
        // reference.
        unsafe { find(mapping, &mut self.rest.start, end, &mut self.batch) };
    }

    fn release(&mut self) {
        // SAFETY: By the type invariants the references are ours to drop. The function empties
        // the batch.
        unsafe { helpers::vm_map_sync_folio_batch_release(&mut self.batch) };
        self.position = 0;
    }
}

impl Drop for Folios<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

/// A folio, referenced by the walk that found it.
///
/// # Invariants
///
/// There is a reference to the folio for as long as this lives.
pub(crate) struct Folio<'a> {
    folio: *mut bindings::folio,
    pager: &'a Pager,
}

impl Folio<'_> {
    /// Its pages, by their index in the pager; they may stick out of the range of the walk.
    pub(crate) fn pages(&self) -> Range<usize> {
        // SAFETY: The folio is valid by the type invariants.
        let (first, count) = unsafe {
            (
                helpers::vm_map_sync_folio_index(self.folio),
                helpers::vm_map_sync_folio_nr_pages(self.folio),
            )
        };
        first..first.saturating_add(count)
    }

    /// Whether it is dirty.
    pub(crate) fn is_dirty(&self) -> bool {
        // SAFETY: The folio is valid by the type invariants.
        unsafe { helpers::vm_map_sync_folio_is_dirty(self.folio) }
    }

    /// Whether it is being written.
    pub(crate) fn is_written(&self) -> bool {
        // SAFETY: The folio is valid by the type invariants.
        unsafe { helpers::vm_map_sync_folio_is_written(self.folio) }
    }

    /// Whether it is in any page table.
    pub(crate) fn is_mapped(&self) -> bool {
        // SAFETY: The folio is valid by the type invariants.
        unsafe { helpers::vm_map_sync_folio_is_mapped(self.folio) }
    }

    /// Whether somebody has any of it locked in memory (`mlock()`). `looks` as for [`Pager::is_elsewhere`].
    pub(crate) fn is_wired(&self, looks: Option<&mut u32>) -> bool {
        // SAFETY: The folio is valid by the type invariants.
        let marked = unsafe { helpers::vm_map_sync_folio_is_wired(self.folio) };
        let pages = self.pages();
        // A large folio is not marked if only a part of it is locked, and the mark can stay for a
        // while when nobody has it locked any more: the entries that map it have the last word.
        (marked || pages.len() > 1) && self.pager.is_wired(&pages, looks)
    }

    /// Waits until it has been written, if it is being written.
    ///
    /// A disk answers or fails; a server may do neither, and then a worker of a ring would be stuck with it
    /// whatever becomes of the request.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn wait_written(&self) -> Result<(), Killed> {
        if task::is_ring_worker() && self.pager.is_remote() {
            return task::look_out(|| !self.is_written());
        }
        // SAFETY: The folio is valid by the type invariants.
        Killed::check(unsafe { bindings::folio_wait_writeback_killable(self.folio) })
    }

    /// Waits until nobody has it locked who may be about to write it. What is being read in is not
    /// waited for.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn wait_unlocked(&self) -> Result<(), Killed> {
        // SAFETY: The folio is valid by the type invariants.
        if unsafe { helpers::vm_map_sync_folio_is_taken(self.folio) } {
            self.lock()?;
            // SAFETY: It was just locked.
            unsafe { bindings::folio_unlock(self.folio) };
        }
        Ok(())
    }

    /// Waits until nobody has it locked, such as for reading it from the disk, and says whether its
    /// file system is all that keeps it from being freed. Asks the file system to let go of it.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn is_claimed(&self) -> Result<bool, Killed> {
        self.lock()?;
        // SAFETY: The folio is valid, it was just locked, and the walk holds one reference to it.
        Ok(unsafe {
            let claimed = helpers::vm_map_sync_folio_is_claimed(self.folio);
            bindings::folio_unlock(self.folio);
            claimed
        })
    }

    /// Locks it, for the caller to unlock. As with [what is being written](Self::wait_written), a server
    /// may never give it back.
    fn lock(&self) -> Result<(), Killed> {
        if task::is_ring_worker() && self.pager.is_remote() {
            // SAFETY: The folio is valid by the type invariants.
            return task::look_out(|| unsafe { helpers::vm_map_sync_folio_trylock(self.folio) });
        }
        // SAFETY: As above.
        Killed::check(unsafe { helpers::vm_map_sync_folio_lock_killable(self.folio) })
    }
}

/// The first of `pages` that is in the page cache.
///
/// A walk finds the next few folios at once, however far the way to them is in a sparse file.
pub(crate) fn first_resident(pager: &Pager, pages: &Range<usize>) -> Option<usize> {
    let mut index = pages.start;
    if pages.is_empty() {
        return None;
    }
    // SAFETY: The mapping is valid.
    let entry = unsafe {
        bindings::xa_find(
            &raw mut (*pager.mapping()).i_pages,
            &mut index,
            pages.end - 1,
            bindings::XA_PRESENT,
        )
    };
    if entry.is_null() {
        None
    } else if entry.addr() & 1 == 0 {
        Some(index)
    } else {
        // Not a folio, but the shadow of one (`xa_is_value()`). There may be many more of them, and
        // a walk passes by them faster.
        let folio = Folios::new(pager, Which::Resident, index..pages.end)
            .next()?
            .pages();
        Some(max(index, folio.start))
    }
}

/// The first of `pages` that is dirty. If it is a large folio, that may start before `pages`.
pub(crate) fn first_dirty(pager: &Pager, pages: &Range<usize>) -> Option<usize> {
    let mut index = pages.start;
    if pages.is_empty() {
        return None;
    }
    // SAFETY: The mapping is valid.
    unsafe { helpers::vm_map_sync_find_dirty(pager.mapping(), &mut index, pages.end - 1) }
        .then_some(index)
}

/// Waits for the writes that are under way in `pages`.
///
/// Says nothing of their success: see [`Pager::errors_since`].
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn wait_written(pager: &Pager, pages: &Range<usize>) -> Result<(), Killed> {
    if pager.is_written() {
        wait_each_written(pager, pages)
    } else {
        Ok(())
    }
}

// Where nothing is being written, as mostly, it is to cost no more than a look.
#[inline(never)]
fn wait_each_written(pager: &Pager, pages: &Range<usize>) -> Result<(), Killed> {
    let mut folios = Folios::new(pager, Which::Writeback, pages.clone());
    while let Some(folio) = folios.next() {
        folio.wait_written()?;
        task::checkpoint()?;
    }
    Ok(())
}
