// SPDX-License-Identifier: GPL-2.0

//! Servers that are slow, stuck or dead.

use super::{
    mount::Mount,
    server::{
        Temper,
        Trigger,
        TRIGGER, //
    }, //
};
use std::{
    fs::File,
    time::{
        Duration,
        Instant, //
    }, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
};

const PAGES: usize = 8;

/// A server of its own for a test, with a file that is mapped. The file is not open: to close it
/// would be to wait for its server.
struct Scene {
    mount: Mount,
    mapping: Mapping,
}

impl Scene {
    fn new(temper: Temper) -> Result<Self, Failure> {
        let mount = Mount::new(temper)?;
        let file = mount.create("file", PAGES)?;
        file.sync_all()?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &file, 0, Share::Shared)?;
        Ok(Self { mount, mapping })
    }

    fn cached(&self) -> Result<Cached, Failure> {
        let file = File::open(self.mount.directory().join("file"))?;
        Ok(Cached::of(&file, 0..PAGES)?)
    }
}

/// Answers are waited for, however long they take.
pub fn slow_server() -> Verdict {
    let delay = Duration::from_millis(300);
    for writeback in [false, true] {
        let scene = Scene::new(Temper {
            writeback,
            delay,
            ..Temper::default()
        })?;
        // Two writes, for the pages are apart.
        scene.mapping.fill(1, [1, 5]);
        let start = Instant::now();
        let map = Map::current()?;
        succeeds(&map, scene.mapping.all(), BOTH, counts(2, PAGES as u64));
        assert!(start.elapsed() >= 2 * delay, "{:?}", start.elapsed());
        assert_eq!(scene.cached()?.resident, 0);
        scene.mapping.assert_has(1, [1, 5]);
        scene.mapping.assert_has(0, [0, 2, 3, 4, 6, 7]);
    }
    Ok(())
}

/// A server that dies when it is asked to write: the call fails with an error, and what was not
/// written stays.
pub fn server_dies() -> Verdict {
    for flags in [Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let scene = Scene::new(Temper {
            trigger: Trigger::Die,
            ..Temper::default()
        })?;
        scene.mapping.touch(0..PAGES);
        scene.mapping.fill(1, [4]);
        scene.mapping.poke(4, TRIGGER);
        match Map::current()?.sync(scene.mapping.all(), flags) {
            Err(SyncError::Failed(fault)) => {
                assert_eq!(fault.reason, Reason::Io, "{flags:?}");
                assert_eq!(fault.errno, libc::ECONNABORTED, "{flags:?}");
                assert_eq!(fault.address, scene.mapping.address(0) as u64);
                assert_eq!(fault.outcome.done, scene.mapping.all().end as u64);
                assert_eq!((fault.outcome.pushed, fault.outcome.freed), (1, 0));
            }
            other => panic!("{flags:?}: {other:?}"),
        }
        // The bytes can be had, for they are cached; the server cannot be asked for them.
        assert_eq!(scene.mapping.peek(4), TRIGGER);
        assert_eq!(scene.mapping.read(4)[8..], pattern(1, 4)[8..]);
        scene.mapping.assert_has(0, [0, 7]);
    }
    Ok(())
}

/// A server that takes what is written and cannot make it durable. Nothing of that is remembered by the
/// kernel: it is for the call that was told to keep the pages.
pub fn server_cannot_commit() -> Verdict {
    for writeback in [false, true] {
        let scene = Scene::new(Temper {
            writeback,
            trigger: Trigger::Forget,
            ..Temper::default()
        })?;
        scene.mapping.touch(0..PAGES);
        scene.mapping.poke(4, TRIGGER);
        let map = Map::current()?;
        for (flags, pushed) in [(BOTH, 1), (BOTH, 0), (Flags::SYNCIO, 0)] {
            let left = match flags {
                BOTH => PAGES as u64,
                _ => 0,
            };
            match map.sync(scene.mapping.all(), flags) {
                Err(SyncError::Failed(fault)) => {
                    assert_eq!((fault.reason, fault.errno), (Reason::Io, libc::EIO));
                    let outcome = fault.outcome;
                    let found = (outcome.pushed, outcome.freed, outcome.left);
                    assert_eq!(found, (pushed, 0, left), "{flags:?}");
                }
                other => panic!("{flags:?}: {other:?}"),
            }
            assert_eq!(scene.cached()?.resident, PAGES as u64);
            assert_eq!(scene.mapping.peek(4), TRIGGER);
        }
        // Who does not ask for that is not told.
        let freed = counts(0, PAGES as u64);
        succeeds(&map, scene.mapping.all(), Flags::INVALIDATE, freed);
        assert_eq!(scene.mapping.peek(4), TRIGGER);
    }
    Ok(())
}

/// A server that never answers does not keep those waiting who do not want to wait.
pub fn stuck_server_and_push() -> Verdict {
    let scene = stuck()?;
    succeeds(
        &Map::current()?,
        scene.mapping.all(),
        Flags::empty(),
        counts(1, 0),
    );
    Ok(())
}

/// Those who have to wait for a server that never answers can be killed. They do not have the file
/// mapped themselves: FUSE has those who unmap a file, or exit with it, wait until it is written.
pub fn stuck_server_and_a_kill() -> Verdict {
    for flags in [Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let scene = stuck()?;
        scene.mapping.advise(0..PAGES, libc::MADV_DONTFORK)?;
        let map = Map::current()?;
        let (ours, theirs) = Line::pair()?;
        let caller = Child::spawn(|| {
            theirs.send(0)?;
            let outcome = map.sync(scene.mapping.all(), flags);
            panic!("it came back: {outcome:?}");
        })?;
        ours.receive()?;
        caller.wait_for_state('D')?;
        // It would wait for ever.
        caller.die()?;
    }
    Ok(())
}

fn stuck() -> Result<Scene, Failure> {
    let scene = Scene::new(Temper {
        trigger: Trigger::Stop,
        ..Temper::default()
    })?;
    scene.mapping.touch(0..PAGES);
    scene.mapping.poke(3, TRIGGER);
    Ok(scene)
}
