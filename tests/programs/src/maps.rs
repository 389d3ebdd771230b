// SPDX-License-Identifier: GPL-2.0

//! Maps: the entries of this process's map, as the kernel lists them.

use crate::harness::Failure;
use std::{
    fs,
    ops::Range, //
};

/// An entry of the map.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its addresses.
    pub range: Range<usize>,
    /// What is mapped there: a path, or a name in brackets; or nothing.
    pub name: String,
}

/// All entries, in the order of their addresses, without what lies beyond the addresses of processes.
pub fn entries() -> Result<Vec<Entry>, Failure> {
    let text = fs::read_to_string("/proc/self/maps")?;
    let entries = text.lines().map(parse).collect::<Result<Vec<_>, _>>()?;
    // The vsyscall page is listed, and in no map.
    Ok(entries
        .into_iter()
        .filter(|entry| isize::try_from(entry.range.end).is_ok())
        .collect())
}

/// The addresses of the entry that is called `name`.
pub fn entry(name: &str) -> Result<Range<usize>, Failure> {
    let mut entries = entries()?.into_iter();
    let found = entries.find(|entry| entry.name == name);
    found
        .map(|entry| entry.range)
        .ok_or_else(|| Failure::skip(format!("this process has no {name}")))
}

/// `START-END PROTECTION OFFSET DEVICE INODE NAME`
fn parse(line: &str) -> Result<Entry, Failure> {
    let mut words = line.split_whitespace();
    let (start, end) = words
        .next()
        .and_then(|range| range.split_once('-'))
        .ok_or_else(|| Failure::Failed(format!("not an entry: {line}")))?;
    Ok(Entry {
        range: usize::from_str_radix(start, 16)?..usize::from_str_radix(end, 16)?,
        name: words.nth(4).unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read() {
        let line = "7ffd1000-7ffd3000 r-xp 00000000 00:00 0                          [vdso]";
        let entry = parse(line).expect("it is one");
        assert_eq!(entry.range, 0x7ffd_1000..0x7ffd_3000);
        assert_eq!(entry.name, "[vdso]");
        let entry = parse("1000-2000 rw-p 00000000 00:00 0").expect("it is one");
        assert_eq!((entry.range, entry.name.as_str()), (0x1000..0x2000, ""));
        assert!(parse("no entry").is_err());
        assert!(entries().is_ok_and(|entries| entries.len() > 3));
    }
}
