// SPDX-License-Identifier: GPL-2.0

//! Pieces: what a capture is made of, and the room for them.

use crate::{
    plan::{
        flags::Flags,
        pieces, //
    },
    sys::{
        errors::ErrorMark,
        memory::{
            room,
            Room, //
        },
        pager::{
            Pager,
            PagerRef, //
        }, //
    },
};
use core::{
    cell::Cell,
    cmp::max,
    ops::Range,
    slice, //
};
use kernel::{
    alloc::AllocError,
    page::PAGE_SHIFT, //
};

/// A stretch of addresses that maps a page range of one file.
pub(crate) struct Piece {
    /// The file.
    pub(crate) pager: Pager,
    /// What went wrong with the pager before this is nothing that the call has to report.
    pub(crate) mark: ErrorMark,
    /// What went wrong with the pager after this keeps its pages from being freed.
    known: Cell<ErrorMark>,
    pages: Range<usize>,
    address: usize,
}

impl Piece {
    /// Takes hold of `pages` of a file, which are mapped from `address` on.
    pub(crate) fn new(
        pager: PagerRef<'_>,
        pages: Range<usize>,
        address: usize,
        flags: Flags,
    ) -> Self {
        let pager = pager.hold();
        let known = if flags.forgets_errors() {
            pager.told_errors()
        } else {
            ErrorMark::BEGINNING
        };
        Self {
            mark: pager.mark_errors(),
            known: Cell::new(known),
            pager,
            pages,
            address,
        }
    }

    /// Has it end at another page (exclusive).
    pub(crate) fn extend(&mut self, end: usize) {
        self.pages.end = end;
    }

    /// Notes that a write of its pager has failed in this call: nothing of it is freed any more.
    pub(crate) fn fail(&self) {
        self.known.set(ErrorMark::NEVER);
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

/// What went wrong with a pager after this keeps its pages from being freed. What only some of its
/// `siblings`, all pieces of it, know of is not known.
pub(crate) fn known(siblings: &[Piece]) -> ErrorMark {
    let mut all = siblings.iter().map(|piece| piece.known.get());
    let first = all.next().unwrap_or(ErrorMark::NEVER);
    if all.all(|known| known == first) {
        first
    } else {
        ErrorMark::NEVER
    }
}

/// Pieces, and room for more of them that was allocated beforehand.
pub(crate) enum Pieces {
    /// One entry, the common case, needs no memory.
    One(Piece),
    /// Any number.
    Many(Room<Piece>),
}

impl Pieces {
    /// Neither pieces nor room.
    pub(crate) fn none() -> Self {
        Self::Many(Room::new())
    }

    /// Room for so many pieces.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn with_room(count: usize) -> Result<Self, AllocError> {
        Ok(Self::Many(room(count)?))
    }

    /// How many pieces there are.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Many(pieces) => pieces.len(),
        }
    }

    /// Whether there is room for another piece.
    pub(crate) fn has_room(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Many(pieces) => pieces.len() < pieces.capacity(),
        }
    }

    /// Adds a piece, for which there must be room; it is lost otherwise.
    pub(crate) fn add(&mut self, piece: Piece) {
        if let Self::Many(pieces) = self {
            let _ = pieces.push_within_capacity(piece);
        }
    }

    /// All pieces.
    pub(crate) fn all(&mut self) -> &mut [Piece] {
        match self {
            Self::One(piece) => slice::from_mut(piece),
            Self::Many(pieces) => pieces,
        }
    }
}
