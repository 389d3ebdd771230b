// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Targets: what a call is about.

use crate::uapi;
use std::{
    ops::{
        Bound,
        Range,
        RangeBounds, //
    },
    os::fd::{
        AsRawFd,
        BorrowedFd, //
    },
};

/// A range of addresses, or of a file, for calls that take many of them.
#[derive(Clone, Copy, Debug)]
pub struct Target<'fd> {
    start: u64,
    end: u64,
    file: Option<BorrowedFd<'fd>>,
}

impl<'fd> Target<'fd> {
    /// A range of addresses of the map, in bytes; it is rounded outwards to pages. An empty one
    /// stands for the whole mapping that contains its start.
    pub fn addresses(range: Range<usize>) -> Self {
        Self {
            start: to_u64(range.start),
            end: to_u64(range.end),
            file: None,
        }
    }

    /// A range of a file, in bytes, such as `..`, which is all of it; it is rounded outwards to pages.
    /// The file need not be mapped. An empty range is refused.
    ///
    /// The descriptor is the caller's, whosever map the handle is on.
    pub fn file(file: BorrowedFd<'fd>, range: impl RangeBounds<u64>) -> Self {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        // For the kernel an end of 0 is that of the file.
        let end = match range.end_bound() {
            Bound::Included(&last) => last.checked_add(1),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => None,
        };
        let (start, end) = match end {
            // It must not become all that follows. The kernel refuses what is empty elsewhere.
            Some(0) => (1, 1),
            Some(end) => (start, end),
            None => (start, 0),
        };
        Self {
            start,
            end,
            file: Some(file),
        }
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The descriptor as the structures have it.
    pub(crate) fn fd(&self) -> i32 {
        self.file.map_or(0, |file| file.as_raw_fd())
    }

    /// The flags that a range of this kind has.
    pub(crate) fn flags(&self) -> u32 {
        if self.is_of_file() {
            uapi::VM_MAP_SYNC_FILE
        } else {
            0
        }
    }

    pub(crate) fn is_of_file(&self) -> bool {
        self.file.is_some()
    }
}

/// A range of addresses.
impl From<Range<usize>> for Target<'_> {
    fn from(range: Range<usize>) -> Self {
        Self::addresses(range)
    }
}

/// Widens without loss: no machine that Linux runs on has addresses of more than 64 bits.
fn to_u64(address: usize) -> u64 {
    const { assert!(usize::BITS <= u64::BITS) };
    address as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::File,
        os::fd::AsFd, //
    };

    fn bounds(range: impl RangeBounds<u64>) -> (u64, u64) {
        let file = File::open("/dev/null").expect("it is there");
        let target = Target::file(file.as_fd(), range);
        assert!(target.is_of_file());
        assert_eq!(target.fd(), file.as_raw_fd());
        (target.start(), target.end())
    }

    #[test]
    fn ranges_of_files() {
        assert_eq!(bounds(..), (0, 0));
        assert_eq!(bounds(4096..), (4096, 0));
        assert_eq!(bounds(1..5), (1, 5));
        assert_eq!(bounds(..5), (0, 5));
        assert_eq!(bounds(1..=5), (1, 6));
        assert_eq!(bounds(..=u64::MAX), (0, 0));
        assert_eq!(bounds((Bound::Excluded(1), Bound::Unbounded)), (2, 0));
    }

    #[test]
    fn nothing_is_not_all() {
        assert_eq!(bounds(0..0), (1, 1));
        assert_eq!(bounds(..0), (1, 1));
        #[expect(clippy::reversed_empty_ranges)]
        let reversed = bounds(5..0);
        assert_eq!(reversed, (1, 1));
        assert_eq!(bounds(5..5), (5, 5));
    }

    #[test]
    fn ranges_of_addresses() {
        let target = Target::from(1..usize::MAX);
        assert_eq!((target.start(), target.end()), (1, u64::MAX));
        assert_eq!((target.fd(), target.flags()), (0, 0));
        assert!(!target.is_of_file());
    }
}
