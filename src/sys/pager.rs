// SPDX-License-Identifier: GPL-2.0

//! Pagers: a file whose pages can be written back and dropped (an `address_space`).
//!
//! C headers: `include/linux/pagemap.h`, `include/linux/fs.h`

use super::{
    errors::told,
    helpers,
    rights::Rights, //
};
use core::{
    ops::Range,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    fs::File,
    mm::Mm,
    page::PAGE_SHIFT,
    prelude::*,
    sync::aref::ARef, //
};

/// A pager that somebody else holds on to, seen without a reference of one's own.
///
/// # Invariants
///
/// The mapping is the one that has the pages of the file: it lives as long as the file, and it can be
/// written back.
#[derive(Clone, Copy)]
pub(crate) struct PagerRef<'a> {
    file: &'a File,
    mapping: *mut bindings::address_space,
}

impl<'a> PagerRef<'a> {
    /// The pager of a file that is mapped.
    ///
    /// Returns `None` if nothing of the file can be written back (`mapping_can_writeback()`). What is
    /// only ever read counts as written back: its pages are always clean, and can be read again.
    pub(crate) fn new(file: &'a File) -> Option<Self> {
        // SAFETY: `f_mapping` is set when a file is opened, and what it points to lives as long as
        // the file.
        Self::with(file, unsafe { (*file.as_ptr()).f_mapping })
    }

    /// The pager of a file that is open. A mapping of it may be one of another file, which is below it
    /// (overlayfs); but it has the same pager.
    pub(crate) fn of_descriptor(file: &'a File) -> Option<Self> {
        Self::with(file, real_mapping(file))
    }

    fn with(file: &'a File, mapping: *mut bindings::address_space) -> Option<Self> {
        // SAFETY: The callers pass a mapping of the file, which is valid.
        let writes_back = unsafe { helpers::vm_map_sync_mapping_can_writeback(mapping) };
        // INVARIANT: Just looked at.
        writes_back.then_some(Self { file, mapping })
    }

    /// Takes a reference.
    pub(crate) fn hold(self) -> Pager {
        // INVARIANT: That of `self`.
        Pager {
            file: ARef::from(self.file),
            mapping: self.mapping,
        }
    }

    /// Whether it is the pager of this very file.
    pub(crate) fn is_of(self, file: &File) -> bool {
        core::ptr::eq(self.file, file)
    }

    /// Which file this is: equal only for the very same one, as long as somebody holds it.
    pub(crate) fn file(self) -> usize {
        self.file.as_ptr().addr()
    }
}

/// The mapping that has the pages of an open file; valid as long as that is.
pub(super) fn real_mapping(file: &File) -> *mut bindings::address_space {
    let file = file.as_ptr();
    // SAFETY: The file is valid, and `f_mapping` and `f_inode` are set when a file is opened. An
    // overlayfs keeps the inodes below its own for as long as it has that.
    unsafe {
        let real = helpers::vm_map_sync_file_real_inode(file);
        if real.is_null() || real == (*file).f_inode {
            (*file).f_mapping
        } else {
            (*real).i_mapping
        }
    }
}

/// A pager, with a reference to the file through which it was found.
///
/// # Invariants
///
/// That of [`PagerRef`].
#[derive(Clone)]
pub(crate) struct Pager {
    file: ARef<File>,
    mapping: *mut bindings::address_space,
}

// SAFETY: The mapping is shared by all who have the file open, on any thread, and is valid as long as the
// reference to the file is there.
unsafe impl Send for Pager {}

// SAFETY: As above.
unsafe impl Sync for Pager {}

impl Pager {
    /// The file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// The mapping: valid as long as `self` is.
    pub(super) fn mapping(&self) -> *mut bindings::address_space {
        self.mapping
    }

    /// Which pager this is: equal for all files that share one page cache.
    pub(crate) fn id(&self) -> usize {
        self.mapping().addr()
    }

    /// Whether it is this very pager, found through the same file.
    pub(crate) fn is(&self, found: PagerRef<'_>) -> bool {
        found.is_of(self.file())
    }

