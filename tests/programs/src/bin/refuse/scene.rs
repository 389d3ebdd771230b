// SPDX-License-Identifier: GPL-2.0

//! The scene: a file with dirty pages in front of whatever is to be refused.

use std::ops::Range;
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::refused,
    file::{
        State,
        TestFile, //
    },
    harness::Failure,
    mapping::{
        Mapping,
        Share, //
    },
};

/// How many pages the file has.
pub const FILE: usize = 4;

/// A file at the first pages of a mapping, dirty in parts, with room behind it.
pub struct Scene {
    pub map: Map,
    pub file: TestFile,
    pub mapping: Mapping,
    at: usize,
}

impl Scene {
    /// With room for `room` pages behind the file.
    pub fn new(room: usize) -> Result<Self, Failure> {
        Self::behind(0, room)
    }

    /// With `front` pages in front of the file, too.
    pub fn behind(front: usize, room: usize) -> Result<Self, Failure> {
        let file = TestFile::new(FILE)?;
        let mapping = Mapping::reserve(front + FILE + room)?;
        mapping.map(front..front + FILE, file.file(), 0, Share::Shared)?;
        mapping.poke(front, 1);
        mapping.poke(front + 2, 1);
        let scene = Self {
            map: Map::current()?,
            file,
            mapping,
            at: front,
        };
        assert_eq!(scene.file.picture(0..FILE)?, "DCDC");
        Ok(scene)
    }

    fn state(&self) -> State {
        State::of(&self.file, &self.mapping, self.at..self.at + FILE).expect("the state is known")
    }

    /// Asserts that nothing happens to the file when `range` is refused for `reason` at `address`.
    #[track_caller]
    pub fn assert_refused(
        &self,
        range: Range<usize>,
        flags: Flags,
        reason: Reason,
        address: usize,
    ) {
        let before = self.state();
        refused(&self.map, range, flags, reason, address);
        assert!(before == self.state(), "something was done to the file");
    }
}
