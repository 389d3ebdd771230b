// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Maps: what a process has mapped of files, as `/proc/PID/maps` has it.

use crate::span::Span;
use rustix::fs::makedev;
use std::{
    ffi::OsString,
    ops::Range,
    os::unix::ffi::OsStringExt,
    path::PathBuf, //
};

/// A mapping of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Its addresses.
    pub range: Range<usize>,
    /// The file.
    pub path: PathBuf,
    /// Which one that is: device and inode.
    pub file: (u64, u64),
}

impl Mapping {
    /// What of it is in a span of addresses, if anything is.
    pub fn within(&self, span: &Span) -> Option<Self> {
        let clamped = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
        let start = self.range.start.max(clamped(span.start));
        let end = self.range.end.min(span.end.map_or(usize::MAX, clamped));
        (start < end).then(|| Self {
            range: start..end,
            ..self.clone()
        })
    }
}

/// The mappings of files in the text of `/proc/PID/maps`. What lies side by side of a file is one, whatever
/// the rights of its parts are.
pub fn parse(text: &[u8]) -> Vec<Mapping> {
    let mut all: Vec<Mapping> = Vec::new();
    for mapping in text.split(|&byte| byte == b'\n').filter_map(entry) {
        match all.last_mut() {
            Some(last)
                if last.range.end == mapping.range.start
                    && (last.file, &last.path) == (mapping.file, &mapping.path) =>
            {
                last.range.end = mapping.range.end;
            }
            _ => all.push(mapping),
        }
    }
    all
}

fn entry(line: &[u8]) -> Option<Mapping> {
    // Addresses, rights, offset, device, inode, and behind blanks the path, in which there can be blanks.
    let mut rest = line;
    let mut field = || {
        let end = rest.iter().position(|&byte| byte == b' ')?;
        let field = std::str::from_utf8(&rest[..end]).ok()?;
        rest = rest[end..].trim_ascii_start();
        Some(field)
    };
    let (start, end) = field()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let range = address(start)?..address(end)?;
    let (_rights, _offset) = (field()?, field()?);
    let (major, minor) = field()?.split_once(':')?;
    let number = |text| u32::from_str_radix(text, 16).ok();
    let device = makedev(number(major)?, number(minor)?);
    let inode = field()?.parse().ok()?;
    rest.starts_with(b"/").then(|| Mapping {
        range,
        path: PathBuf::from(OsString::from_vec(unescaped(rest))),
        file: (device, inode),
    })
}

/// A line break in a path is written as `\012`.
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, more)) = rest.split_first() {
        if let Some(more) = rest.strip_prefix(b"\\012") {
            plain.push(b'\n');
            rest = more;
        } else {
            plain.push(byte);
            rest = more;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{
        fs,
        os::unix::fs::MetadataExt,
        path::Path, //
    };

    const TEXT: &[u8] = b"\
00400000-00412000 r-xp 00000000 08:02 173521      /usr/bin/a b\\012c
00412000-00452000 rw-p 00012000 08:02 173521      /usr/bin/a b\\012c
00e03000-00e24000 rw-p 00000000 00:00 0           [heap]
7f0000000000-7f0000001000 rw-p 00000000 00:00 0\x20
7f0000002000-7f0000003000 rw-s 00001000 08:02 5   /data (deleted)
";

    #[test]
    fn files_only() {
        let mappings = parse(TEXT);
        assert_eq!(mappings.len(), 2);
        assert_eq!(mappings[0].range, 0x400000..0x452000);
        assert_eq!(mappings[0].path, Path::new("/usr/bin/a b\nc"));
        assert_eq!(mappings[0].file, (makedev(8, 2), 173_521));
        assert_eq!(mappings[1].path, Path::new("/data (deleted)"));
    }

    #[test]
    fn what_has_the_same_name_is_not_the_same_file() {
        let text = String::from_utf8_lossy(TEXT).replacen("173521", "7", 1);
        let mappings = parse(text.as_bytes());
        assert_eq!(mappings.len(), 3);
        assert_eq!(mappings[0].path, mappings[1].path);
    }

    #[test]
    fn the_program_maps_itself() {
        let text = fs::read("/proc/self/maps").expect("there is a /proc");
        let program = fs::read_link("/proc/self/exe").expect("there is a /proc");
        let status = fs::metadata(&program).expect("it is there");
        let mappings = parse(&text);
        let own = mappings.iter().find(|mapping| mapping.path == program);
        let inode = own.map(|mapping| mapping.file.1);
        assert_eq!(inode, Some(status.ino()));
    }

    #[test]
    fn within() {
        let mapping = &parse(TEXT)[0];
        let within = |start, end| mapping.within(&Span { start, end });
        assert_eq!(within(0, None).as_ref(), Some(mapping));
        let part = within(0x410000, Some(0x411000)).expect("it is in it");
        assert_eq!(part.range, 0x410000..0x411000);
        assert_eq!(within(0, Some(0x400000)), None);
        assert_eq!(within(0x452000, None), None);
        assert_eq!(within(u64::MAX, None), None);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text: Vec<u8>) {
            parse(&text);
        }
    }
}
