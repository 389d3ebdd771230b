// SPDX-License-Identifier: GPL-2.0

//! Requests: what is asked for, as far as it makes sense by itself.

use crate::{
    outcome::Fault,
    plan::{
        flags::Flags,
        reason::Reason, //
    },
    sys::descriptor::{
        OpenFile,
        Unfit, //
    },
    uapi,
};
use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range,
};
use kernel::{
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*, //
};

/// A range that the caller wants to be dealt with.
pub(crate) enum Wanted {
    /// Addresses of a map.
    Addresses {
        /// First byte, as the caller gave it: not rounded, and tagged perhaps.
        start: usize,
        /// First byte behind the range, likewise.
        end: usize,
    },
    /// A range of a file.
    File(FileRange),
}

/// A range of a file that the caller has open.
pub(crate) struct FileRange {
    /// The file.
    pub(crate) file: OpenFile,
    /// The range in bytes, page aligned.
    pub(crate) bytes: Range<usize>,
    /// The pages of it that the file has.
    pub(crate) pages: Range<usize>,
}

impl Wanted {
    /// The range from `start` to `end` of the map, or of the file `fd` if `flags` say so.
    ///
    /// # Errors
    ///
    /// The fault for which the call is refused, if it makes no sense.
    pub(crate) fn new(start: u64, end: u64, fd: i32, flags: Flags) -> Result<Self, Fault> {
        // No such address on a 32-bit kernel: the end of the address space is a hole as well.
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        if flags.is_of_file() {
            FileRange::new(start, end, fd).map(Self::File)
        } else if fd != 0 {
            Err(Fault::argument(EINVAL))
        } else {
            Ok(Self::Addresses { start, end })
        }
    }
}

impl FileRange {
    // Addresses, the common case, are to have the registers.
    #[inline(never)]
    fn new(start: usize, end: usize, fd: i32) -> Result<Self, Fault> {
        let file = OpenFile::get(fd).map_err(|unfit| match unfit {
            Unfit::Descriptor(errno) => Fault::of(Reason::Descriptor, errno),
            Unfit::Special => Fault::of(Reason::Special, EOPNOTSUPP),
        })?;
        let round_up = |byte: usize| {
            let end = byte.checked_next_multiple_of(PAGE_SIZE);
            end.unwrap_or(round_down(usize::MAX))
        };
        let size = round_up(file.size());
        let end = match end {
            0 => size,
            end if end > start => round_up(end),
            _ => return Err(Fault::argument(EINVAL)),
        };
        let start = round_down(start);
        let bytes = start..max(start, end);
        let first = bytes.start >> PAGE_SHIFT;
        let pages = first..max(first, min(bytes.end, size) >> PAGE_SHIFT);
        Ok(Self { file, bytes, pages })
    }
}

fn round_down(byte: usize) -> usize {
    byte & !(PAGE_SIZE - 1)
}

/// A range of a vector.
pub(crate) trait Ranged {
    /// What the caller means by it.
    ///
    /// # Errors
    ///
    /// The fault for which the call is refused, if it makes no sense.
    fn wanted(&self) -> Result<Wanted, Fault>;

    /// Notes what became of it.
    fn set_result(&mut self, result: uapi::vm_map_sync_result);
}

macro_rules! ranged {
    ($($name:ident)*) => {
        $(impl Ranged for uapi::$name {
            fn wanted(&self) -> Result<Wanted, Fault> {
                let flags = Flags::of(self.flags, Flags::OF_RANGE);
                let flags = flags.map_err(|_| Fault::argument(EINVAL))?;
                Wanted::new(self.start, self.end, self.fd, flags)
            }

            fn set_result(&mut self, result: uapi::vm_map_sync_result) {
                self.result = result;
            }
        })*
    };
}

ranged!(vm_map_sync_range vm_map_sync_stat);
