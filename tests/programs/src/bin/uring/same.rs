// SPDX-License-Identifier: GPL-2.0

//! The same: what comes of a request is what comes of the call.

use super::small::Small;
use nix::errno::Errno;
use std::{
    ops::Range,
    os::fd::{
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
    process, //
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args,
        vm_map_sync_attach,
        vm_map_sync_features,
        vm_map_sync_info,
        vm_map_sync_range,
        vm_map_sync_result,
        vm_map_sync_stat,
        vm_map_sync_vector, //
    },
    Flags,
    Map,
    Whose, //
};
use vm_map_sync_tests::{
    check::{
        ALL,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        self,
        fields,
        ioctl,
        Structure, //
    },
    ring::command,
    PAGE, //
};

const PAGES: usize = 8;
/// Where the array of a vector is.
const ARRAY: usize = 1024;

pub fn features_say_so() -> Verdict {
    let features = Map::current()?.features()?;
    assert_eq!(features.uring_operations, features.operations);
    Ok(())
}

impl Small {
    /// Has all pages cached, and these dirty.
    fn soil(&self, pages: Range<usize>) {
        self.mapping.touch(0..PAGES);
        self.mapping.fill(1, pages);
    }

    /// Calls with what is on the desk, by ring or not.
    fn call(&mut self, by_ring: bool, number: u32) -> Result<Result<(), Errno>, Failure> {
        let argument = self.desk.address(0);
        if !by_ring {
            return Ok(ioctl(&self.map, number, argument));
        }
        let entry = command(&self.map, number, argument);
        Ok(self.ring.call(entry)?.map(|value| assert_eq!(value, 0)))
    }

    /// Calls with an argument, and returns what is in it afterwards.
    fn call_with<T: Structure>(
        &mut self,
        by_ring: bool,
        number: u32,
        argument: &T,
    ) -> Result<(Result<(), Errno>, T), Failure> {
        self.desk.put(0, argument);
        let code = self.call(by_ring, number)?;
        Ok((code, self.desk.get(0)))
    }

    /// A vector of what is in the array.
    fn vector<T: Structure>(&self, ranges: &[T], flags: Flags) -> vm_map_sync_vector {
        for (index, range) in ranges.iter().enumerate() {
            self.desk.put(ARRAY + index * size_of::<T>(), range);
        }
        vm_map_sync_vector {
            size: size_of::<vm_map_sync_vector>() as u32,
            flags: flags.bits(),
            ranges: self.desk.address(ARRAY) as u64,
            count: ranges.len() as u32,
            range_size: size_of::<T>() as u32,
            ..Default::default()
        }
    }
}

pub fn each_command() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let size = size_of::<vm_map_sync_info>() as u32;
    let info = vm_map_sync_info {
        size,
        ..Default::default()
    };
    let (code, info) = scene.call_with(true, uapi::VM_MAP_SYNC_INFO, &info)?;
    assert_eq!(code, Ok(()));
    assert_eq!(
        (info.whose, info.pid),
        (uapi::VM_MAP_SYNC_OWN, process::id() as i32)
    );

    let features = vm_map_sync_features {
        size: size_of::<vm_map_sync_features>() as u32,
        ..Default::default()
    };
    let (code, features) = scene.call_with(true, uapi::VM_MAP_SYNC_FEATURES, &features)?;
    assert_eq!(code, Ok(()));
    assert_eq!(features.operations, scene.map.features()?.operations);

    // What it returns is a descriptor.
    let attach = vm_map_sync_attach {
        size: size_of::<vm_map_sync_attach>() as u32,
        pid: process::id() as i32,
        ..Default::default()
    };
    let at = scene.desk.address(0);
    // SAFETY: There is room for it, and nobody else knows of it.
    unsafe { std::ptr::write(at as *mut vm_map_sync_attach, attach) };
    let entry = command(&scene.map, uapi::VM_MAP_SYNC_ATTACH, at);
    let handle = scene.ring.call(entry)??;
    // SAFETY: It is a new descriptor that nobody else knows of.
    let attached = Map::from(unsafe { OwnedFd::from_raw_fd(handle) });
    assert_eq!(attached.info()?.whose, Whose::Own);

    scene.soil(2..5);
    let stat = vm_map_sync_stat {
        start: scene.mapping.all().start as u64,
        end: scene.mapping.all().end as u64,
        ..Default::default()
    };
    let vector = scene.vector(&[stat], Flags::empty());
    let (code, _) = scene.call_with(true, uapi::VM_MAP_SYNC_STAT, &vector)?;
    assert_eq!(code, Ok(()));
    let stat: vm_map_sync_stat = scene.desk.get(ARRAY);
    assert_eq!((stat.pages, stat.resident, stat.dirty), (8, 8, 3));

    let args = raw::args(&scene.mapping.all(), BOTH.bits());
    let (code, args) = scene.call_with(true, uapi::VM_MAP_SYNC_SYNC, &args)?;
    assert_eq!(code, Ok(()));
    assert_eq!((args.result.pushed, args.result.freed), (3, 8));
    scene.file.assert_on_disk(1, 2..5);
    assert_eq!(scene.file.cached()?.resident, 0);
    Ok(())
}

