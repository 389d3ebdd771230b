// SPDX-License-Identifier: GPL-2.0

use crate::plan::chunks::chunk;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_chunk_lies_in_the_rest(
        start in 0..1000usize,
        length in 0..1000usize,
        first in 0..3000usize,
        size in 0..100usize,
    ) {
        let rest = start..start + length;
        let chunk = chunk(&rest, first, size);
        prop_assert!(chunk.start >= rest.start && chunk.start >= first);
        prop_assert!(chunk.is_empty() || chunk.end <= rest.end);
        prop_assert!(chunk.len() <= size);
        // Nothing is passed over but what lies before `first`.
        prop_assert_eq!(chunk.start, rest.start.max(first));
    }

    /// However large a folio is, and wherever it starts, the rest becomes less.
    #[test]
    fn going_on_ends(start in 0..5000usize, length in 1..5000usize, folio in 1..5000usize, size in 1..2000usize) {
        let mut rest = start..start + length;
        let mut steps = 0;
        while !rest.is_empty() {
            let chunk = chunk(&rest, rest.start / folio * folio, size);
            prop_assert!(!chunk.is_empty());
            rest.start = chunk.end;
            steps += 1;
        }
        prop_assert_eq!(steps, length.div_ceil(size));
    }
}

#[test]
fn the_end_of_all_pages_does_not_wrap() {
    let rest = usize::MAX - 10..usize::MAX;
    assert_eq!(chunk(&rest, 0, 100), rest);
    assert_eq!(
        chunk(&rest, usize::MAX - 2, 100),
        usize::MAX - 2..usize::MAX
    );
}
