// SPDX-License-Identifier: GPL-2.0

//! At once: what needs no waiting has completed when it is submitted, and nothing else has been begun.

use super::small::Small;
use io_uring::squeue::Entry;
use nix::errno::Errno;
use std::{
    fs, io,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args,
        vm_map_sync_features,
        vm_map_sync_info,
        vm_map_sync_stat,
        vm_map_sync_vector, //
    },
    Flags,
};
use vm_map_sync_tests::{
    check::{
        self,
        ALL,
        BOTH, //
    },
    gate::{
        Gate,
        Held, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        self,
        Desk, //
    },
    ring::command,
    spare::Site,
    PAGE, //
};

const PAGES: usize = 4;
/// Where the array of a vector is.
const ARRAY: usize = 1024;

impl Small {
    fn request(&self, number: u32) -> Entry {
        command(&self.map, number, self.desk.address(0))
    }

    /// A request about the whole mapping.
    fn sync(&self, flags: Flags) -> Entry {
        self.desk
            .put(0, &raw::args(&self.mapping.all(), flags.bits()));
        self.request(uapi::VM_MAP_SYNC_SYNC)
    }

    /// A look at the whole mapping, so many times.
    fn stat(&self, times: usize) -> Entry {
        let range = vm_map_sync_stat {
            start: self.mapping.all().start as u64,
            end: self.mapping.all().end as u64,
            ..Default::default()
        };
        for number in 0..times {
            self.desk.put(ARRAY + number * size_of_val(&range), &range);
        }
        let vector = vm_map_sync_vector {
            size: size_of::<vm_map_sync_vector>() as u32,
            ranges: self.desk.address(ARRAY) as u64,
            count: times as u32,
            range_size: size_of_val(&range) as u32,
            ..Default::default()
        };
        self.desk.put(0, &vector);
        self.request(uapi::VM_MAP_SYNC_STAT)
    }

    fn result(&self) -> uapi::vm_map_sync_result {
        self.desk.get::<vm_map_sync_args>(0).result
    }

    /// Asserts that a request has completed like that when it is submitted.
    #[track_caller]
    fn assert_at_once(&mut self, request: Entry, want: Result<i32, Errno>) {
        self.ring.push(request);
        assert_eq!(self.ring.submit().expect("the ring works"), 1);
        assert_eq!(self.ring.completed(), [(0, want)]);
        assert_eq!(workers().expect("it can be asked"), 0);
    }

    /// Asserts that a request is done by a worker, and nothing is told before.
    #[track_caller]
    fn assert_by_worker(&mut self, request: Entry, want: Result<i32, Errno>) {
        assert_eq!(self.ring.call(request).expect("the ring works"), want);
        assert_ne!(workers().expect("it can be asked"), 0);
    }
}

/// How many workers this process has: threads of its own, which come when they are needed and stay for some
/// seconds.
fn workers() -> io::Result<usize> {
    let mut count = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let name = fs::read_to_string(thread?.path().join("comm")).unwrap_or_default();
        count += usize::from(name.starts_with("iou-wrk"));
    }
    Ok(count)
}

pub fn questions_are_answered_at_once() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    scene.mapping.poke(1, 1);
    let stat = scene.stat(1);
    scene.assert_at_once(stat, Ok(0));
    let found: vm_map_sync_stat = scene.desk.get(ARRAY);
    assert_eq!((found.pages, found.dirty), (PAGES as u64, 1));

    scene.desk.put(
        0,
        &vm_map_sync_info {
            size: size_of::<vm_map_sync_info>() as u32,
            ..Default::default()
        },
    );
    let info = scene.request(uapi::VM_MAP_SYNC_INFO);
    scene.assert_at_once(info, Ok(0));
    let info: vm_map_sync_info = scene.desk.get(0);
    assert_eq!(info.whose, uapi::VM_MAP_SYNC_OWN);

    scene.desk.put(
        0,
        &vm_map_sync_features {
            size: size_of::<vm_map_sync_features>() as u32,
            ..Default::default()
        },
    );
    let features = scene.request(uapi::VM_MAP_SYNC_FEATURES);
    scene.assert_at_once(features, Ok(0));
    let features: vm_map_sync_features = scene.desk.get(0);
    assert_ne!(features.operations, 0);
    Ok(())
}

pub fn refusals_are_told_at_once() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    for flags in ALL {
        scene.mapping.poke(1, 1);
        let unknown = scene.sync(flags | Flags::from_bits_retain(1 << 31));
        scene.assert_at_once(unknown, Err(Errno::EINVAL));
        assert_eq!(scene.result().reason, uapi::VM_MAP_SYNC_REASON_ARGUMENT);

        scene.mapping.unmap(2..3)?;
        let hole = scene.sync(flags);
        scene.assert_at_once(hole, Err(Errno::ENOMEM));
        let result = scene.result();
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_HOLE);
        assert_eq!(result.address, scene.mapping.address(2) as u64);
        let share = vm_map_sync_tests::mapping::Share::Shared;
        scene.mapping.map(2..3, scene.file.file(), 2, share)?;
    }
    scene.mapping.lock(3..4)?;
    let wired = scene.sync(BOTH);
    scene.assert_at_once(wired, Err(Errno::EBUSY));
    assert_eq!(scene.result().reason, uapi::VM_MAP_SYNC_REASON_WIRED);
    let no_pointer = command(&scene.map, uapi::VM_MAP_SYNC_SYNC, 0);
    scene.assert_at_once(no_pointer, Err(Errno::EFAULT));
    assert_eq!(scene.file.cached()?.dirty, 1, "nothing was done");
    Ok(())
}

