// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! What is shown on a terminal: names that could do harm there, and lines that are too long.

use std::{
    fmt::Write as _,
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

    proptest! {
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
