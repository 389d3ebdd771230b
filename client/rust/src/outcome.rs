// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Outcomes: what was done.

use crate::uapi;

/// What was done to a range, counted in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Everything below this address, or byte of the file, was dealt with. Of all ranges of a call
    /// together: how many of them, from the first one on, were dealt with.
    pub done: u64,
    /// Pages of the range that were dirty and were handed to their files. Those of a file that the
    /// caller may not ask `cachestat(2)` about are not counted.
    pub pushed: u64,
    /// Pages that left the page cache.
    pub freed: u64,
    /// How many of `freed` lie outside of the range, in large folios that stick out of it.
    pub beyond: u64,
    /// Pages of the range that had to stay in the page cache although they were to be freed: they
    /// are in use, a write of their file has failed, or they are
    /// [spared](crate::Flags::SPARE_SHARED).
    pub left: u64,
    /// Pages of the range that have no file to be written to, such as anonymous memory and tmpfs,
    /// whether they are in memory or not. Nothing is ever done to them.
    pub unpaged: u64,
    /// Bytes of the range that were passed over because of
    /// [`ALLOW_HOLES`](crate::Flags::ALLOW_HOLES) and
    /// [`SKIP_SPECIALS`](crate::Flags::SKIP_SPECIALS).
    pub skipped: u64,
}

impl Outcome {
    #[inline]
    pub(crate) fn new(result: &uapi::vm_map_sync_result) -> Self {
        Self {
            done: result.done,
            pushed: result.pushed,
            freed: result.freed,
            beyond: result.beyond,
            left: result.left,
            unpaged: result.unpaged,
            skipped: result.skipped,
        }
    }
}

/// What was done to several ranges. A page that several of them cover is counted in one of them, so
/// the counts of the ranges add up to those of all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcomes {
    /// What was done to all of them together.
    pub all: Outcome,
    /// What was done to each, in the order of the call.
    pub ranges: Vec<Outcome>,
}
