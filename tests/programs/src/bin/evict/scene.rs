// SPDX-License-Identifier: GPL-2.0

//! The scene: a file with some pages dirty, and what must be left of it.

use vm_map_sync::Map;
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    residency::Cached, //
};

/// How many pages the file has.
pub const PAGES: usize = 16;

/// A file of [`PAGES`] pages, mapped and touched, some of them dirty.
pub fn scene() -> Result<(Map, TestFile, Mapping), Failure> {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    mapping.fill(1, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "CDCDCCCCDDCCCCCD");
    Ok((Map::current()?, file, mapping))
}

/// Those that are dirty.
pub const DIRTY: [usize; 5] = [1, 3, 8, 9, 15];

/// Asserts that the bytes are right.
#[track_caller]
pub fn assert_intact(mapping: &Mapping) {
    for page in 0..PAGES {
        mapping.assert_has(u64::from(DIRTY.contains(&page)), [page]);
    }
}

/// Asserts that nothing is cached.
#[track_caller]
pub fn assert_gone(file: &TestFile, mapping: &Mapping) {
    let resident = mapping.resident(0..mapping.pages()).expect("mincore works");
    assert_eq!(resident.iter().filter(|&&resident| resident).count(), 0);
    let cached = file.cached().expect("cachestat works");
    assert_eq!(cached, Cached::default());
}
