// SPDX-License-Identifier: GPL-2.0

//! Stretches: what of a chunk is in the page cache.

use core::{
    cmp::max,
    ops::Range, //
};

/// Pages that follow each other, all of them in the page cache, all wired or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Whole folios, so they may stick out of the chunk.
    pub(crate) pages: Range<usize>,
    /// Whether somebody has them locked in memory.
    pub(crate) wired: bool,
}

/// The stretches of a chunk, in the order of the file. There is room for a few; a chunk that is
/// more fragmented ends where the room does.
#[derive(Default)]
pub(crate) struct Stretches {
    list: [Stretch; Self::ROOM],
    count: usize,
}

/// There is no room for another stretch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Stretches {
    /// How many there can be; they live on the stack.
    pub(crate) const ROOM: usize = 32;

    /// Adds a folio, which must not lie before the last one.
    pub(crate) fn add(&mut self, pages: Range<usize>, wired: bool) -> Result<(), Full> {
        if let Some(last) = self.list.get_mut(..self.count).and_then(<[_]>::last_mut) {
            if last.wired == wired && pages.start <= last.pages.end {
                last.pages.end = max(last.pages.end, pages.end);
                return Ok(());
            }
        }
        *self.list.get_mut(self.count).ok_or(Full)? = Stretch { pages, wired };
        self.count += 1;
        Ok(())
    }

    /// Groups of stretches with nothing of the other kind between them: all wired or none.
    pub(crate) fn spans(&self) -> impl Iterator<Item = &[Stretch]> {
        self.all().chunk_by(|a, b| a.wired == b.wired)
    }

    fn all(&self) -> &[Stretch] {
        self.list.get(..self.count).unwrap_or_default()
    }
}

/// All that lies between the ends of a span, the pages that are not in the page cache too.
pub(crate) fn reach(span: &[Stretch]) -> Range<usize> {
    match (span.first(), span.last()) {
        (Some(first), Some(last)) => first.pages.start..last.pages.end,
        _ => 0..0,
    }
}
