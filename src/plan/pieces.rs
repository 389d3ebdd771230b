// SPDX-License-Identifier: GPL-2.0

//! Pieces: the page ranges of files that a range of addresses is made of.
//!
//! Pieces are captured in the order of their addresses. [`lay_out`] brings together those of one
//! pager, in file order and without overlap, so that no page is pushed or counted twice however
//! often it is mapped. [`runs`] then gives the stretches that one request to the pager can cover.

use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range,
};

/// A range of pages of one pager.
pub(crate) trait Piece {
    /// Which pager; equal for two pieces of the same pager.
    fn pager(&self) -> usize;

    /// The pages, by their index in the pager; may be empty.
    fn pages(&self) -> Range<usize>;

    /// The address at which `page`, one of the pages, is mapped; in bytes.
    fn address(&self, page: usize) -> usize;

    /// Lets the pages start at `first`, which is not before their present start. If that is behind
    /// their end, the piece becomes empty and lies at `first`.
    fn advance(&mut self, first: usize);
}

/// Sorts pieces by pager and page and takes the overlaps out of them.
///
/// Afterwards pieces of one pager stand together, and each page is in one piece at the most.
/// Pieces with nothing left of them stay, empty: they still name the file that they came from.
pub(crate) fn lay_out<P: Piece>(pieces: &mut [P]) {
    // A single piece, the common case, is to cost no more than a look.
    if pieces.len() > 1 {
        lay_out_several(pieces);
    }
}

fn lay_out_several<P: Piece>(pieces: &mut [P]) {
    sort(pieces, |piece| (piece.pager(), piece.pages().start));

    for siblings in pieces.chunk_by_mut(|a, b| a.pager() == b.pager()) {
        let mut frontier = 0;
        for piece in siblings {
            if piece.pages().start < frontier {
                piece.advance(frontier);
            }
            frontier = max(frontier, piece.pages().end);
        }
    }
}

/// The pieces of each pager. The pieces must be [laid out](lay_out).
pub(crate) fn pagers<P: Piece>(pieces: &[P]) -> impl Iterator<Item = &[P]> {
    pieces.chunk_by(|a, b| a.pager() == b.pager())
}

/// Whether they are of more than one pager. The pieces must be [laid out](lay_out).
pub(crate) fn are_of_several<P: Piece>(pieces: &[P]) -> bool {
    match (pieces.first(), pieces.last()) {
        (Some(first), Some(last)) => first.pager() != last.pager(),
        _ => false,
    }
}

/// The pieces of the pager of `run`, which is of some of them. The pieces must be [laid out](lay_out).
pub(crate) fn siblings<'a, P: Piece>(pieces: &'a [P], run: &[P]) -> &'a [P] {
    let pager = run.first().map_or(0, P::pager);
    let from = pieces.partition_point(|piece| piece.pager() < pager);
    let rest = pieces.get(from..).unwrap_or_default();
    let end = rest.partition_point(|piece| piece.pager() == pager);
    rest.get(..end).unwrap_or_default()
}

/// Pieces that follow each other in one pager without a gap, and the pages that they cover. The
/// pieces must be [laid out](lay_out).
pub(crate) fn runs<P: Piece>(pieces: &[P]) -> impl Iterator<Item = (Range<usize>, &[P])> {
    pieces
        .chunk_by(|a, b| a.pager() == b.pager() && a.pages().end == b.pages().start)
        .filter_map(|run| {
            let first = run.first()?.pages().start;
            let end = run.last()?.pages().end;
            Some((first..end, run))
        })
}

/// The pieces that have any of `pages`, and which of them. The pieces must be of one pager and
/// [laid out](lay_out).
pub(crate) fn touched<'a, P: Piece>(
    pieces: &'a [P],
    pages: &Range<usize>,
) -> impl Iterator<Item = (&'a P, Range<usize>)> {
    let pages = pages.clone();
    let from = pieces.partition_point(|piece| piece.pages().end <= pages.start);
    let rest = pieces.get(from..).unwrap_or_default();
    rest.iter()
        .map(|piece| (piece, piece.pages()))
        .take_while(move |(_, own)| own.start < pages.end)
        .map(move |(piece, own)| (piece, overlap(&own, &pages)))
        .filter(|(_, own)| !own.is_empty())
}

/// What two ranges have in common; empty if that is nothing.
pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    max(a.start, b.start)..min(a.end, b.end)
}

/// The piece that has `page`, or else the first page behind it that is in a piece; and the address of that
/// page. The pieces must be of one pager and [laid out](lay_out).
pub(crate) fn locate<P: Piece>(pieces: &[P], page: usize) -> Option<(&P, usize)> {
    let from = pieces.partition_point(|piece| piece.pages().end <= page);
    let piece = pieces
        .iter()
        .skip(from)
        .find(|piece| !piece.pages().is_empty())?;
    Some((piece, piece.address(max(page, piece.pages().start))))
}

/// All pieces of which anything comes after `page` of `pager` (inclusive) in the order of the plan, and the
/// address of the first that does. The pieces must be [laid out](lay_out).
pub(crate) fn unfinished<P: Piece>(
    pieces: &[P],
    pager: usize,
    page: usize,
) -> impl Iterator<Item = (&P, usize)> {
    let from = pieces.partition_point(|piece| (piece.pager(), piece.pages().end) <= (pager, page));
    pieces
        .iter()
        .skip(from)
        .filter(|piece| !piece.pages().is_empty())
        .map(move |piece| {
            let first = piece.pages().start;
            let address = piece.address(if piece.pager() == pager {
                max(page, first)
            } else {
                first
            });
            (piece, address)
        })
}

/// Heap sort: in place, n log n at worst, and not stable.
///
/// The sorts of `core` panic when they find an order that is none. It could not happen here, but
/// the path would be in the module, and `objtool` complains of it.
fn sort<T, K: Ord>(list: &mut [T], key: impl Fn(&T) -> K) {
    let less = |list: &[T], a: usize, b: usize| match (list.get(a), list.get(b)) {
        (Some(a), Some(b)) => key(a) < key(b),
        _ => false,
    };
    // Lets the item at `root` sink to where no child in the first `count` items is greater.
    let sink = |list: &mut [T], mut root: usize, count: usize| loop {
        let left = 2 * root + 1;
        if left >= count {
            break;
        }
        let right = left + 1;
        let child = if right < count && less(list, left, right) {
            right
        } else {
            left
        };
        if !less(list, root, child) {
            break;
        }
        list.swap(root, child);
        root = child;
    };

    // What was captured in order, as most is, needs no more than a look.
    if list.is_sorted_by_key(&key) {
        return;
    }
    for root in (0..list.len() / 2).rev() {
        sink(list, root, list.len());
    }
    for count in (1..list.len()).rev() {
        list.swap(0, count);
        sink(list, 0, count);
    }
}
