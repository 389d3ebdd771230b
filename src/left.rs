// SPDX-License-Identifier: GPL-2.0

//! What is left: the folios that a sweep of an eviction could not free.

use core::{
    cmp::max,
    ops::Range, //
};

/// What a sweep had to leave behind.
#[derive(Default)]
pub(crate) struct Left {
    /// Pages of the range.
    pub(crate) pages: usize,
    /// From the first page left to the last one (exclusive).
    pub(crate) span: Range<usize>,
    /// The first folio for which another try may help.
    pub(crate) again: Option<Range<usize>>,
}

impl Left {
    /// Notes that a folio stays, of which so many pages are in the range.
    pub(crate) fn keep(&mut self, folio: &Range<usize>, inside: usize) {
        self.pages += inside;
        if self.span.is_empty() {
            self.span.start = folio.start;
        }
        self.span.end = max(self.span.end, folio.end);
    }
}