    /// Whether it is the pager of the same file, hence found with the same rights.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        core::ptr::eq(self.file(), other.file())
    }

    /// Whether the file is open for writing.
    pub(crate) fn is_writable(&self) -> bool {
        // SAFETY: The file is valid since there is a reference to it.
        unsafe { helpers::vm_map_sync_file_is_writable(self.file.as_ptr()) }
    }

    /// Whether the caller owns the file or could open it for writing, the rule of `mincore()`
    /// (`can_do_mincore()`). May ask the file system, hence sleep and do I/O.
    ///
    /// Of what overlayfs maps it is the file that the user sees which is asked.
    pub(crate) fn may_write(&self) -> bool {
        // SAFETY: The file is valid since there is a reference to it.
        unsafe { helpers::vm_map_sync_file_may_write(self.file.as_ptr()) }
    }

    /// The same, if that takes no waiting.
    pub(crate) fn may_write_at_once(&self) -> Option<bool> {
        // SAFETY: The file is valid since there is a reference to it.
        let code = unsafe { helpers::vm_map_sync_file_may_write_at_once(self.file.as_ptr()) };
        match to_result(code) {
            Err(ECHILD) => None,
            answer => Some(answer.is_ok()),
        }
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

    /// Whether anybody has an entry locked in memory that maps any of `pages`, which are not empty. `looks`
    /// as for [`is_elsewhere`](Self::is_elsewhere).
    pub(super) fn is_wired(&self, pages: &Range<usize>, looks: Option<&mut u32>) -> bool {
        // SAFETY: The mapping is valid, and `looks` is a number or null.
        unsafe {
            helpers::vm_map_sync_mapping_is_wired(
                self.mapping(),
                pages.start,
                pages.end - 1,
                number_or_null(looks),
            )
        }
    }

    /// Whether any map but `map` has an entry that maps any of `pages`, which are not empty.
    ///
    /// If there are `looks`, no more entries than that are looked at, which is counted down, and no lock is
    /// waited for: what is said means nothing if they are 0 afterwards.
    pub(crate) fn is_elsewhere(
        &self,
        pages: &Range<usize>,
        map: &Mm,
        looks: Option<&mut u32>,
    ) -> bool {
        // SAFETY: The mapping is valid, `map` is only compared, and `looks` is a number or null.
        unsafe {
            helpers::vm_map_sync_mapping_is_elsewhere(
                self.mapping(),
                pages.start,
                pages.end - 1,
                map.as_raw(),
                number_or_null(looks),
            )
        }
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
            .map_err(told)
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
            .map_err(told)
    }

    /// Whether the file system records the failure of a write only after the folios count as written
    /// (btrfs: `end_bbio_data_write()`, `btrfs_finish_one_ordered()`). Its commit waits for that.
    pub(crate) fn records_errors_late(&self) -> bool {
        // SAFETY: The mapping is valid, and so are its inode and the superblock of that.
        let magic = unsafe { (*(*(*self.mapping()).host).i_sb).s_magic };
        u32::try_from(magic) == Ok(bindings::BTRFS_SUPER_MAGIC)
    }

    /// Whether the file system is on a server, and not on a disk of its own as the others are.
    ///
    /// btrfs is not, whose disks the superblock does not name.
    pub(crate) fn is_remote(&self) -> bool {
        // SAFETY: The mapping is valid, and so are its inode and the superblock of that.
        let no_disk = unsafe { (*(*(*self.mapping()).host).i_sb).s_bdev.is_null() };
        no_disk && !self.records_errors_late()
    }

    /// Makes durable what has been written and waited for: the rest of an `fdatasync()`. All in-tree
    /// file systems commit the metadata of the whole file, whatever the range; what they write
    /// before and after that is what is dirty in the range (`file_write_and_wait_range()`,
    /// `nfs_file_fsync()`), or in all of the file (btrfs, ecryptfs). An empty range writes nothing.
    ///
    /// May leave it to [`take_error`](Self::take_error) to tell of errors of the writes.
    ///
    /// # Errors
    ///
    /// What `fdatasync()` would return.
    pub(crate) fn commit(&self, pages: &Range<usize>) -> Result {
        // SAFETY: The file is valid, and so is its table of operations.
        if unsafe { (*(*self.file.as_ptr()).f_op).fsync }.is_none() {
            // A file system that is never written to (squashfs) has nothing to commit.
            return Ok(());
        }
        let (first, last) = if pages.is_empty() {
            (1, 0)
        } else {
            bytes(pages)
        };
        // SAFETY: The file is valid.
        to_result(unsafe { bindings::vfs_fsync_range(self.file.as_ptr(), first, last, 1) })
            .map_err(told)
    }

    /// The same pager, through a file that is opened anew as the old one was, with the rights of who
    /// opened that; for reading only, if its file system has become read-only. It has an error cursor of
    /// its own.
    ///
    /// # Errors
    ///
    /// What opening it returns; `ESTALE` if what is opened has another page cache.
    pub(crate) fn open_again(&self) -> Result<Self> {
        let rights = Rights::of_file(&self.file);
        let open = |mode: u32| {
            let mode = i32::try_from(mode)?;
            // SAFETY: The file and the credentials are valid.
            from_err_ptr(unsafe {
                helpers::vm_map_sync_file_open_again(self.file.as_ptr(), mode, rights.as_ptr())
            })
            .map_err(told)
        };
        let file = {
            // A server is asked by its owner, not by whoever has got at his map.
            let _assumed = rights.assume();
            match open(self.file.flags() & bindings::O_ACCMODE) {
                Err(EROFS) => open(bindings::O_RDONLY)?,
                opened => opened?,
            }
        };
        let file = NonNull::new(file.cast::<File>()).ok_or(EIO)?;
        // SAFETY: The file was just opened: the reference is ours, and nobody else uses it.
        let file: ARef<File> = unsafe { ARef::from_raw(file) };
        if real_mapping(&file) == self.mapping {
            // INVARIANT: That of `self`; it is the same mapping.
            Ok(Self {
                file,
                mapping: self.mapping,
            })
        } else {
            Err(ESTALE)
        }
    }
}

fn number_or_null(number: Option<&mut u32>) -> *mut u32 {
    number.map_or(ptr::null_mut(), |number| number)
}

/// The first and the last (inclusive) byte of a range of pages that is not empty.
pub(super) fn bytes(pages: &Range<usize>) -> (bindings::loff_t, bindings::loff_t) {
    let byte = |page: usize| {
        bindings::loff_t::try_from(page)
            .ok()
            .and_then(|page| page.checked_mul(1 << PAGE_SHIFT))
    };
    let first = byte(pages.start).unwrap_or(bindings::loff_t::MAX);
    let last = byte(pages.end).map_or(bindings::loff_t::MAX, |end| end - 1);
    (first, last)
}
