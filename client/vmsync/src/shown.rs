// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! What is shown on a terminal: names that could do harm there, lines that are too long, and a screen of them.

use crate::style::Style;
use std::{
    fmt::Write as _,
    mem,
    path::Path, //
};

/// The name of a file, with what would move the cursor, change the colours or ring the bell escaped.
pub fn name(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() {
                shown.extend(letter.escape_default());
            } else {
                shown.push(letter);
            }
        }
        for byte in chunk.invalid() {
            // To write to a string does not fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// Puts items into lines of no more than `width` letters, as many as fit, each line after `indent`
/// spaces. An item that is longer has a line of its own.
pub fn wrapped<'a>(
    items: impl IntoIterator<Item = &'a str>,
    between: &str,
    width: usize,
    indent: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        let long = |line: &str| line.chars().count();
        match lines.last_mut() {
            Some(line) if long(line) + long(between) + long(item) <= width => {
                line.push_str(between);
                line.push_str(item);
            }
            last => {
                if let Some(line) = last {
                    line.push_str(between.trim_end());
                }
                lines.push(format!("{:indent$}{item}", ""));
            }
        }
    }
    lines
}

/// Lines as a screen of them is drawn in the place of the one before, as much of it as there is room for. Where
/// there is no terminal they follow each other.
pub fn screen(lines: &[String], style: Style) -> String {
    let Some(height) = style.height else {
        let lines = lines.iter().flat_map(|line| [line, "\n"]);
        return lines.chain(["\n"]).collect();
    };
    // The cursor goes home, each row is cleared behind what is in it, and so is what follows. Letters can be
    // wider than a column: the terminal is not to begin a row of its own for that.
    let mut drawn = "\x1b[?7l\x1b[H".to_owned();
    let rows = lines.iter().flat_map(|line| rows(line, style.width));
    for row in rows.take(height - 1) {
        drawn.extend([row.as_str(), "\x1b[K\n"]);
    }
    drawn + "\x1b[J\x1b[?7h"
}

/// The rows that a line takes, which can be in colours.
fn rows(line: &str, width: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut row, mut columns) = (String::new(), 0);
    let mut in_escape = false;
    for letter in line.chars() {
        in_escape |= letter == '\x1b';
        if !in_escape && columns == width.max(1) {
            rows.push(mem::take(&mut row));
            columns = 0;
        }
        row.push(letter);
        if in_escape {
            in_escape = letter != 'm';
        } else {
            columns += 1;
        }
    }
    rows.push(row);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        ffi::OsStr,
        os::unix::ffi::OsStrExt, //
    };

    #[test]
    fn names() {
        let shown = |bytes: &[u8]| name(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(shown("/a b/\u{e4}".as_bytes()), "/a b/\u{e4}");
        assert_eq!(shown(b"a\x1b[31m\n\t\x07"), "a\\u{1b}[31m\\n\\t\\u{7}");
        assert_eq!(shown(b"a\xffb"), "a\\xffb");
    }

    #[test]
    fn lines() {
        let items = ["one", "two", "three", "a very long one", "x"];
        assert_eq!(
            wrapped(items, ", ", 12, 2),
            ["  one, two,", "  three,", "  a very long one,", "  x"]
        );
        assert!(wrapped([], ", ", 12, 2).is_empty());
    }

    const NARROW: Style = Style {
        width: 40,
        height: Some(6),
        ..Style::PLAIN
    };

    /// What is in each row of a screen.
    fn drawn(lines: &[&str]) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let text = screen(&lines, NARROW);
        let text = text.strip_prefix("\x1b[?7l\x1b[H").expect("it goes home");
        let text = text
            .strip_suffix("\x1b[J\x1b[?7h")
            .expect("it clears the rest");
        text.split_terminator('\n')
            .map(|row| {
                row.strip_suffix("\x1b[K")
                    .expect("it clears the row")
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn a_narrow_screen() {
        let long = "x".repeat(90);
        assert_eq!(
            drawn(&[&long, "short", ""]),
            [&long[..40], &long[40..80], &long[80..], "short", ""]
        );
        // The last row is the cursor's.
        assert_eq!(drawn(&[&long, &long]).len(), 5);
        let bar = format!("[\x1b[31m{}\x1b[0m]", "#".repeat(38));
        assert_eq!(drawn(&[&bar]), [bar]);
    }

    #[test]
    fn no_screen_at_all() {
        let lines = ["x".repeat(90), "y".to_owned()];
        assert_eq!(screen(&lines, Style::PLAIN), format!("{}\ny\n\n", lines[0]));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_rows(line in "(\x1b\\[31m|[a-z\u{e4}]){0,200}", width in 1..50_usize) {
            let rows = rows(&line, width);
            prop_assert_eq!(rows.concat(), line);
            for row in rows {
                prop_assert!(row.replace("\x1b[31m", "").chars().count() <= width);
            }
        }

        #[test]
        fn names_do_no_harm(bytes: Vec<u8>) {
            let shown = name(Path::new(OsStr::from_bytes(&bytes)));
            prop_assert!(!shown.chars().any(char::is_control));
        }

        #[test]
        fn no_line_is_too_long(items in prop::collection::vec("[a-z]{1,10}", 0..20), width in 14..40_usize) {
            let lines = wrapped(items.iter().map(String::as_str), ", ", width, 2);
            // The comma at the end of a line hangs over.
            prop_assert!(lines.iter().all(|line| line.len() <= width + 1));
            let words: Vec<&str> = lines.iter().flat_map(|line| line.split(", ")).collect();
            let words: Vec<&str> = words.iter().map(|word| word.trim_matches([' ', ','])).collect();
            prop_assert_eq!(words, items);
        }
    }
}
