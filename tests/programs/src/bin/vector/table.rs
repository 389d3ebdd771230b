// SPDX-License-Identifier: GPL-2.0

//! The table: a scene, and the memory for a call on it.

use super::scene::{
    Scene,
    DIRTY,
    PAGES, //
};
use nix::errno::Errno;
use vm_map_sync::uapi::{
    self,
    vm_map_sync_range,
    vm_map_sync_result,
    vm_map_sync_vector, //
};
use vm_map_sync_tests::{
    harness::Failure,
    raw::{
        fields,
        junk,
        Desk, //
    },
    PAGE, //
};

/// Both flags.
pub const BOTH: u32 = uapi::VM_MAP_SYNC_SYNCIO | uapi::VM_MAP_SYNC_INVALIDATE;
/// How many files there are, and ranges.
pub const FILES: usize = 3;
/// Bytes of a range.
pub const SIZE: usize = size_of::<vm_map_sync_range>();

/// A scene, with memory for the argument of a call and for the array of its ranges.
pub struct Table {
    pub scene: Scene,
    pub vector: Desk,
    pub array: Desk,
    /// Where in its memory the array is.
    pub offset: usize,
}

impl Table {
    /// With an array at the start of its memory, for which there are so many pages.
    pub fn new(pages: usize) -> Result<Self, Failure> {
        Ok(Self {
            scene: Scene::new(FILES)?,
            vector: Desk::new()?,
            array: Desk::with_room(pages)?,
            offset: 0,
        })
    }

    /// The ranges of a valid call.
    pub fn ranges(&self) -> [vm_map_sync_range; FILES] {
        std::array::from_fn(|number| {
            let range = self.scene.mappings[number].all();
            vm_map_sync_range {
                start: range.start as u64,
                end: range.end as u64,
                fd: 0,
                flags: 0,
                result: junk(),
            }
        })
    }

    /// Its argument.
    pub fn argument(&self) -> vm_map_sync_vector {
        vm_map_sync_vector {
            size: size_of::<vm_map_sync_vector>() as u32,
            flags: BOTH,
            ranges: self.array.address(self.offset) as u64,
            count: FILES as u32,
            range_size: SIZE as u32,
            reserved: 0,
            result: junk(),
        }
    }

    /// Puts ranges into the array that are `size` bytes apart.
    pub fn put(&self, ranges: &[vm_map_sync_range], size: usize) {
        for (number, range) in ranges.iter().enumerate() {
            self.array.put(self.offset + number * size, range);
        }
    }

    /// The array, with ranges that are `size` bytes apart.
    pub fn get(&self, size: usize) -> [vm_map_sync_range; FILES] {
        std::array::from_fn(|number| self.array.get(self.offset + number * size))
    }

    /// A byte of the memory of the array.
    pub fn byte(&self, offset: usize) -> u8 {
        self.array.memory().read(offset / PAGE)[offset % PAGE]
    }

    /// Calls the device. Returns what is in the argument afterwards.
    pub fn call(&self, argument: &vm_map_sync_vector) -> (Result<(), Errno>, vm_map_sync_result) {
        let command = uapi::VM_MAP_SYNC_VECTOR;
        let (code, after) = self.vector.call_with(&self.scene.map, command, argument);
        (code, after.result)
    }

    /// Asserts that a valid call, with ranges that are `size` bytes apart, does everything, and that all
    /// results are what they should be.
    #[track_caller]
    pub fn assert_called(&self, argument: &vm_map_sync_vector, size: usize) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Ok(()));
        self.assert_results(&all, size);
        self.scene.assert_all_done();
    }

    #[track_caller]
    fn assert_results(&self, all: &vm_map_sync_result, size: usize) {
        let (dirty, pages) = (DIRTY.len() as u64, PAGES as u64);
        let want = vm_map_sync_result {
            done: FILES as u64,
            pushed: FILES as u64 * dirty,
            freed: FILES as u64 * pages,
            ..Default::default()
        };
        assert_eq!(fields(all), fields(&want), "all");
        for (number, (before, after)) in self.ranges().iter().zip(self.get(size)).enumerate() {
            let want = vm_map_sync_result {
                done: before.end,
                pushed: dirty,
                freed: pages,
                ..Default::default()
            };
            assert_eq!(fields(&after.result), fields(&want), "range {number}");
            assert_inputs(before, &after);
        }
    }

    /// Asserts that a call fails with `errno`, and neither does anything nor says why. That a result
    /// could be written may have been tried out.
    #[track_caller]
    pub fn assert_rejected(&self, argument: &vm_map_sync_vector, errno: Errno) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Err(errno), "{argument:x?}");
        let why = |result: &vm_map_sync_result| (result.reason, result.error, result.done);
        assert_eq!(why(&all), why(&junk()), "{argument:x?}");
        self.scene.assert_nothing_done();
    }

    /// Asserts that a call does nothing, and says in the result for all that it makes no sense.
    #[track_caller]
    pub fn assert_senseless(&self, argument: &vm_map_sync_vector, errno: Errno, range: u32) {
        let (code, all) = self.call(argument);
        assert_eq!(code, Err(errno), "{argument:x?}");
        let want = vm_map_sync_result {
            kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
            reason: uapi::VM_MAP_SYNC_REASON_ARGUMENT,
            error: errno as i32,
            range,
            ..Default::default()
        };
        assert_eq!(fields(&all), fields(&want), "{argument:x?}");
        self.scene.assert_nothing_done();
    }
}

#[track_caller]
pub fn assert_inputs(before: &vm_map_sync_range, after: &vm_map_sync_range) {
    assert_eq!(
        (after.start, after.end, after.fd, after.flags),
        (before.start, before.end, before.fd, before.flags),
        "only results are written to"
    );
}
