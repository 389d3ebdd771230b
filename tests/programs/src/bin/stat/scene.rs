// SPDX-License-Identifier: GPL-2.0

//! The scene: a file that is dirty in parts, and cached in parts.

use nix::fcntl::{
    posix_fadvise,
    PosixFadviseAdvice, //
};
use std::{
    ops::Range,
    os::fd::AsRawFd, //
};
use vm_map_sync::{
    Flags,
    Map,
    Stat,
    Target, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    residency::Cached,
    PAGE, //
};

/// How many pages the file has.
pub const PAGES: usize = 16;
/// What it looks like.
pub const PICTURE: &str = "CDCCCCDDCC....CC";

/// A file with all kinds of pages, its mapping, and a handle.
pub fn scene() -> Result<(Map, TestFile, Mapping), Failure> {
    let file = TestFile::new(PAGES)?;
    drop_pages(&file, 10..14)?;
    let mapping = file.map()?;
    mapping.fill(1, [1, 6, 7]);
    assert_eq!(file.picture(0..PAGES)?, PICTURE);
    Ok((Map::current()?, file, mapping))
}

/// Has pages leave the page cache, which nobody has mapped.
pub fn drop_pages(file: &TestFile, pages: Range<usize>) -> Result<(), Failure> {
    let (offset, length) = ((pages.start * PAGE) as i64, (pages.len() * PAGE) as i64);
    let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
    posix_fadvise(file.file().as_raw_fd(), offset, length, advice)?;
    assert_eq!(Cached::of(file.file(), pages)?.resident, 0);
    Ok(())
}

/// Looks at a range of addresses.
#[track_caller]
pub fn stat(map: &Map, range: Range<usize>) -> Stat {
    stat_with(map, &Target::addresses(range), Flags::empty())
}

/// Looks at any range.
#[track_caller]
pub fn stat_with(map: &Map, target: &Target<'_>, flags: Flags) -> Stat {
    match map.stat(target, flags) {
        Ok(stat) => stat,
        Err(error) => panic!("{error}"),
    }
}

/// A stat that says what `cachestat()` says of so many pages, and nothing else.
pub fn as_cached(pages: usize, cached: Cached) -> Stat {
    let mut stat = Stat::default();
    stat.pages = pages as u64;
    stat.resident = cached.resident;
    stat.dirty = cached.dirty;
    stat.writeback = cached.writeback;
    stat
}
