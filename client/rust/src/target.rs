// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Targets: what a call is about.

use crate::{
    outcome::Outcome,
    uapi, //
};
use std::{
    marker::PhantomData,
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

/// What a call is about: a range of addresses, a slice, or a range of a file.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    start: u64,
    end: u64,
    kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Kind<'a> {
    Addresses,
    /// Addresses of what is borrowed for as long.
    Slice(PhantomData<&'a ()>),
    File(BorrowedFd<'a>),
}

impl<'a> Target<'a> {
    /// A range of addresses of the map, in bytes; it is rounded outwards to pages. An empty one
    /// stands for the whole mapping that contains its start.
    #[inline]
    pub fn addresses(range: Range<usize>) -> Self {
        Self {
            start: to_u64(range.start),
            end: to_u64(range.end),
            kind: Kind::Addresses,
        }
    }

    /// A slice of the caller's own memory, such as a file that is mapped, rounded outwards to pages. An
    /// empty one stands for nothing: a call does nothing to it, and succeeds.
    ///
    /// A call with a slice among its targets is always about the caller's own map, as with
    /// [`SELF`](crate::Flags::SELF), whosever map the handle is on; so are the addresses beside it. It does not
    /// take [`FORGET_ERRORS`](crate::Flags::FORGET_ERRORS): see [`SliceExt`](crate::SliceExt).
    ///
    /// ```
    /// use vm_map_sync::Target;
    ///
    /// let bytes = [0_u8; 8192];
    /// let halves = [Target::slice(&bytes[..4096]), Target::slice(&bytes[4096..])];
    /// # assert_eq!(halves.len(), 2);
    /// ```
    pub fn slice<T>(slice: &'a [T]) -> Self {
        let start = to_u64(slice.as_ptr().addr());
        Self {
            start,
            // It does not wrap: a slice ends below the end of the address space.
            end: start + to_u64(size_of_val(slice)),
            kind: Kind::Slice(PhantomData),
        }
    }

    /// A range of a file, in bytes, such as `..`, which is all of it; it is rounded outwards to pages.
    /// The file need not be mapped. An empty range is refused.
    ///
    /// The descriptor is the caller's, whosever map the handle is on.
    pub fn file(file: BorrowedFd<'a>, range: impl RangeBounds<u64>) -> Self {
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
            kind: Kind::File(file),
        }
    }

    #[inline]
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    #[inline]
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The file, if it is a range of one.
    #[inline]
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'a>> {
        match self.kind {
            Kind::File(file) => Some(file),
            Kind::Addresses | Kind::Slice(_) => None,
        }
    }

    /// The descriptor as the structures have it.
    #[inline]
    pub(crate) fn fd(&self) -> i32 {
        self.descriptor().map_or(0, |file| file.as_raw_fd())
    }

    /// The flags that a range of this kind has.
    #[inline]
    pub(crate) fn flags(&self) -> u32 {
        if self.is_of_file() {
            uapi::VM_MAP_SYNC_FILE
        } else {
            0
        }
    }

    #[inline]
    pub(crate) fn is_of_file(&self) -> bool {
        self.descriptor().is_some()
    }

    /// Whether it is memory that somebody of this process has borrowed.
    #[inline]
    pub(crate) fn is_borrowed(&self) -> bool {
        matches!(self.kind, Kind::Slice(_))
    }

    /// Whether it is an empty slice. For the kernel that would be the whole mapping around it.
    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_borrowed() && self.start == self.end
    }

    /// What a call does to it that does nothing to it.
    pub(crate) fn nothing_done(&self) -> Outcome {
        Outcome {
            done: self.start,
            ..Outcome::default()
        }
    }
}

/// A range of addresses.
impl From<Range<usize>> for Target<'_> {
    #[inline]
    fn from(range: Range<usize>) -> Self {
        Self::addresses(range)
    }
}

/// A slice.
impl<'a, T> From<&'a [T]> for Target<'a> {
    fn from(slice: &'a [T]) -> Self {
        Self::slice(slice)
    }
}

impl<'a> From<&Target<'a>> for Target<'a> {
    fn from(target: &Target<'a>) -> Self {
        *target
    }
}

/// Widens without loss: no machine that Linux runs on has addresses of more than 64 bits.
#[inline]
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

    #[test]
    fn slices() {
        let words = [1_u32; 4];
        let target = Target::from(&words[1..3]);
        assert_eq!(target.end() - target.start(), 8);
        assert_eq!(target.start(), (&raw const words[1]).addr() as u64);
        assert_eq!((target.fd(), target.flags()), (0, 0));
        assert!(target.is_borrowed() && !target.is_nothing() && !target.is_of_file());
    }

    #[test]
    fn empty_slices_are_nothing() {
        for nothing in [Target::slice::<u8>(&[]), Target::slice(&[(); 3])] {
            assert!(nothing.is_nothing());
            assert_eq!(nothing.nothing_done().done, nothing.start());
        }
        // These are the whole mapping at their start.
        assert!(!Target::addresses(4096..4096).is_nothing());
    }
}
