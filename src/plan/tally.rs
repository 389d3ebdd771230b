// SPDX-License-Identifier: GPL-2.0

//! The tally: what a call did, counted in pages.

/// Pages that a call dealt with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Dirty pages of the range that were handed to their pager.
    pub(crate) pushed: usize,
    /// Pages that left the page cache.
    pub(crate) freed: usize,
    /// How many of `freed` lie outside of the range.
    pub(crate) beyond: usize,
    /// Pages of the range that had to stay in the page cache.
    pub(crate) left: usize,
    /// Pages of the range that have no pager.
    pub(crate) unpaged: usize,
    /// Bytes of the range that were passed over.
    pub(crate) skipped: usize,
}

impl Tally {
    /// Counts `pages` freed pages, `inside` of which belong to the range.
    pub(crate) fn free(&mut self, pages: usize, inside: usize) {
        self.freed = self.freed.saturating_add(pages);
        self.beyond = self.beyond.saturating_add(pages.saturating_sub(inside));
    }

    /// Counts pages that were pushed.
    pub(crate) fn push(&mut self, pages: usize) {
        self.pushed = self.pushed.saturating_add(pages);
    }

    /// Counts pages that stay.
    pub(crate) fn leave(&mut self, pages: usize) {
        self.left = self.left.saturating_add(pages);
    }

    /// Counts what another tally has.
    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, count) in [
            (&mut self.pushed, other.pushed),
            (&mut self.freed, other.freed),
            (&mut self.beyond, other.beyond),
            (&mut self.left, other.left),
            (&mut self.unpaged, other.unpaged),
            (&mut self.skipped, other.skipped),
        ] {
            *sum = sum.saturating_add(count);
        }
    }
}
