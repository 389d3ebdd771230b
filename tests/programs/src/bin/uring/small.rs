// SPDX-License-Identifier: GPL-2.0

//! A small file that is mapped, and what requests about it are made with.

use vm_map_sync::Map;
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    raw::Desk,
    ring::Ring, //
};

/// What a test about requests has.
pub struct Small {
    /// A handle on the map.
    pub map: Map,
    /// The file, cached and clean at first.
    pub file: TestFile,
    /// All of it.
    pub mapping: Mapping,
    /// Where arguments are put.
    pub desk: Desk,
    /// A ring.
    pub ring: Ring,
}

impl Small {
    /// With a file of so many pages.
    pub fn new(pages: usize) -> Result<Self, Failure> {
        let file = TestFile::new(pages)?;
        Ok(Self {
            map: Map::current()?,
            mapping: file.map()?,
            file,
            desk: Desk::new()?,
            ring: Ring::new()?,
        })
    }
}
