// SPDX-License-Identifier: GPL-2.0

//! The scene: a file that is mapped by `memmap2`.

use memmap2::{
    MmapMut,
    MmapOptions, //
};
use std::{
    fs::File,
    io,
    ops::Range, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    pattern,
    PAGE, //
};

/// How many pages the file has.
pub const PAGES: usize = 8;

pub struct Scene {
    pub map: Map,
    pub file: TestFile,
    pub bytes: MmapMut,
}

impl Scene {
    /// All of it, with nothing dirty.
    pub fn new() -> Result<Self, Failure> {
        let file = TestFile::new(PAGES)?;
        Ok(Self {
            map: Map::current()?,
            bytes: map(file.file())?,
            file,
        })
    }

    /// Writes version 1 of the pattern to pages.
    pub fn fill(&mut self, pages: impl IntoIterator<Item = usize>) {
        for page in pages {
            self.bytes[range(page..page + 1)].copy_from_slice(&pattern(1, page));
        }
    }

    /// Asserts that pages have `version` of the pattern in them.
    #[track_caller]
    pub fn assert_has(&self, version: u64, pages: impl IntoIterator<Item = usize>) {
        for page in pages {
            let found = &self.bytes[range(page..page + 1)];
            assert!(found == pattern(version, page), "page {page}");
        }
    }

    /// Asserts what is cached of the file, a letter for each page.
    #[track_caller]
    pub fn assert_cached(&self, want: &str) {
        let picture = self.file.picture(0..PAGES).expect("cachestat works");
        assert_eq!(picture, want);
    }
}

/// All of a file, mapped shared.
pub fn map(file: &File) -> io::Result<MmapMut> {
    // SAFETY: Nobody writes to the file but through it, while somebody looks.
    unsafe { MmapOptions::new().map_mut(file) }
}

/// The bytes of pages.
pub fn range(pages: Range<usize>) -> Range<usize> {
    pages.start * PAGE..pages.end * PAGE
}
