// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Images: what an executable file is, as far as it matters to who wants to preload something into it.

use std::{
    ffi::OsString,
    io,
    os::unix::ffi::OsStringExt,
    path::PathBuf, //
};

/// What is in an executable file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Image {
    /// A program of this machine.
    Program {
        /// What loads its libraries; nothing if it has none.
        loader: Option<PathBuf>,
        /// Whether it is one of Go, which makes system calls past the C library.
        go: bool,
    },
    /// A program of another machine, or of another kind of processes.
    Foreign,
    /// What another program is to read.
    Script(PathBuf),
    /// Anything else.
    Unknown,
}

/// An ELF file of 64 bits, in the order of bytes that this machine has.
struct Elf<'a> {
    read: &'a dyn Fn(u64, usize) -> io::Result<Vec<u8>>,
    header: Vec<u8>,
}

const HEADER: usize = 64;
const PT_INTERP: u32 = 3;
/// Longer than any name that is looked for.
const NAME: usize = 32;

impl Image {
    /// Looks at a file, by a function that reads as much as there is of so many bytes from an offset on.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or ends before it should.
    pub fn of(read: &dyn Fn(u64, usize) -> io::Result<Vec<u8>>) -> io::Result<Self> {
        let start = read(0, 256)?;
        if let Some(line) = start.strip_prefix(b"#!") {
            let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
            let mut words = line.split(u8::is_ascii_whitespace);
            let word = words.find(|word| !word.is_empty()).unwrap_or_default();
            return Ok(Self::Script(path(word)));
        }
        if !start.starts_with(b"\x7fELF") {
            return Ok(Self::Unknown);
        }
        match start.get(..HEADER) {
            // 64 bits, the order of bytes, and the machine of this very program.
            Some(header)
                if header[4] == 2
                    && header[5] == if cfg!(target_endian = "little") { 1 } else { 2 }
                    && half(&header[18..])? == MACHINE =>
            {
                Elf {
                    read,
                    header: header.to_vec(),
                }
                .image()
            }
            _ => Ok(Self::Foreign),
        }
    }
}

/// What this program is for itself.
const MACHINE: u16 = if cfg!(target_arch = "x86_64") {
    62
} else if cfg!(target_arch = "aarch64") {
    183
} else if cfg!(target_arch = "riscv64") {
    243
} else if cfg!(target_arch = "loongarch64") {
    258
} else {
    0
};

