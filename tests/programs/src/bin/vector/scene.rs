// SPDX-License-Identifier: GPL-2.0

//! The scene: some files, each with a mapping of its own, dirty in parts.

use vm_map_sync::{
    Map,
    Target, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    vector::of_addresses, //
};

/// How many pages each file has.
pub const PAGES: usize = 8;
/// Those that are dirty.
pub const DIRTY: [usize; 3] = [0, 3, 4];

/// The files.
pub struct Scene {
    pub map: Map,
    pub files: Vec<TestFile>,
    pub mappings: Vec<Mapping>,
}

impl Scene {
    /// So many files.
    pub fn new(count: usize) -> Result<Self, Failure> {
        let files = (0..count)
            .map(|_| TestFile::new(PAGES))
            .collect::<Result<Vec<_>, _>>()?;
        let mappings = files
            .iter()
            .map(TestFile::map)
            .collect::<Result<Vec<_>, _>>()?;
        let scene = Self {
            map: Map::current()?,
            files,
            mappings,
        };
        scene.soil(1);
        scene.assert_nothing_done();
        Ok(scene)
    }

    /// Makes pages of all files dirty.
    pub fn soil(&self, version: u64) {
        for mapping in &self.mappings {
            mapping.fill(version, DIRTY);
        }
    }

    /// The mappings, a range each.
    pub fn targets(&self) -> Vec<Target<'static>> {
        of_addresses(self.mappings.iter().map(Mapping::all))
    }

    /// Asserts that the files are as they were when they were made.
    #[track_caller]
    pub fn assert_nothing_done(&self) {
        for (file, mapping) in self.files.iter().zip(&self.mappings) {
            let picture = file.picture(0..PAGES).expect("cachestat works");
            assert_eq!(picture, "DCCDDCCC", "something was done");
            file.assert_on_disk(0, 0..PAGES);
            mapping.assert_has(1, DIRTY);
        }
    }

    /// Asserts that the files are on the disk, and not in the page cache.
    #[track_caller]
    pub fn assert_all_done(&self) {
        for (file, mapping) in self.files.iter().zip(&self.mappings) {
            let picture = file.picture(0..PAGES).expect("cachestat works");
            assert_eq!(picture, "........", "not all was done");
            file.assert_on_disk(1, DIRTY);
            let resident = mapping.resident(0..PAGES).expect("mincore works");
            assert!(!resident.contains(&true), "in the map still");
        }
    }
}
