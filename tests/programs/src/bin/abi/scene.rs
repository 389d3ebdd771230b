// SPDX-License-Identifier: GPL-2.0

//! The scene: a file with dirty pages, and a valid call on it that would write and free them.

use nix::errno::Errno;
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Map,
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    raw::{
        self,
        fields,
        Desk, //
    },
};

/// Everything for a valid call.
pub struct Scene {
    pub map: Map,
    pub file: TestFile,
    pub mapping: Mapping,
    pub desk: Desk,
}

/// Both flags.
pub const BOTH: u32 = uapi::VM_MAP_SYNC_SYNCIO | uapi::VM_MAP_SYNC_INVALIDATE;

impl Scene {
    pub fn new() -> Result<Self, Failure> {
        let file = TestFile::new(4)?;
        let mapping = file.map()?;
        mapping.fill(1, [0, 2]);
        let scene = Self {
            map: Map::current()?,
            file,
            mapping,
            desk: Desk::new()?,
        };
        scene.assert_nothing_done();
        Ok(scene)
    }

    /// The argument of the call.
    pub fn args(&self) -> vm_map_sync_args {
        raw::args(&self.mapping.all(), BOTH)
    }

    #[track_caller]
    pub fn assert_nothing_done(&self) {
        let picture = self.file.picture(0..4).expect("cachestat works");
        assert_eq!(picture, "DCDC", "something was done");
        self.file.assert_on_disk(0, 0..4);
    }

    #[track_caller]
    pub fn assert_all_done(&self) {
        let picture = self.file.picture(0..4).expect("cachestat works");
        assert_eq!(picture, "....", "not all was done");
        self.file.assert_on_disk(1, [0, 2]);
    }

    /// Asserts that a call with `args` is refused with `EINVAL`, a result that says so, and nothing
    /// done.
    #[track_caller]
    pub fn assert_invalid(&self, args: &vm_map_sync_args) {
        let (code, after) = self.desk.call(&self.map, args);
        assert_eq!(code, Err(Errno::EINVAL), "{args:x?}");
        let want = uapi::vm_map_sync_result {
            kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
            reason: uapi::VM_MAP_SYNC_REASON_ARGUMENT,
            error: libc::EINVAL,
            ..Default::default()
        };
        assert_eq!(fields(&after.result), fields(&want), "{args:x?}");
        self.assert_nothing_done();
    }

    /// Asserts that a call with `args`, which must be at the start of the desk, fails with `errno`,
    /// no result and nothing done.
    #[track_caller]
    pub fn assert_rejected(&self, args: &vm_map_sync_args, errno: Errno) {
        let (code, after) = self.desk.call(&self.map, args);
        assert_eq!(code, Err(errno), "{args:x?}");
        assert_eq!(
            fields(&after.result),
            fields(&args.result),
            "{errno}, but the result was written to"
        );
    }
}