impl Elf<'_> {
    fn image(&self) -> io::Result<Image> {
        let segments = self.table(long(&self.header[32..])?, 56, half(&self.header[56..])?)?;
        let mut loader = None;
        for segment in segments.chunks_exact(56) {
            if word(segment)? == PT_INTERP {
                let name = (self.read)(long(&segment[8..])?, 4096)?;
                loader = Some(path(until_zero(&name)));
            }
        }
        Ok(Image::Program {
            loader,
            go: self.has_section(&[b".go.buildinfo", b".note.go.buildid"])?,
        })
    }

    fn has_section(&self, names: &[&[u8]]) -> io::Result<bool> {
        let sections = self.table(long(&self.header[40..])?, 64, half(&self.header[60..])?)?;
        let strings = usize::from(half(&self.header[62..])?) * 64;
        let Some(strings) = sections.get(strings..strings + 64) else {
            return Ok(false);
        };
        let strings = long(&strings[24..])?;
        for section in sections.chunks_exact(64) {
            let name = (self.read)(strings.wrapping_add(word(section)?.into()), NAME)?;
            if names.contains(&until_zero(&name)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn table(&self, offset: u64, size: usize, count: u16) -> io::Result<Vec<u8>> {
        (self.read)(offset, size * usize::from(count))
    }
}

fn path(name: &[u8]) -> PathBuf {
    OsString::from_vec(name.to_vec()).into()
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn first<const N: usize>(bytes: &[u8]) -> io::Result<[u8; N]> {
    bytes
        .first_chunk()
        .copied()
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn half(bytes: &[u8]) -> io::Result<u16> {
    first(bytes).map(u16::from_ne_bytes)
}

fn word(bytes: &[u8]) -> io::Result<u32> {
    first(bytes).map(u32::from_ne_bytes)
}

fn long(bytes: &[u8]) -> io::Result<u64> {
    first(bytes).map(u64::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bytes: &[u8]) -> io::Result<Image> {
        Image::of(&|offset, length| {
            let start = usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let end = start.saturating_add(length).min(bytes.len());
            Ok(bytes[start..end].to_vec())
        })
    }

    /// A program with a loader, or none, and with a section.
    fn elf(loader: Option<&str>, section: &str) -> Vec<u8> {
        let mut bytes = vec![0; 512];
        let mut put = |at: usize, what: &[u8]| bytes[at..at + what.len()].copy_from_slice(what);
        put(0, b"\x7fELF\x02");
        put(5, &[if cfg!(target_endian = "little") { 1 } else { 2 }]);
        put(18, &MACHINE.to_ne_bytes());
        put(32, &64_u64.to_ne_bytes());
        put(40, &128_u64.to_ne_bytes());
        put(56, &u16::from(loader.is_some()).to_ne_bytes());
        put(60, &2_u16.to_ne_bytes());
        put(62, &1_u16.to_ne_bytes());
        put(64, &PT_INTERP.to_ne_bytes());
        put(72, &400_u64.to_ne_bytes());
        put(128, &1_u32.to_ne_bytes());
        put(192 + 24, &300_u64.to_ne_bytes());
        put(301, section.as_bytes());
        put(400, loader.unwrap_or_default().as_bytes());
        bytes
    }

    #[test]
    fn programs() {
        let program = |loader: Option<&str>, go| Image::Program {
            loader: loader.map(PathBuf::from),
            go,
        };
        let ld = Some("/lib64/ld-linux-x86-64.so.2");
        for (loader, section, go) in [
            (ld, ".text", false),
            (None, ".text", false),
            (None, ".note.go.buildid", true),
            (ld, ".go.buildinfo", true),
            (ld, ".go.buildinfo.more", false),
        ] {
            let found = of(&elf(loader, section)).expect("it is whole");
            assert_eq!(found, program(loader, go));
        }
        let own = std::fs::read("/proc/self/exe").expect("it runs");
        let Ok(Image::Program { loader, go: false }) = of(&own) else {
            panic!("this is a program, and none of Go")
        };
        assert!(loader.is_some_and(|loader| loader.exists()));
    }

    #[test]
    fn others() {
        let mut other = elf(None, "");
        other[18] ^= 1;
        assert_eq!(of(&other).ok(), Some(Image::Foreign));
        other[18] ^= 1;
        other[4] = 1;
        assert_eq!(of(&other).ok(), Some(Image::Foreign));
        assert_eq!(of(b"\x7fELF").ok(), Some(Image::Foreign));
        let script = |path: &str| Some(Image::Script(PathBuf::from(path)));
        assert_eq!(of(b"#!/bin/sh\necho").ok(), script("/bin/sh"));
        assert_eq!(of(b"#! /usr/bin/env -S perl").ok(), script("/usr/bin/env"));
        assert_eq!(of(b"#!").ok(), script(""));
        assert_eq!(of(b"text").ok(), Some(Image::Unknown));
        assert_eq!(of(b"").ok(), Some(Image::Unknown));
    }

    proptest! {
        /// Whatever is broken in it.
        #[test]
        fn nothing_is_trusted(at in 0..512_usize, byte: u8, length in 0..512_usize) {
            let mut bytes = elf(Some("/lib/ld.so"), ".text");
            bytes[at] = byte;
            let _ = of(&bytes);
            let _ = of(&bytes[..length]);
        }
    }
}
