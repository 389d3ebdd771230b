// SPDX-License-Identifier: GPL-2.0

//! Bounds: which addresses a call means.

/// The addresses that a call means, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// The whole entry that contains this address: `start == end`, as in BSD.
    Entry(usize),
    /// From `start` (inclusive) to `end` (exclusive), both page aligned, never empty.
    Range {
        /// First byte.
        start: usize,
        /// First byte behind the range.
        end: usize,
    },
}

impl Bounds {
    /// Rounds `start` down and `end` up to pages of `page` bytes (a power of two).
    ///
    /// Returns `None` if `start` lies behind `end`. An `end` within the last page of the address
    /// space, which cannot be rounded up, becomes the start of that page: nothing can be mapped
    /// there, so the walk reports the hole that it is.
    pub(crate) fn new(start: usize, end: usize, page: usize) -> Option<Self> {
        let mask = !(page - 1);
        if start > end {
            return None;
        }
        if start == end {
            return Some(Self::Entry(start & mask));
        }
        let first = start & mask;
        let end = end.checked_next_multiple_of(page).unwrap_or(mask);
        // Only a range within the last page of all comes out empty.
        Some(if first < end {
            Self::Range { start: first, end }
        } else {
            Self::Entry(first)
        })
    }

    /// First byte of the bounds, page aligned.
    pub(crate) fn start(self) -> usize {
        match self {
            Self::Entry(start) | Self::Range { start, .. } => start,
        }
    }
}
