// SPDX-License-Identifier: GPL-2.0

//! The scene: a file that nobody has mapped, dirty in parts.

use std::{
    fs::File,
    ops::{
        Range,
        RangeBounds, //
    },
    os::{
        fd::AsFd,
        unix::fs::FileExt, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        codes,
        Counts, //
    },
    file::TestFile,
    harness::Failure,
    pattern,
    PAGE, //
};

/// How many pages the file has.
pub const PAGES: usize = 16;
/// Those that are dirty.
pub const DIRTY: [usize; 4] = [0, 3, 9, 15];
/// What it looks like.
pub const PICTURE: &str = "DCCDCCCCCDCCCCCD";

/// A file that was written to, and a handle.
pub fn scene() -> Result<(Map, TestFile), Failure> {
    let file = TestFile::new(PAGES)?;
    soil(file.file(), 1)?;
    assert_eq!(file.picture(0..PAGES)?, PICTURE);
    Ok((Map::current()?, file))
}

/// Writes to a file, by its descriptor.
pub fn soil(file: &File, version: u64) -> Result<(), Failure> {
    for page in DIRTY {
        file.write_all_at(&pattern(version, page), (page * PAGE) as u64)?;
    }
    Ok(())
}

/// Asserts that nothing has happened to the file of a scene.
#[track_caller]
pub fn assert_nothing_done(file: &TestFile) {
    let picture = file.picture(0..PAGES).expect("cachestat works");
    assert_eq!(picture, PICTURE, "something was done");
    file.assert_on_disk(0, 0..PAGES);
}

/// Asserts that a call on a range of a file succeeds, with these counts, up to byte `done`.
#[track_caller]
pub fn succeeds(
    map: &Map,
    file: impl AsFd,
    range: impl RangeBounds<u64>,
    flags: Flags,
    want: Counts,
    done: usize,
) -> Outcome {
    match map.sync_file(file, range, flags) {
        Ok(outcome) => {
            assert_eq!(Counts::from(outcome), want, "{flags:?}");
            assert_eq!(outcome.done, done as u64, "done, {flags:?}");
            outcome
        }
        Err(error) => panic!("{flags:?}: {error}"),
    }
}

/// Asserts that a call on a range of a file is refused, because of what is at byte `offset`.
#[track_caller]
pub fn refused(
    map: &Map,
    file: impl AsFd,
    range: impl RangeBounds<u64>,
    flags: Flags,
    (reason, errno): (Reason, i32),
    offset: u64,
) {
    match map.sync_file(file, range, flags) {
        Err(SyncError::Refused(fault)) => {
            let (_, kern_return) = codes(reason);
            assert_eq!(
                (fault.reason, fault.errno, fault.kern_return),
                (reason, errno, kern_return),
                "{fault}"
            );
            assert_eq!((fault.in_file, fault.address), (true, offset), "{fault}");
            assert_eq!(Counts::from(fault.outcome), Counts::default(), "{fault}");
        }
        other => panic!("{flags:?}, not refused: {other:?}"),
    }
}

/// A range of pages in bytes.
pub fn bytes(pages: Range<usize>) -> Range<u64> {
    (pages.start * PAGE) as u64..(pages.end * PAGE) as u64
}
