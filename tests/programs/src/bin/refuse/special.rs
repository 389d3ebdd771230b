// SPDX-License-Identifier: GPL-2.0

//! Special mappings: what BSD calls sub-map entries.

use super::scene::{
    Scene,
    FILE, //
};
use std::fs::File;
use vm_map_sync::{
    Flags,
    Reason, //
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
    mapping::{
        Mapping,
        Share, //
    },
    maps::entry,
    sysctl::Sysctl,
    PAGE,
};

/// Asserts that the kernel's own entry `name` is refused in all ways to ask for it.
fn refuses_entry(name: &str) -> Verdict {
    let scene = Scene::new(0)?;
    let special = entry(name)?;
    for flags in ALL {
        for range in [
            special.clone(),
            special.start..special.start + 1,
            special.start..special.start,
        ] {
            scene.assert_refused(range, flags, Reason::Special, special.start);
        }
    }
    Ok(())
}

/// Asserts that what is mapped at page `FILE` of the scene is refused together with the file in
/// front of it.
fn refuses_what_follows(scene: &Scene, pages: usize) {
    let special = scene.mapping.address(FILE);
    for flags in ALL {
        scene.assert_refused(
            scene.mapping.range(0..FILE + pages),
            flags,
            Reason::Special,
            special,
        );
        scene.assert_refused(special..special, flags, Reason::Special, special);
    }
}

pub fn special_vdso() -> Verdict {
    refuses_entry("[vdso]")
}

pub fn special_vvar() -> Verdict {
    refuses_entry("[vvar]")
}

pub fn special_hugetlb() -> Verdict {
    const HUGE: usize = 512;

    let _reserved = Sysctl::set("vm/nr_hugepages", "2")?;
    // The file ends where the huge page, which must be aligned, begins.
    let room = Mapping::reserve(3 * HUGE)?;
    let huge = room.address(0).next_multiple_of(HUGE * PAGE);
    let first = (huge - room.address(0)) / PAGE;
    let first = if first < FILE { first + HUGE } else { first };
    room.map_anonymous(first..first + HUGE, libc::MAP_PRIVATE | libc::MAP_HUGETLB)
        .map_err(|error| Failure::skip(format!("no huge page can be had: {error}")))?;

    let scene = Scene::new(0)?;
    room.map(first - FILE..first, scene.file.file(), 0, Share::Shared)?;
    let special = room.address(first);
    for flags in ALL {
        scene.assert_refused(
            room.range(first - FILE..first + HUGE),
            flags,
            Reason::Special,
            special,
        );
        scene.assert_refused(special..special, flags, Reason::Special, special);
    }
    Ok(())
}

pub fn special_device_memory() -> Verdict {
    // The BIOS, which may be looked at even where the rest may not.
    const BIOS: usize = 0xf0000 / PAGE;

    let scene = Scene::new(2)?;
    let memory = File::open("/dev/mem").map_err(Failure::skip)?;
    scene
        .mapping
        .map(FILE..FILE + 2, &memory, BIOS, Share::SharedRead)
        .map_err(|error| Failure::skip(format!("/dev/mem cannot be mapped: {error}")))?;
    refuses_what_follows(&scene, 2);
    Ok(())
}

/// Of two things that are wrong, the one at the lower address.
pub fn what_comes_first_is_reported() -> Verdict {
    const SPECIAL: usize = FILE;
    const HOLE: usize = FILE + 1;
    const WIRED: usize = FILE + 2;

    let scene = Scene::new(4)?;
    let memory = File::open("/dev/mem").map_err(Failure::skip)?;
    scene
        .mapping
        .map(SPECIAL..SPECIAL + 1, &memory, 0xf0, Share::SharedRead)
        .map_err(|error| Failure::skip(format!("/dev/mem cannot be mapped: {error}")))?;
    scene.mapping.unmap(HOLE..HOLE + 1)?;
    scene
        .mapping
        .map_anonymous(WIRED..WIRED + 2, libc::MAP_PRIVATE)?;
    scene.mapping.lock(WIRED..WIRED + 1)?;

    let end = scene.mapping.all().end;
    for (first, reason) in [
        (0, Reason::Special),
        (SPECIAL, Reason::Special),
        (HOLE, Reason::Hole),
        (WIRED, Reason::Wired),
    ] {
        let address = match reason {
            Reason::Special => scene.mapping.address(SPECIAL),
            _ => scene.mapping.address(first),
        };
        scene.assert_refused(scene.mapping.address(first)..end, BOTH, reason, address);
    }
    // Locked memory in front of it all, with the file behind it.
    scene.mapping.lock(1..2)?;
    let wired = scene.mapping.address(1);
    scene.assert_refused(scene.mapping.all(), BOTH, Reason::Wired, wired);
    let special = scene.mapping.address(SPECIAL);
    scene.assert_refused(scene.mapping.all(), Flags::SYNCIO, Reason::Special, special);
    Ok(())
}
