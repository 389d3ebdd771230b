// SPDX-License-Identifier: GPL-2.0

use crate::plan::bounds::Bounds;
use proptest::prelude::*;

const PAGE: usize = 4096;

#[test]
fn equal_ends_mean_the_entry() {
    assert_eq!(
        Bounds::new(0x1234, 0x1234, PAGE),
        Some(Bounds::Entry(0x1000))
    );
    assert_eq!(Bounds::new(0, 0, PAGE), Some(Bounds::Entry(0)));
    assert_eq!(
        Bounds::new(usize::MAX, usize::MAX, PAGE),
        Some(Bounds::Entry(usize::MAX - (PAGE - 1)))
    );
}

#[test]
fn one_byte_means_its_page() {
    let page = Some(Bounds::Range {
        start: 0x1000,
        end: 0x2000,
    });
    assert_eq!(Bounds::new(0x1000, 0x1001, PAGE), page);
    assert_eq!(Bounds::new(0x1fff, 0x2000, PAGE), page);
}

#[test]
fn the_last_page_is_a_hole_and_no_overflow() {
    let last = usize::MAX - (PAGE - 1);
    assert_eq!(
        Bounds::new(0x1000, usize::MAX, PAGE),
        Some(Bounds::Range {
            start: 0x1000,
            end: last
        })
    );
    assert_eq!(
        Bounds::new(last + 1, usize::MAX, PAGE),
        Some(Bounds::Entry(last))
    );
}

proptest! {
    #[test]
    fn a_range_backwards_is_refused(a: usize, b: usize) {
        prop_assert_eq!(Bounds::new(a, b, PAGE).is_none(), a > b);
    }

    #[test]
    fn rounds_outwards_by_less_than_a_page(start in 0..usize::MAX - 2 * PAGE, length in 1..1usize << 40) {
        let end = start.saturating_add(length).min(usize::MAX - PAGE);
        prop_assume!(start < end);
        let Some(Bounds::Range { start: first, end: last }) = Bounds::new(start, end, PAGE) else {
            return Err(TestCaseError::fail("no range"));
        };
        prop_assert!(first % PAGE == 0 && last % PAGE == 0);
        prop_assert!(first <= start && start - first < PAGE);
        prop_assert!(last >= end && last - end < PAGE);
        prop_assert_eq!(Bounds::new(start, end, PAGE).map(Bounds::start), Some(first));
    }
}
