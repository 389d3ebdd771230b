// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Maps: a handle on an address space.

use crate::{
    call,
    error::{
        OpenError,
        SyncError, //
    },
    flags::Flags,
    outcome::Outcome,
    request::One,
    target::Target, //
};
use std::{
    fs::File,
    ops::RangeBounds,
    os::fd::{
        AsFd,
        BorrowedFd,
        OwnedFd, //
    },
};

/// The device that gives handles on address spaces.
pub const DEVICE: &str = "/dev/vm_map_sync";

/// A handle on the address space of the process that opened it.
///
/// It stays with that address space: a child that inherits the descriptor, or a process that is
/// sent it, acts on the memory of the opener, unless it passes [`Flags::SELF`]. Once the opener has
/// exited, or has executed another program, every other call answers
/// [`Reason::Dead`](crate::Reason::Dead). Ranges of files are the caller's own in any case.
#[derive(Debug)]
pub struct Map(OwnedFd);

impl Map {
    /// Opens a handle on the address space of this process. One is enough for all calls, and for all threads.
    ///
    /// ```no_run
    /// # fn main() {
    /// match vm_map_sync::Map::current() {
    ///     Ok(map) => println!("{map:?} is ready"),
    ///     // Is the module loaded? It says what to do.
    ///     Err(error) => eprintln!("{error}"),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the device cannot be opened; the error says what to do about it.
    pub fn current() -> Result<Self, OpenError> {
        match File::open(DEVICE) {
            Ok(device) => Ok(Self(device.into())),
            Err(error) => Err(OpenError(error)),
        }
    }

    /// Pushes the dirty pages of a target to their files, and does what `flags` ask for.
    ///
    /// The target is a range of addresses, a slice, or any other [`Target`]. It is in bytes and is rounded
    /// outwards to pages. An empty range stands for the whole mapping that contains its start. Without
    /// flags the writing starts and the call returns.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use vm_map_sync::{Flags, Map};
    ///
    /// /// Makes durable all that this process has mapped.
    /// fn checkpoint(map: &Map) -> Result<(), vm_map_sync::SyncError> {
    ///     let all = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    ///     map.sync(0..usize::MAX, Flags::SYNCIO | all)?;
    ///     Ok(())
    /// }
    /// # checkpoint(&Map::current()?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`SyncError::Refused`]: the range cannot be dealt with, and nothing happened to it.
    /// - [`SyncError::Failed`]: something went wrong on the way; the rest was done. Pages that could
    ///   not be freed, and only that, are [`Reason::Busy`](crate::Reason::Busy).
    /// - [`SyncError::Call`]: the call itself did not come through.
    pub fn sync<'a>(
        &self,
        target: impl Into<Target<'a>>,
        flags: Flags,
    ) -> Result<Outcome, SyncError> {
        let target = target.into();
        if target.is_nothing() {
            return Ok(target.nothing_done());
        }
        let mut request = One::new(target, flags)?;
        let code = call::sync(self.as_fd(), &mut request);
        request.finish(self, code)
    }

    /// Pushes the dirty pages of a target to their files, and frees what is cached of it, from every process
    /// that has it mapped. That is [`sync`](Self::sync) with [`INVALIDATE`](Flags::INVALIDATE) among the flags.
    ///
    /// What was dirty is written first, but durable only with [`SYNCIO`](Flags::SYNCIO). With
    /// [`SPARE_SHARED`](Flags::SPARE_SHARED) what others have mapped stays.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let archive = [0_u8; 0];
    /// use vm_map_sync::{Flags, Map, Reason, SyncError};
    ///
    /// match Map::current()?.evict(&archive[..], Flags::empty()) {
    ///     Ok(done) => println!("{} pages freed", done.freed),
    ///     // Somebody has them in use. They are written all the same.
    ///     Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => println!("{fault}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync).
    pub fn evict<'a>(
        &self,
        target: impl Into<Target<'a>>,
        flags: Flags,
    ) -> Result<Outcome, SyncError> {
        self.sync(target, flags | Flags::INVALIDATE)
    }

    /// [`sync`](Self::sync) of a slice, or of what derefs to one, such as a memory map.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut journal = vec![0_u8; 4096];
    /// use vm_map_sync::{Flags, Map};
    ///
    /// let map = Map::current()?;
    /// journal[..5].copy_from_slice(b"begin");
    /// map.sync_slice(&journal[..5], Flags::SYNCIO)?;
    /// map.sync_slice(&journal, Flags::SYNCIO | Flags::INVALIDATE)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync), and those of a [slice](Target::slice).
    pub fn sync_slice<T>(&self, slice: &[T], flags: Flags) -> Result<Outcome, SyncError> {
        self.sync(slice, flags)
    }

    /// [`sync`](Self::sync) of a range of a file, by the same rules as for a mapping of that file. It need not be
    /// mapped.
    ///
    /// The range is in bytes, such as `..`, which is all of the file, and is rounded outwards to
    /// pages. An empty one is refused; what lies behind the end of the file is not there, and no
    /// error. A file that is open for writing only will do.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use vm_map_sync::{Flags, Map};
    ///
    /// // Its first MiB: durable, and out of the page cache.
    /// let log = std::fs::File::open("log")?;
    /// Map::current()?.sync_file(&log, ..1 << 20, Flags::SYNCIO | Flags::INVALIDATE)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`sync`](Self::sync), and [`Reason::Descriptor`](crate::Reason::Descriptor) for what
    /// cannot be mapped. Places are byte offsets in the file.
    pub fn sync_file(
        &self,
        file: impl AsFd,
        range: impl RangeBounds<u64>,
        flags: Flags,
    ) -> Result<Outcome, SyncError> {
        self.sync(Target::file(file.as_fd(), range), flags)
    }
}

/// A descriptor that was opened or received by other means. That it is one of the device is for whoever has
/// received it to know, and shows when it is used: nothing else knows the commands (`ENOTTY`), unless another
/// driver has taken the same numbers for its own ones.
impl From<OwnedFd> for Map {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl From<Map> for OwnedFd {
    fn from(map: Map) -> Self {
        map.0
    }
}

impl AsFd for Map {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
impl Map {
    /// A handle that is none.
    pub(crate) fn of_nothing() -> Self {
        Self(File::open("/dev/null").expect("it is there").into())
    }
}
