// SPDX-License-Identifier: GPL-2.0

//! Pieces: what a capture is made of, and the room for them.

use crate::{
    outcome::{
        Fault,
        Outcomes, //
    },
    pace::Later,
    plan::{
        flags::Flags,
        pieces::{
            self,
            locate, //
        }, //
    },
    standing::{
        Caller,
        Standing, //
    },
    sys::{
        entry::{
            Backing,
            Entry, //
        },
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
    error::Error,
    page::PAGE_SHIFT, //
};

/// A stretch of addresses that maps a page range of one file, or a range of a file that the caller named.
pub(crate) struct Piece {
    /// The file.
    pub(crate) pager: Pager,
    /// What went wrong with the pager before this is nothing that the call has to report.
    pub(crate) mark: ErrorMark,
    /// What went wrong with the pager after this keeps its pages from being freed.
    known: Cell<ErrorMark>,
    /// The index of the range that it belongs to.
    range: u32,
    /// Whose file it is.
    pub(crate) standing: Standing,
    /// Whether it is mapped, and not a range of a file.
    mapped: bool,
    /// Whether the caller may not free its pages, and wants no more than that they are spared.
    barred: Cell<bool>,
    pages: Range<usize>,
    /// Pages before this one are in another piece as well, and count as of that.
    frontier: usize,
    /// Where the first of `pages` is mapped, or its offset in the file; in bytes.
    address: usize,
}

/// To which range a piece belongs, and what the call is to do with it.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    /// The flags of the call.
    pub(crate) flags: Flags,
    standing: Standing,
    mapped: bool,
    range: u32,
}

impl Origin {
    /// A range of a map with files of that standing, by its index.
    pub(crate) fn of_map(flags: Flags, standing: Standing, range: usize) -> Self {
        Self {
            flags,
            standing,
            mapped: true,
            // There are not as many ranges.
            range: u32::try_from(range).unwrap_or(u32::MAX),
        }
    }

    /// A range of a file that the caller has open, by its index.
    pub(crate) fn of_file(flags: Flags, range: usize) -> Self {
        Self {
            mapped: false,
            ..Self::of_map(flags, Standing::Own, range)
        }
    }
}

impl Piece {
    /// Takes hold of `pages` of a file, which are mapped from `address` on.
    pub(crate) fn new(
        pager: PagerRef<'_>,
        pages: Range<usize>,
        address: usize,
        origin: Origin,
    ) -> Self {
        let pager = pager.hold();
        let known = if origin.flags.forgets_errors() {
            pager.told_errors()
        } else {
            ErrorMark::BEGINNING
        };
        Self {
            mark: pager.mark_errors(),
            known: Cell::new(known),
            range: origin.range,
            standing: origin.standing,
            mapped: origin.mapped,
            barred: Cell::new(false),
            pager,
            pages,
            frontier: 0,
            address,
        }
    }

    /// Has it end at another page (exclusive).
    pub(crate) fn extend(&mut self, end: usize) {
        self.pages.end = end;
    }

    /// The index of the range that it belongs to.
    pub(crate) fn range(&self) -> usize {
        self.range as usize
    }

    /// The address in bytes of the first page.
    pub(crate) fn start(&self) -> usize {
        self.address
    }

    /// The addresses at which it was mapped; `None` if it is a range of a file.
    pub(crate) fn addresses(&self) -> Option<Range<usize>> {
        let length = self.pages.len() << PAGE_SHIFT;
        self.mapped
            .then(|| self.address..self.address.saturating_add(length))
    }

    /// Whether an entry maps at `part`, which are addresses of both, what the piece has there.
    pub(crate) fn is_at(&self, entry: Entry<'_>, part: &Range<usize>) -> bool {
        let offset = part.start.saturating_sub(self.address) >> PAGE_SHIFT;
        let same_place = entry.pages(part).start == self.pages.start.saturating_add(offset);
        same_place && matches!(entry.backing(None), Backing::Pager(found) if self.pager.is(found))
    }

    /// All its pages, those too that count as of another piece.
    pub(crate) fn whole(&self) -> Range<usize> {
        self.pages.clone()
    }

    /// Whether the caller may know what of the file is cached, and free it.
    ///
    /// # Errors
    ///
    /// If that takes waiting, and the call may not.
    pub(crate) fn may_ask(&self, caller: &Caller<'_>) -> Result<bool, Later> {
        caller.may_ask(&self.pager, self.standing)
    }

    /// Notes that the caller may not free its pages.
    pub(crate) fn bar(&self) {
        self.barred.set(true);
    }

    /// Whether the caller may not free its pages.
    pub(crate) fn is_barred(&self) -> bool {
        self.barred.get()
    }
}

impl pieces::Piece for Piece {
    fn pager(&self) -> usize {
        self.pager.id()
    }

    fn pages(&self) -> Range<usize> {
        max(self.pages.start, self.frontier)..max(self.pages.end, self.frontier)
    }

    fn address(&self, page: usize) -> usize {
        let offset = page.saturating_sub(self.pages.start) << PAGE_SHIFT;
        self.address.saturating_add(offset)
    }

    fn advance(&mut self, first: usize) {
        self.frontier = first;
    }
}

/// Notes that a write of a pager has failed: in all ranges that have a piece of it, since what it was that
/// was not written cannot be known. Nothing of the pager is freed any more. `run` are those of its pieces
/// that were written, and `page` is the first page that may not have been.
pub(crate) fn fail(
    siblings: &[Piece],
    run: &[Piece],
    page: usize,
    errno: Error,
    outcomes: &mut Outcomes<'_>,
) {
    let first = run.first().map(|piece| (piece, piece.start()));
    if let Some((piece, address)) = locate(run, page).or(first) {
        if let Some(outcome) = outcomes.of(piece.range()) {
            outcome.note(Fault::io(errno, address));
        }
    }
    if outcomes.are_many() {
        for piece in siblings {
            if let Some(outcome) = outcomes.of(piece.range()) {
                outcome.note(Fault::io(errno, piece.start()));
            }
        }
    }
    if let Some(piece) = siblings.first() {
        piece.known.set(ErrorMark::NEVER);
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
// A tag of its own costs less to look at than a value that no piece has.
#[repr(u8)]
pub(crate) enum Pieces {
    /// Neither pieces nor room.
    None,
    /// One entry, the common case, needs no memory.
    One(Piece),
    /// Any number.
    Many(Room<Piece>),
}

impl Pieces {
    /// Gives up all pieces, and makes room for so many.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn make_room(&mut self, count: usize) -> Result<&mut Room<Piece>, AllocError> {
        *self = Self::None;
        *self = Self::Many(room(count)?);
        match self {
            Self::Many(room) => Ok(room),
            Self::None | Self::One(_) => Err(AllocError),
        }
    }

    /// All pieces.
    pub(crate) fn all(&mut self) -> &mut [Piece] {
        match self {
            Self::None => &mut [],
            Self::One(piece) => slice::from_mut(piece),
            Self::Many(pieces) => pieces,
        }
    }
}
