// SPDX-License-Identifier: GPL-2.0

use crate::plan::pieces::{
    self,
    Piece as _, //
};
use core::ops::Range;
use proptest::prelude::*;
use std::collections::{
    BTreeMap,
    BTreeSet, //
};

const PAGE: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    pager: usize,
    pages: Range<usize>,
    address: usize,
}

impl pieces::Piece for Piece {
    fn pager(&self) -> usize {
        self.pager
    }

    fn pages(&self) -> Range<usize> {
        self.pages.clone()
    }

    fn address(&self, page: usize) -> usize {
        self.address + (page - self.pages.start) * PAGE
    }

    fn advance(&mut self, first: usize) {
        assert!(first >= self.pages.start);
        self.address = self.address(first);
        self.pages = first..self.pages.end.max(first);
    }
}

/// Pieces as a capture gives them: in the order of their addresses, of a few pagers.
fn captured() -> impl Strategy<Value = Vec<Piece>> {
    prop::collection::vec((0usize..4, 0usize..60, 1usize..20), 0..40).prop_map(|list| {
        let mut address = 0x10000;
        list.into_iter()
            .map(|(pager, first, count)| {
                let piece = Piece {
                    pager,
                    pages: first..first + count,
                    address,
                };
                address += count * PAGE;
                piece
            })
            .collect()
    })
}

fn pages_of(pieces: &[Piece]) -> BTreeSet<(usize, usize)> {
    pieces
        .iter()
        .flat_map(|piece| piece.pages().map(|page| (piece.pager, page)))
        .collect()
}

proptest! {
    #[test]
    fn laying_out_keeps_each_page_once(before in captured()) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);

        prop_assert_eq!(pages_of(&plan), pages_of(&before));
        let total: usize = plan.iter().map(|piece| piece.pages.len()).sum();
        prop_assert_eq!(total, pages_of(&before).len(), "a page is in two pieces");
        prop_assert_eq!(plan.len(), before.len(), "a piece, hence its file, was dropped");
        for pair in plan.windows(2) {
            prop_assert!(
                (pair[0].pager, pair[0].pages.end) <= (pair[1].pager, pair[1].pages.start)
                    || pair[0].pager < pair[1].pager
            );
        }
        // A page is still at an address at which it was captured.
        for piece in &plan {
            for page in piece.pages() {
                let address = piece.address(page);
                prop_assert!(before.iter().any(|old| old.pager == piece.pager
                    && old.pages.contains(&page)
                    && old.address(page) == address));
            }
        }
    }

    #[test]
    fn pagers_come_once_each(before in captured()) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        let seen: Vec<usize> = pieces::pagers(&plan).map(|siblings| siblings[0].pager).collect();
        let distinct: BTreeSet<usize> = before.iter().map(|piece| piece.pager).collect();
        prop_assert_eq!(seen.len(), distinct.len());
        for siblings in pieces::pagers(&plan) {
            prop_assert!(siblings.iter().all(|piece| piece.pager == siblings[0].pager));
        }
        prop_assert_eq!(pieces::are_of_several(&plan), distinct.len() > 1);
    }

    #[test]
    fn siblings_are_all_of_the_pager(before in captured()) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        for (_, run) in pieces::runs(&plan) {
            let siblings = pieces::pagers(&plan).find(|siblings| siblings[0].pager == run[0].pager);
            prop_assert_eq!(Some(pieces::siblings(&plan, run)), siblings);
        }
    }

    #[test]
    fn runs_are_as_long_as_can_be(before in captured()) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        let mut covered = BTreeSet::new();
        let mut ends = BTreeMap::new();
        for (pages, run) in pieces::runs(&plan) {
            let pager = run[0].pager;
            prop_assert!(run.iter().all(|piece| piece.pager == pager));
            prop_assert_ne!(ends.insert(pager, pages.end), Some(pages.start), "two runs touch");
            covered.extend(pages.map(|page| (pager, page)));
        }
        prop_assert_eq!(covered, pages_of(&before));
    }

    #[test]
    fn touched_are_the_pages_of_the_range(before in captured(), first in 0usize..90, count in 0usize..30) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        let pages = first..first + count;
        for siblings in pieces::pagers(&plan) {
            let mut expected = pages_of(siblings);
            expected.retain(|(_, page)| pages.contains(page));
            let mut seen = BTreeSet::new();
            for (piece, own) in pieces::touched(siblings, &pages) {
                prop_assert!(!own.is_empty());
                prop_assert!(own.start >= piece.pages().start && own.end <= piece.pages().end);
                for page in own {
                    prop_assert!(seen.insert((piece.pager, page)), "a page comes twice");
                }
            }
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn locate_finds_the_page_or_the_next(before in captured(), page in 0usize..90) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        for siblings in pieces::pagers(&plan) {
            let expected = siblings
                .iter()
                .flat_map(|piece| piece.pages().map(move |page| (page, piece.address(page))))
                .filter(|(at, _)| *at >= page)
                .min()
                .map(|(_, address)| address);
            let found = pieces::locate(siblings, page);
            prop_assert_eq!(found.map(|(_, address)| address), expected);
            if let Some((piece, address)) = found {
                let own = piece.pages().map(|page| piece.address(page));
                prop_assert!(own.into_iter().any(|own| own == address));
            }
        }
    }

    #[test]
    fn unfinished_is_what_is_to_come(before in captured(), pager in 0usize..4, page in 0usize..90) {
        let mut plan = before.clone();
        pieces::lay_out(&mut plan);
        let expected = plan
            .iter()
            .flat_map(|piece| piece.pages().map(move |at| ((piece.pager, at), piece.address(at))))
            .filter(|(at, _)| *at >= (pager, page))
            .map(|(_, address)| address)
            .min();
        let addresses = pieces::unfinished(&plan, pager, page).map(|(_, address)| address);
        prop_assert_eq!(addresses.min(), expected);
        let pieces = pieces::unfinished(&plan, pager, page).count();
        let has_more = |piece: &&Piece| piece.pages().any(|at| (piece.pager, at) >= (pager, page));
        prop_assert_eq!(pieces, plan.iter().filter(has_more).count());
    }

    #[test]
    fn overlap_is_what_both_have(a in 0usize..50, b in 0usize..50, c in 0usize..50, d in 0usize..50) {
        let (one, two) = (a.min(b)..a.max(b), c.min(d)..c.max(d));
        let both: Vec<usize> = pieces::overlap(&one, &two).collect();
        let expected: Vec<usize> = one.filter(|page| two.contains(page)).collect();
        prop_assert_eq!(both, expected);
    }
}
