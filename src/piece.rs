// SPDX-License-Identifier: GPL-2.0

//! Pieces: what a capture is made of, and the room for them.

use crate::{
    plan::pieces,
    sys::pager::{
        ErrorMark,
        Pager,
        PagerRef, //
    },
};
use core::{
    cmp::max,
    ops::Range,
    slice, //
};
use kernel::{
    alloc::AllocError,
    page::{
        PAGE_SHIFT,
        PAGE_SIZE, //
    },
    prelude::*, //
};

/// A stretch of addresses that maps a page range of one file.
pub(crate) struct Piece {
    /// The file.
    pub(crate) pager: Pager,
    /// What went wrong with the pager before this is none of the call's business.
    pub(crate) mark: ErrorMark,
    pages: Range<usize>,
    address: usize,
}

impl Piece {
    /// Takes hold of `pages` of a file, which are mapped from `address` on.
    pub(crate) fn new(pager: PagerRef<'_>, pages: Range<usize>, address: usize) -> Self {
        let pager = pager.hold();
        Self {
            mark: pager.mark_errors(),
            pager,
            pages,
            address,
        }
    }

    /// Has it end at another page (exclusive).
    pub(crate) fn extend(&mut self, end: usize) {
        self.pages.end = end;
    }

    /// The address in bytes of the first page.
    pub(crate) fn start(&self) -> usize {
        self.address
    }
}

impl pieces::Piece for Piece {
    fn pager(&self) -> usize {
        self.pager.id()
    }

    fn pages(&self) -> Range<usize> {
        self.pages.clone()
    }

    fn address(&self, page: usize) -> usize {
        let offset = page.saturating_sub(self.pages.start) << PAGE_SHIFT;
        self.address.saturating_add(offset)
    }

    fn advance(&mut self, first: usize) {
        self.address = self.address(first);
        self.pages = first..max(first, self.pages.end);
    }
}

/// Pieces, and room for more of them that was allocated beforehand.
pub(crate) struct Pieces(Room);

enum Room {
    /// One entry, the common case, needs no memory.
    One(Piece),
    Few(KVec<Piece>),
    /// In whole pages: `kmalloc()` would round up to a power of two.
    Many(VVec<Piece>),
}

impl Pieces {
    /// Neither pieces nor room.
    pub(crate) fn none() -> Self {
        Self(Room::Few(KVec::new()))
    }

    /// One piece, and no room.
    pub(crate) fn one(piece: Piece) -> Self {
        Self(Room::One(piece))
    }

    /// Room for so many pieces.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn with_room(count: usize) -> Result<Self, AllocError> {
        const FEW: usize = PAGE_SIZE / size_of::<Piece>();

        Ok(Self(if count <= FEW {
            Room::Few(KVec::with_capacity(count, GFP_KERNEL_ACCOUNT)?)
        } else {
            Room::Many(VVec::with_capacity(count, GFP_KERNEL_ACCOUNT)?)
        }))
    }

    /// How many pieces there are.
    pub(crate) fn count(&self) -> usize {
        match &self.0 {
            Room::One(_) => 1,
            Room::Few(pieces) => pieces.len(),
            Room::Many(pieces) => pieces.len(),
        }
    }

    /// Whether there is room for another piece.
    pub(crate) fn has_room(&self) -> bool {
        match &self.0 {
            Room::One(_) => false,
            Room::Few(pieces) => pieces.len() < pieces.capacity(),
            Room::Many(pieces) => pieces.len() < pieces.capacity(),
        }
    }

    /// Adds a piece, for which there must be room; it is lost otherwise.
    pub(crate) fn add(&mut self, piece: Piece) {
        let _ = match &mut self.0 {
            Room::One(_) => return,
            Room::Few(pieces) => pieces.push_within_capacity(piece),
            Room::Many(pieces) => pieces.push_within_capacity(piece),
        };
    }

    /// All pieces.
    pub(crate) fn all(&mut self) -> &mut [Piece] {
        match &mut self.0 {
            Room::One(piece) => slice::from_mut(piece),
            Room::Few(pieces) => pieces,
            Room::Many(pieces) => pieces,
        }
    }
}
