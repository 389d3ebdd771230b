// SPDX-License-Identifier: GPL-2.0

//! Holes: addresses where nothing is mapped.

use super::scene::{
    Scene,
    FILE, //
};
use std::thread;
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        ALL,
        BOTH, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::Crowd,
    PAGE,
};

/// Where the address space of a process ends at the latest (on x86-64 with four levels of page
/// tables one page before this).
const BEYOND: usize = 1 << 63;

/// A page that every process can run, but that is the kernel's, and in no map.
const VSYSCALL: usize = 0xffff_ffff_ff60_0000;

pub fn hole_at_the_start() -> Verdict {
    let scene = Scene::behind(2, 0)?;
    scene.mapping.unmap(0..2)?;
    for flags in ALL {
        let range = scene.mapping.all();
        scene.assert_refused(range.clone(), flags, Reason::Hole, range.start);
        // Rounded down to where the hole is.
        let start = range.start + 2 * PAGE - 1;
        scene.assert_refused(start..range.end, flags, Reason::Hole, range.start + PAGE);
    }
    Ok(())
}

pub fn hole_in_the_middle() -> Verdict {
    let scene = Scene::new(4)?;
    scene
        .mapping
        .map(FILE + 2..FILE + 4, scene.file.file(), 0, Share::Shared)?;
    scene.mapping.unmap(FILE..FILE + 2)?;
    for flags in ALL {
        let hole = scene.mapping.address(FILE);
        scene.assert_refused(scene.mapping.all(), flags, Reason::Hole, hole);
    }
    Ok(())
}

pub fn hole_at_the_end() -> Verdict {
    let scene = Scene::new(2)?;
    scene.mapping.unmap(FILE..FILE + 2)?;
    let range = scene.mapping.all();
    let hole = scene.mapping.address(FILE);
    for flags in ALL {
        scene.assert_refused(range.clone(), flags, Reason::Hole, hole);
        // Rounded up to where the hole is.
        scene.assert_refused(range.start..hole + 1, flags, Reason::Hole, hole);
    }
    Ok(())
}

/// Entries of one file on both sides of it.
pub fn hole_of_one_page() -> Verdict {
    let scene = Scene::new(0)?;
    scene.mapping.unmap(1..2)?;
    let hole = scene.mapping.address(1);
    for flags in ALL {
        vm_map_sync_tests::check::refused(
            &scene.map,
            scene.mapping.all(),
            flags,
            Reason::Hole,
            hole,
        );
        assert_eq!(scene.file.picture(0..FILE)?, "DCDC");
    }
    Ok(())
}

/// No entry is found for the start address.
pub fn hole_where_an_entry_is_asked_for() -> Verdict {
    let scene = Scene::new(1)?;
    scene.mapping.unmap(FILE..FILE + 1)?;
    let hole = scene.mapping.address(FILE);
    for address in [hole, hole + 1, hole + PAGE - 1] {
        scene.assert_refused(address..address, BOTH, Reason::Hole, hole);
    }
    Ok(())
}

pub fn hole_beyond_the_address_space() -> Verdict {
    let scene = Scene::new(0)?;
    for flags in ALL {
        for start in [BEYOND, VSYSCALL] {
            scene.assert_refused(start..start + PAGE, flags, Reason::Hole, start);
            scene.assert_refused(start..start, flags, Reason::Hole, start);
        }
        let last = usize::MAX - PAGE + 1;
        for range in [last..usize::MAX, last + 1..last + 2, usize::MAX..usize::MAX] {
            scene.assert_refused(range, flags, Reason::Hole, last);
        }
    }
    Ok(())
}

/// The end cannot be rounded up, or adds up to more than there is.
pub fn hole_behind_an_end_that_overflows() -> Verdict {
    let scene = Scene::new(1)?;
    scene.mapping.unmap(FILE..FILE + 1)?;
    let start = scene.mapping.address(0);
    let hole = scene.mapping.address(FILE);
    for end in [BEYOND, usize::MAX - PAGE + 1, usize::MAX - 1, usize::MAX] {
        scene.assert_refused(start..end, BOTH, Reason::Hole, hole);
    }
    Ok(())
}

pub fn first_page_of_all() -> Verdict {
    let scene = Scene::new(0)?;
    scene.assert_refused(0..1, Flags::SYNCIO, Reason::Hole, 0);
    scene.assert_refused(0..0, Flags::SYNCIO, Reason::Hole, 0);
    scene.assert_refused(0..usize::MAX, Flags::SYNCIO, Reason::Hole, 0);
    Ok(())
}

/// A hole that moves: there is one all the time, now at this end of the range and now at the other,
/// so no moment of the map can be captured. A walk that lets those through who change the map, and
/// then goes on, would find each end mapped.
pub fn hole_that_moves() -> Verdict {
    /// Enough for a walk to meet somebody who waits for the lock.
    const ENTRIES: usize = 8192;
    /// How many calls and how many moves there are, at least.
    const OFTEN: usize = 50;

    let mapping = Mapping::reserve(ENTRIES)?;
    mapping.map_anonymous(0..ENTRIES, libc::MAP_PRIVATE)?;
    for page in (0..ENTRIES).step_by(2) {
        mapping.protect(page..page + 1, libc::PROT_READ)?;
    }
    let (low, high) = (2, ENTRIES - 2);
    let map = Map::current()?;
    mapping.unmap(low..low + 1)?;
    let crowd = Crowd::<2>::new(OFTEN);
    thread::scope(|scope| {
        scope.spawn(|| {
            crowd.act(0, || {
                for (open, close) in [(high, low), (low, high)] {
                    let opened = mapping.unmap(open..open + 1);
                    let closed = mapping.map_anonymous(close..close + 1, libc::MAP_PRIVATE);
                    opened.and(closed).expect("the hole can be moved");
                }
                true
            });
        });
        let holes = [low, high].map(|page| mapping.address(page) as u64);
        crowd.act(1, || match map.sync(mapping.all(), Flags::empty()) {
            Err(SyncError::Refused(fault))
                if fault.reason == Reason::Hole && holes.contains(&fault.address) =>
            {
                true
            }
            other => panic!("a map that was never there: {other:x?}"),
        });
    });
    Ok(())
}
