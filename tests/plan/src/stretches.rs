// SPDX-License-Identifier: GPL-2.0

use crate::plan::stretches::{
    reach,
    Full,
    Stretches, //
};
use proptest::prelude::*;

proptest! {
    /// Folios of random sizes and gaps, some wired: what comes out is what went in.
    #[test]
    fn stretches_hold_the_very_pages(
        folios in prop::collection::vec((0usize..3, 1usize..9, prop::bool::weighted(0.2)), 0..80)
    ) {
        let mut stretches = Stretches::default();
        let mut pages = Vec::new();
        let mut at = 0;
        for (gap, size, wired) in folios {
            let folio = at + gap..at + gap + size;
            at = folio.end;
            match stretches.add(folio.clone(), wired) {
                Ok(()) => pages.extend(folio.map(|page| (page, wired))),
                Err(Full) => break,
            }
        }
        let mut found = Vec::new();
        let mut last_kind = None;
        for span in stretches.spans() {
            let wired = span[0].wired;
            prop_assert_ne!(last_kind, Some(wired), "two spans of one kind in a row");
            last_kind = Some(wired);
            let around = reach(span);
            for stretch in span {
                prop_assert_eq!(stretch.wired, wired);
                prop_assert!(around.start <= stretch.pages.start && stretch.pages.end <= around.end);
                found.extend(stretch.pages.clone().map(|page| (page, wired)));
            }
            // Nothing of the other kind within reach: it may be unmapped as a whole.
            prop_assert!(!pages.iter().any(|(page, kind)| around.contains(page) && *kind != wired));
        }
        prop_assert_eq!(found, pages);
    }
}

#[test]
fn there_is_room_for_a_few() {
    let mut stretches = Stretches::default();
    for page in 0..Stretches::ROOM {
        assert_eq!(stretches.add(2 * page..2 * page + 1, false), Ok(()));
    }
    let next = 2 * Stretches::ROOM;
    assert_eq!(stretches.add(next..next + 1, false), Err(Full));
    assert_eq!(
        stretches.add(next - 1..next, false),
        Ok(()),
        "grows the last"
    );
}

#[test]
fn nothing_reaches_nowhere() {
    assert!(reach(&[]).is_empty());
    assert_eq!(Stretches::default().spans().count(), 0);
}