/// Where there is nothing to write, nothing to free, or nothing that has a file.
pub fn what_is_clean_is_done_at_once() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let done = |scene: &Small| {
        let result = scene.result();
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_NONE);
        assert_eq!(result.done, scene.mapping.all().end as u64);
        assert_eq!((result.pushed, result.freed, result.left), (0, 0, 0));
        result.unpaged
    };
    let clean = scene.sync(Flags::empty());
    scene.assert_at_once(clean, Ok(0));
    assert_eq!(done(&scene), 0);
    assert_eq!(scene.file.cached()?.resident, PAGES as u64);

    check::succeeds_somehow(&scene.map, scene.mapping.all(), Flags::INVALIDATE);
    for flags in [Flags::empty(), Flags::INVALIDATE] {
        let gone = scene.sync(flags);
        scene.assert_at_once(gone, Ok(0));
        assert_eq!(done(&scene), 0);
    }

    scene.mapping.map_anonymous(0..PAGES, libc::MAP_PRIVATE)?;
    for flags in ALL {
        let anonymous = scene.sync(flags);
        scene.assert_at_once(anonymous, Ok(0));
        assert_eq!(done(&scene), PAGES as u64);
    }
    Ok(())
}

pub fn a_dirty_range_is_left_to_a_worker() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    {
        let mut scene = Small::new(PAGES)?;
        let _opener = gate.opener();
        scene.mapping.fill(1, 1..3);
        gate.close(Held::Writes)?;
        let request = scene.sync(Flags::INVALIDATE);
        scene.ring.push(request);
        scene.ring.submit()?;
        // Neither done nor waited for.
        assert_eq!(scene.ring.completed(), []);
        gate.open()?;
        assert_eq!(scene.ring.wait(1)?, [(0, Ok(0))]);
        let result = scene.result();
        assert_eq!((result.pushed, result.freed), (2, PAGES as u64));
    }
    Ok(())
}

/// Durable is what was committed, even if nothing is dirty.
pub fn a_commit_is_left_to_a_worker() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let request = scene.sync(Flags::SYNCIO);
    scene.assert_by_worker(request, Ok(0));
    assert_eq!(scene.result().done, scene.mapping.all().end as u64);
    Ok(())
}

pub fn what_is_cached_is_freed_by_a_worker() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let request = scene.sync(Flags::INVALIDATE);
    scene.assert_by_worker(request, Ok(0));
    assert_eq!(scene.result().freed, PAGES as u64);
    assert_eq!(scene.file.cached()?.resident, 0);
    Ok(())
}

/// It takes no waiting, but those who submit are not to be kept.
pub fn a_look_at_very_much_is_left_to_a_worker() -> Verdict {
    const TIMES: usize = 1024;
    // As many folios as may be looked at, and some more.
    const PAGES: usize = (1 << 14) / TIMES + 1;
    let mut scene = Small::new(PAGES)?;
    scene.desk = Desk::with_room((ARRAY + TIMES * size_of::<vm_map_sync_stat>()) / PAGE + 1)?;
    let request = scene.stat(TIMES);
    scene.assert_by_worker(request, Ok(0));
    for number in [0, TIMES - 1] {
        let at = ARRAY + number * size_of::<vm_map_sync_stat>();
        let found: vm_map_sync_stat = scene.desk.get(at);
        let pages = PAGES as u64;
        assert_eq!((found.pages, found.resident), (pages, pages), "each once");
    }
    Ok(())
}

/// A request that a worker has done is one call, and not two.
pub fn what_is_tried_does_not_count() -> Verdict {
    let mut scene = Small::new(PAGES)?;
    let calls = |scene: &Small| -> Result<u64, Failure> {
        let descriptor = scene.map.as_fd().as_raw_fd();
        let shown = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}"))?;
        let line = shown.lines().find_map(|line| line.strip_prefix("calls:"));
        Ok(line.unwrap_or_default().trim().parse()?)
    };
    let by_worker = scene.sync(Flags::SYNCIO);
    scene.assert_by_worker(by_worker, Ok(0));
    assert_eq!(calls(&scene)?, 1);
    let at_once = scene.sync(Flags::empty());
    assert_eq!(scene.ring.call(at_once)?, Ok(0));
    assert_eq!(calls(&scene)?, 2);
    Ok(())
}
