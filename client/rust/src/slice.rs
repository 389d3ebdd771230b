// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Slices: calls by what one holds, instead of its addresses.

use crate::{
    error::SyncError,
    flags::Flags,
    map::Map,
    outcome::Outcome,
    stat::Stat, //
};

/// Calls about slices, and about whatever derefs to one: a `memmap2::Mmap` or `MmapMut`, a `&mut [T]`, a
/// `Vec`. It is borrowed for the call.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let file = std::fs::File::open("index")?;
/// use vm_map_sync::{Flags, Map, SliceExt};
///
/// // SAFETY: Nobody else changes the file.
/// let mut index = unsafe { memmap2::MmapMut::map_mut(&file) }?;
/// index[..4].copy_from_slice(b"done");
///
/// let map = Map::current()?;
/// index[..4].sync(&map, Flags::SYNCIO)?;
/// println!("{} pages are cached", index.stat(&map, Flags::empty())?.resident);
/// println!("{} pages freed", index.evict(&map, Flags::SYNCIO)?.freed);
/// # Ok(())
/// # }
/// ```
///
/// It is always the caller's own memory, whosever map the handle is on. An empty slice is nothing: a call does
/// nothing to it, and succeeds. Memory without a file, such as that of a `Vec`, is
/// [left as it is](Outcome::unpaged).
///
/// # Why this is safe
///
/// A call never changes what is in a slice, although pages of it, or beside it in the same pages, may leave
/// memory and be read from their file again:
///
/// - Pages are freed only after they were written, and only of shared mappings and of those parts of private
///   ones that were not written to: private copies and memory without a file stay where they are. What is read
///   again is what was written, unless somebody else has written to the file; but that nobody does so is what
///   whoever has made a slice of a mapped file has promised already (as by `memmap2::Mmap::map`), since it
///   would show in the slice without any call.
/// - Pages whose write has failed are the exception: the disk has something else. They are not freed, unless
///   [`FORGET_ERRORS`](Flags::FORGET_ERRORS) is passed, so calls with a slice do not take that: they are refused
///   with [`Reason::Borrowed`](crate::Reason::Borrowed). The range of the file, by its
///   [descriptor](Map::sync_file), takes it, and so do addresses: it is for who knows that nobody relies on
///   what is lost, as to write to the file is, which takes no `unsafe` either.
/// - The kernel reads memory but for the compiler, as it does when it writes a page by itself. So what a `T` is
///   does not matter, nor that it can have padding.
pub trait SliceExt: sealed::Slice {
    /// Pushes the dirty pages of it to their files: [`Map::sync`].
    ///
    /// # Errors
    ///
    /// As for [`Map::sync`].
    fn sync(&self, map: &Map, flags: Flags) -> Result<Outcome, SyncError>;

    /// Pushes the dirty pages of it, and frees what is cached of it: [`Map::evict`].
    ///
    /// # Errors
    ///
    /// As for [`Map::sync`].
    fn evict(&self, map: &Map, flags: Flags) -> Result<Outcome, SyncError>;

    /// Looks at what of it is in the page cache: [`Map::stat`].
    ///
    /// # Errors
    ///
    /// As for [`Map::stat`].
    fn stat(&self, map: &Map, flags: Flags) -> Result<Stat, SyncError>;
}

impl<T> SliceExt for [T] {
    fn sync(&self, map: &Map, flags: Flags) -> Result<Outcome, SyncError> {
        map.sync(self, flags)
    }

    fn evict(&self, map: &Map, flags: Flags) -> Result<Outcome, SyncError> {
        map.evict(self, flags)
    }

    fn stat(&self, map: &Map, flags: Flags) -> Result<Stat, SyncError> {
        map.stat(self, flags)
    }
}

/// Nobody else implements the trait, so that it can grow.
mod sealed {
    pub trait Slice {}

    impl<T> Slice for [T] {}
}
