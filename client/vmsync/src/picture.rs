// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The picture: a bar that shows which parts of something are cached, and how.

use crate::{
    counts::Counts,
    shown::wrapped,
    style::Style, //
};
use std::ops::Range;
use vm_map_sync::{
    Flags,
    Map,
    SyncError,
    Target,
    RANGES_MAX, //
};

/// What a part of the bar stands for. The first of these that holds for it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Something of it is dirty.
    Dirty,
    /// Something of it is being written.
    Written,
    /// All of it is cached and clean, and something of it is mapped by others.
    Others,
    /// The same, but only some of it is cached.
    OthersPart,
    /// All of it is cached.
    Cached,
    /// Some of it is cached.
    Part,
    /// Nothing of it is cached.
    Absent,
    /// One may not ask.
    Hidden,
    /// It has no file on a disk.
    Unpaged,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Dirty,
        Self::Written,
        Self::Others,
        Self::OthersPart,
        Self::Cached,
        Self::Part,
        Self::Absent,
        Self::Hidden,
        Self::Unpaged,
    ];

    /// The mark for what is counted.
    pub fn of(counts: &Counts) -> Self {
        let all = counts.resident == counts.pages;
        match *counts {
            Counts { dirty: 1.., .. } => Self::Dirty,
            Counts { writeback: 1.., .. } => Self::Written,
            Counts { others: 1.., .. } if all => Self::Others,
            Counts { others: 1.., .. } => Self::OthersPart,
            Counts { resident: 1.., .. } if all => Self::Cached,
            Counts { resident: 1.., .. } => Self::Part,
            Counts { hidden: 1.., .. } => Self::Hidden,
            Counts {
                pages: 0,
                unpaged: 1..,
                ..
            } => Self::Unpaged,
            _ => Self::Absent,
        }
    }

    /// Its letter.
    pub fn letter(self) -> char {
        match self {
            Self::Dirty => '#',
            Self::Written => 'w',
            Self::Others => 'M',
            Self::OthersPart => 'm',
            Self::Cached => 'O',
            Self::Part => 'o',
            Self::Absent => '.',
            Self::Hidden => '?',
            Self::Unpaged => '-',
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Dirty => "dirty",
            Self::Written => "being written",
            Self::Others => "mapped by others",
            Self::OthersPart => "mapped by others, cached in part",
            Self::Cached => "cached, clean",
            Self::Part => "cached in part",
            Self::Absent => "not cached",
            Self::Hidden => "not yours to see",
            Self::Unpaged => "no file on a disk",
        }
    }

    /// Its colour, as a terminal knows it.
    fn colour(self) -> &'static str {
        match self {
            Self::Dirty => "31",
            Self::Written => "33",
            Self::Others | Self::OthersPart => "35",
            Self::Cached | Self::Part => "32",
            Self::Absent | Self::Hidden | Self::Unpaged => "2",
        }
    }

    /// `text` in its colour.
    fn paint(self, text: &str, style: Style) -> String {
        if style.colours {
            format!("\x1b[{}m{text}\x1b[0m", self.colour())
        } else {
            text.to_owned()
        }
    }
}

/// A bar, of a mark for each part of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar(Vec<Mark>);

impl Bar {
    /// The bar of what is counted in each part.
    pub fn of(parts: &[Counts]) -> Self {
        Self(parts.iter().map(Mark::of).collect())
    }

    /// Its letters.
    pub fn letters(&self) -> String {
        self.0.iter().map(|mark| mark.letter()).collect()
    }

    /// The bar between its brackets.
    pub fn draw(&self, style: Style) -> String {
        let runs: String = self
            .0
            .chunk_by(|one, other| one.colour() == other.colour())
            .map(|run| run[0].paint(&Self(run.to_vec()).letters(), style))
            .collect();
        format!("[{runs}]")
    }

    /// Its marks.
    pub fn marks(&self) -> &[Mark] {
        &self.0
    }
}

/// What the marks mean that are in a picture, in lines that fit.
pub fn legend(marks: impl IntoIterator<Item = Mark>, style: Style) -> Vec<String> {
    let there: Vec<Mark> = marks.into_iter().collect();
    let items: Vec<(Mark, String)> = Mark::ALL
        .into_iter()
        .filter(|mark| there.contains(mark))
        .map(|mark| (mark, format!("{} {}", mark.letter(), mark.meaning())))
        .collect();
    let lines = wrapped(
        items.iter().map(|(_, item)| item.as_str()),
        "   ",
        style.width,
        0,
    );
    lines
        .into_iter()
        .map(|line| {
            // The letters are painted when the lines have their width.
            items.iter().fold(line, |line, (mark, item)| {
                let letter = mark.letter().to_string();
                let painted = item.replacen(&letter, &mark.paint(&letter, style), 1);
                line.replacen(item, &painted, 1)
            })
        })
        .collect()
}

/// How wide a bar is at the most: more is not easier to read.
const WIDEST: usize = 128;

