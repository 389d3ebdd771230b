// SPDX-License-Identifier: GPL-2.0

//! Chunks: how much of a range is dealt with at once.

use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range,
};

/// The chunk of `rest` that starts at `first` and has up to `size` pages. Empty if there is nothing
/// of `rest` from `first` on.
///
/// `first` may lie before `rest`: what is looked up in the page cache is a folio, which can start
/// before the page that it was found for.
pub(crate) fn chunk(rest: &Range<usize>, first: usize, size: usize) -> Range<usize> {
    let start = max(rest.start, first);
    start..max(start, min(rest.end, start.saturating_add(size)))
}
