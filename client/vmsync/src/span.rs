// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Spans: the part of a file or of an address space that is meant.

use crate::amount;
use std::{
    ops::Range,
    str::FromStr, //
};

/// Bytes from a start to an end, which can be the end of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it starts.
    pub start: u64,
    /// Where it ends, if it is not the end of all.
    pub end: Option<u64>,
}

impl Span {
    /// What of it there is, if there are `length` bytes.
    pub fn within(&self, length: u64) -> Range<u64> {
        let end = self.end.map_or(length, |end| end.min(length));
        self.start.min(end)..end
    }

    /// The same in pieces of `size` bytes, or less at the end. There is one at least. The last has no end
    /// if this has none.
    pub fn pieces(&self, length: u64, size: u64) -> impl Iterator<Item = Self> {
        let (span, all) = (*self, self.within(length));
        let count = (all.end - all.start).div_ceil(size).max(1);
        (0..count).map(move |piece| Self {
            start: span.start + piece * size,
            end: if piece + 1 == count {
                span.end
            } else {
                Some(span.start + (piece + 1) * size)
            },
        })
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((start, end)) = text.split_once('-') else {
            return Err(format!(
                "\"{text}\" is no range; write it like 1M-2M, 1M- or -2M"
            ));
        };
        let bound = |text: &str| match text {
            "" => Ok(None),
            text => amount::parse(text).map(Some),
        };
        let span = Self {
            start: bound(start)?.unwrap_or(0),
            end: bound(end)?,
        };
        match span.end {
            Some(end) if end <= span.start => Err(format!(
                "\"{text}\" is an empty range; the second number must be larger than the first"
            )),
            _ => Ok(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(text: &str) -> Result<(u64, Option<u64>), String> {
        text.parse().map(|Span { start, end }| (start, end))
    }

    #[test]
    fn ranges() {
        assert_eq!(span("1M-2M"), Ok((1 << 20, Some(2 << 20))));
        assert_eq!(span("4096-"), Ok((4096, None)));
        assert_eq!(span("-2k"), Ok((0, Some(2048))));
        assert_eq!(span("0x1000-0x2000"), Ok((0x1000, Some(0x2000))));
        assert_eq!(span("-"), Ok((0, None)));
    }

    #[test]
    fn what_is_none() {
        for (text, why) in [
            ("1M", "is no range"),
            ("2M-1M", "is an empty range"),
            ("1-1", "is an empty range"),
            ("-0", "is an empty range"),
            ("1-2-3", "no number of bytes"),
            ("a-b", "no number of bytes"),
        ] {
            let error = span(text).expect_err(text);
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn an_empty_file_is_a_piece() {
        let all = Span::default();
        assert_eq!(all.pieces(0, 8).collect::<Vec<_>>(), [all]);
        // What was appended meanwhile belongs to the last.
        let last = all.pieces(17, 8).last().expect("there is one at least");
        assert_eq!((last.start, last.end), (16, None));
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole(
            start in 0..10_000_u64,
            more in prop::option::of(1..10_000_u64),
            length in 0..20_000_u64,
            size in 1..3000_u64,
        ) {
            let span = Span { start, end: more.map(|more| start + more) };
            let pieces: Vec<Span> = span.pieces(length, size).collect();
            prop_assert_eq!(pieces[0].start, span.start);
            prop_assert_eq!(pieces[pieces.len() - 1].end, span.end);
            for two in pieces.windows(2) {
                prop_assert_eq!(two[0].end, Some(two[1].start));
                prop_assert_eq!(two[1].start - two[0].start, size);
                prop_assert!(two[1].start < length);
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            let _ = span(&text);
        }
    }
}