/// How many marks there is room for, if `beside` columns are needed for what stands beside the bar.
pub fn room(style: Style, beside: usize) -> usize {
    style.width.saturating_sub(beside + 2).clamp(1, WIDEST)
}

/// Parts of `pages` pages, `most` of them at the most, and none of them empty.
pub fn parts(pages: u64, most: usize) -> impl Iterator<Item = Range<u64>> {
    let count = pages.min(most as u64);
    let edge = move |part: u64| {
        (u128::from(pages) * u128::from(part))
            .checked_div(count.into())
            .unwrap_or(0) as u64
    };
    (0..count).map(move |part| edge(part)..edge(part + 1))
}

/// Looks at `pages` pages, and counts what of each of their parts is cached. `target` says what pages
/// stand for.
///
/// # Errors
///
/// As for [`Map::stat_vectored`].
pub fn look<'fd>(
    map: &Map,
    pages: u64,
    most: usize,
    flags: Flags,
    target: impl Fn(Range<u64>) -> Target<'fd>,
) -> Result<Vec<Counts>, SyncError> {
    let targets: Vec<Target<'_>> = parts(pages, most.min(RANGES_MAX)).map(target).collect();
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let stats = map.stat_vectored(&targets, flags)?;
    Ok(stats.iter().map(Counts::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAINTED: Style = Style {
        colours: true,
        ..Style::PLAIN
    };

    fn counts(resident: u64) -> Counts {
        Counts {
            pages: 4,
            resident,
            ..Counts::default()
        }
    }

    fn all() -> [Counts; 9] {
        [
            Counts {
                dirty: 1,
                writeback: 1,
                others: 1,
                ..counts(1)
            },
            Counts {
                writeback: 1,
                others: 1,
                ..counts(4)
            },
            Counts {
                others: 1,
                ..counts(4)
            },
            Counts {
                others: 1,
                ..counts(3)
            },
            counts(4),
            counts(3),
            counts(0),
            Counts {
                hidden: 4,
                ..Counts::default()
            },
            Counts {
                unpaged: 4,
                ..Counts::default()
            },
        ]
    }

    #[test]
    fn each_mark_has_its_case_and_letter() {
        let bar = Bar::of(&all());
        assert_eq!(bar.marks(), Mark::ALL);
        assert_eq!(bar.draw(Style::PLAIN), "[#wMmOo.?-]");
        assert_eq!(bar.letters(), "#wMmOo.?-");
    }

    #[test]
    fn colours_tell_apart_what_letters_do() {
        let drawn = Bar::of(&all()).draw(PAINTED);
        let runs =
            "[\x1b[31m#\x1b[0m\x1b[33mw\x1b[0m\x1b[35mMm\x1b[0m\x1b[32mOo\x1b[0m\x1b[2m.?-\x1b[0m]";
        assert_eq!(drawn, runs);
    }

    #[test]
    fn the_legend_says_what_is_there() {
        let marks = [Mark::Absent, Mark::Dirty, Mark::Absent];
        assert_eq!(legend(marks, Style::PLAIN), ["# dirty   . not cached"]);
        let painted = ["\x1b[31m#\x1b[0m dirty   \x1b[2m.\x1b[0m not cached"];
        assert_eq!(legend(marks, PAINTED), painted);
        assert!(legend([], Style::PLAIN).is_empty());
    }

    #[test]
    fn widths() {
        for width in [40, 200] {
            let style = Style {
                width,
                ..Style::PLAIN
            };
            let lines = legend(Mark::ALL, style);
            assert!(lines.iter().all(|line| line.len() <= width), "{lines:?}");
            assert_eq!(lines.len() == 1, width == 200, "{lines:?}");
        }
        assert_eq!(
            room(
                Style {
                    width: 40,
                    ..PAINTED
                },
                12
            ),
            26
        );
        assert_eq!(
            room(
                Style {
                    width: 5,
                    ..PAINTED
                },
                12
            ),
            1
        );
        assert_eq!(
            room(
                Style {
                    width: 400,
                    ..PAINTED
                },
                12
            ),
            WIDEST
        );
    }

    proptest! {
        #[test]
        fn parts_are_the_whole(pages: u64, most in 1..300_usize) {
            let parts: Vec<Range<u64>> = parts(pages, most).collect();
            prop_assert_eq!(parts.len() as u64, pages.min(most as u64));
            prop_assert_eq!(parts.first().map_or(0, |part| part.start), 0);
            prop_assert_eq!(parts.last().map_or(0, |part| part.end), pages);
            prop_assert!(parts.windows(2).all(|two| two[0].end == two[1].start));
            prop_assert!(parts.iter().all(|part| part.start < part.end));
            let sizes = parts.iter().map(|part| part.end - part.start);
            prop_assert!(sizes.clone().max().unwrap_or(0) - sizes.min().unwrap_or(0) <= 1);
        }
    }
}
