// SPDX-License-Identifier: GPL-2.0

//! Features: the module has what it says, and refuses all else.

use nix::errno::Errno;
use std::os::fd::AsRawFd;
use vm_map_sync::{
    uapi,
    Map,
    RANGES_MAX, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    raw::{
        self,
        ioctl,
        Desk,
        Structure, //
    },
};

/// The operations of the header, which are all there.
pub fn operations_are_those_there_are() -> Verdict {
    let map = Map::current()?;
    let features = map.features()?;
    assert_eq!(features.operations, 0b111_1110);
    assert_eq!(features.ranges_max, RANGES_MAX as u64);
    for number in 0..=0xff {
        let there = number < 64 && features.operations & (1 << number) != 0;
        let taken = (0..4).filter(|direction| {
            let command = (direction << 30) | (uapi::VM_MAP_SYNC_IOCTL_MAGIC << 8) | number;
            match ioctl(&map, command, 0) {
                Err(Errno::EFAULT) => true,
                Err(Errno::ENOTTY) => false,
                other => panic!("command {command:#x}: {other:?}"),
            }
        });
        assert_eq!(taken.count(), usize::from(there), "number {number}");
    }
    Ok(())
}

/// What is called with one flag after the other.
struct Scene {
    map: Map,
    desk: Desk,
    file: TestFile,
    mapping: Mapping,
}

impl Scene {
    fn new() -> Result<Self, Failure> {
        let file = TestFile::new(4)?;
        Ok(Self {
            map: Map::current()?,
            desk: Desk::new()?,
            mapping: file.map()?,
            file,
        })
    }

    /// The descriptor and the range that go with a flag.
    fn range(&self, flags: u32) -> (i32, u64, u64) {
        if flags & uapi::VM_MAP_SYNC_FILE != 0 {
            (self.file.file().as_raw_fd(), 0, 0)
        } else {
            let range = self.mapping.all();
            (0, range.start as u64, range.end as u64)
        }
    }

    /// Asserts that a sync with these flags succeeds, or is refused as it should be.
    #[track_caller]
    fn sync(&self, flags: u32, taken: bool) {
        let (fd, start, end) = self.range(flags);
        let argument = uapi::vm_map_sync_args {
            start,
            end,
            fd,
            ..raw::args(&(0..0), flags)
        };
        let (code, answer) = self.desk.call(&self.map, &argument);
        assert_taken(code, answer.result.reason, taken);
    }

    /// The same for a vector of one range, with flags of its own.
    #[track_caller]
    fn vector(&self, flags: u32, of_range: u32, taken: bool) {
        let (fd, start, end) = self.range(of_range);
        let range = uapi::vm_map_sync_range {
            start,
            end,
            fd,
            flags: of_range,
            ..Default::default()
        };
        self.call_many(uapi::VM_MAP_SYNC_VECTOR, &range, flags, taken);
    }

    /// The same for a look at one.
    #[track_caller]
    fn stat(&self, flags: u32, of_range: u32, taken: bool) {
        let (fd, start, end) = self.range(of_range);
        let range = uapi::vm_map_sync_stat {
            start,
            end,
            fd,
            flags: of_range,
            ..Default::default()
        };
        self.call_many(uapi::VM_MAP_SYNC_STAT, &range, flags, taken);
    }

    #[track_caller]
    fn call_many<T: Structure>(&self, command: u32, range: &T, flags: u32, taken: bool) {
        const RANGES: usize = 1024;
        self.desk.put(RANGES, range);
        let argument = uapi::vm_map_sync_vector {
            size: size_of::<uapi::vm_map_sync_vector>() as u32,
            flags,
            ranges: self.desk.address(RANGES) as u64,
            count: 1,
            range_size: size_of::<T>() as u32,
            ..Default::default()
        };
        let (code, answer) = self.desk.call_with(&self.map, command, &argument);
        assert_taken(code, answer.result.reason, taken);
    }
}

#[track_caller]
fn assert_taken(code: Result<(), Errno>, reason: u32, taken: bool) {
    let want = if taken {
        (Ok(()), uapi::VM_MAP_SYNC_REASON_NONE)
    } else {
        (Err(Errno::EINVAL), uapi::VM_MAP_SYNC_REASON_ARGUMENT)
    };
    assert_eq!((code, reason), want);
}

pub fn flags_are_those_there_are() -> Verdict {
    let scene = Scene::new()?;
    let features = scene.map.features()?;
    for bit in 0..32 {
        let flag = 1 << bit;
        let is_in = |flags: u32| flags & flag != 0;
        scene.sync(flag, is_in(features.sync.bits()));
        scene.vector(flag, 0, is_in(features.vector.bits()));
        scene.stat(flag, 0, is_in(features.stat.bits()));
        scene.vector(0, flag, is_in(features.range));
        scene.stat(0, flag, is_in(features.range));
    }
    // All that it has at once.
    scene.sync(features.sync.bits(), true);
    scene.vector(features.vector.bits(), features.range, true);
    scene.stat(features.stat.bits(), features.range, true);
    Ok(())
}
