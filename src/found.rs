// SPDX-License-Identifier: GPL-2.0

//! Found: the pieces that a walk over entries finds.

use crate::{
    piece::{
        Origin,
        Piece, //
    },
    sys::{
        memory::Room,
        pager::PagerRef, //
    }, //
};
use core::ops::Range;

/// What a walk has found so far.
pub(crate) struct Found<'a> {
    /// The pieces, as many as there is room for.
    pieces: &'a mut Room<Piece>,
    /// Of the range that is walked over.
    origin: Option<Origin>,
    /// How many more there are, without room.
    lost: usize,
}

impl<'a> Found<'a> {
    /// Nothing yet, and room for what is to come.
    pub(crate) fn new(pieces: &'a mut Room<Piece>) -> Self {
        Self {
            pieces,
            origin: None,
            lost: 0,
        }
    }

    /// From here on it is another range.
    pub(crate) fn begin(&mut self, origin: Origin) {
        self.origin = Some(origin);
    }

    /// Adds a piece: pages that are mapped from `address` on.
    pub(crate) fn add(&mut self, pager: PagerRef<'_>, pages: Range<usize>, address: usize) {
        match self.origin {
            Some(origin) if self.pieces.len() < self.pieces.capacity() => {
                let piece = Piece::new(pager, pages, address, origin);
                let _ = self.pieces.push_within_capacity(piece);
            }
            _ => self.lost += 1,
        }
    }

    /// Has the last piece end before what would come next, if there is one and there was room for it.
    pub(crate) fn end(&mut self, next: &Next) {
        if next.is_any() && self.lost == 0 {
            if let Some(last) = self.pieces.last_mut() {
                last.extend(next.page);
            }
        }
    }

    /// Says whether there was room for all pieces.
    ///
    /// # Errors
    ///
    /// How many there are.
    pub(crate) fn finish(self) -> Result<(), usize> {
        if self.lost > 0 {
            Err(self.pieces.len() + self.lost)
        } else {
            Ok(())
        }
    }
}

/// What the next entry must begin with to be of one piece with the last.
#[derive(Default)]
pub(crate) struct Next {
    /// 0 if there is no last one.
    file: usize,
    page: usize,
    address: usize,
}

impl Next {
    /// Follows on `pages` of a pager, which an entry maps at `part`.
    pub(crate) fn behind(pager: PagerRef<'_>, pages: &Range<usize>, part: &Range<usize>) -> Self {
        Self {
            file: pager.file(),
            page: pages.end,
            address: part.end,
        }
    }

    fn is_any(&self) -> bool {
        self.file != 0
    }

    /// Whether `pages` of a pager, mapped at `part`, are what it is.
    pub(crate) fn is(
        &self,
        pager: PagerRef<'_>,
        pages: &Range<usize>,
        part: &Range<usize>,
    ) -> bool {
        self.file == pager.file() && self.page == pages.start && self.address == part.start
    }
}