/// What can be asked for, of all kinds.
pub fn same_as_the_call() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    for flags in ALL {
        for dirty in [0..0, 3..6] {
            let results = [false, true].map(|by_ring| {
                scene.soil(dirty.clone());
                let args = raw::args(&scene.mapping.all(), flags.bits());
                let call = scene.call_with(by_ring, uapi::VM_MAP_SYNC_SYNC, &args);
                scene.file.wait_until_written().map(|()| call)
            });
            let [call, ring] = results.map(|result| -> Result<_, Failure> {
                let (code, args): (_, vm_map_sync_args) = result??;
                Ok((code, fields(&args.result)))
            });
            let call = call?;
            assert_eq!(call.0, Ok(()), "{flags:?}");
            assert_eq!(ring?, call, "{flags:?}, {dirty:?} dirty");
        }
        let [call, ring] = [false, true].map(|by_ring| vector_of(&mut scene, by_ring, flags));
        assert_eq!(ring?, call?, "{flags:?}");
    }
    Ok(())
}

type Results = (Result<(), Errno>, [u64; 12], [[u64; 12]; 2]);

/// What becomes of a vector of addresses and a file.
fn vector_of(scene: &mut Small, by_ring: bool, flags: Flags) -> Result<Results, Failure> {
    scene.soil(1..3);
    let addresses = scene.mapping.range(0..2);
    let ranges = [
        vm_map_sync_range {
            start: addresses.start as u64,
            end: addresses.end as u64,
            ..Default::default()
        },
        vm_map_sync_range {
            start: PAGE as u64,
            end: 0,
            fd: scene.file.file().as_raw_fd(),
            flags: uapi::VM_MAP_SYNC_FILE,
            ..Default::default()
        },
    ];
    let vector = scene.vector(&ranges, flags);
    let (code, vector) = scene.call_with(by_ring, uapi::VM_MAP_SYNC_VECTOR, &vector)?;
    scene.file.wait_until_written()?;
    let of_range = |index| {
        let at = ARRAY + index * size_of::<vm_map_sync_range>();
        fields(&scene.desk.get::<vm_map_sync_range>(at).result)
    };
    Ok((code, fields(&vector.result), [of_range(0), of_range(1)]))
}

pub fn same_refusals() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let all = scene.mapping.all();
    let hole = scene.mapping.range(3..4);
    let dead_descriptor = |args: vm_map_sync_args| vm_map_sync_args {
        fd: 999,
        flags: args.flags | uapi::VM_MAP_SYNC_FILE,
        ..args
    };
    for flags in ALL {
        let bits = flags.bits();
        let calls = [
            raw::args(&all, bits | (1 << 31)),
            raw::args(&(all.end..all.start), bits),
            dead_descriptor(raw::args(&(0..0), bits)),
        ];
        for args in calls {
            assert_same(&mut scene, &args)?;
        }
        scene.mapping.unmap(3..4)?;
        assert_same(&mut scene, &raw::args(&all, bits))?;
        assert_same(&mut scene, &raw::args(&hole, bits))?;
        scene.mapping.map(
            3..4,
            scene.file.file(),
            3,
            vm_map_sync_tests::mapping::Share::Shared,
        )?;
    }
    scene.mapping.lock(2..3)?;
    assert_same(&mut scene, &raw::args(&all, BOTH.bits()))
}

fn assert_same(scene: &mut Small, args: &vm_map_sync_args) -> Verdict {
    let [call, ring] = [false, true].map(|by_ring| -> Result<_, Failure> {
        let (code, args) = scene.call_with(by_ring, uapi::VM_MAP_SYNC_SYNC, args)?;
        let result: vm_map_sync_result = args.result;
        Ok((code, fields(&result)))
    });
    let call = call?;
    assert!(call.0.is_err(), "it is refused");
    assert_eq!(ring?, call);
    Ok(())
}
