// SPDX-License-Identifier: GPL-2.0

//! Refusals: a range that cannot be dealt with, for which the whole call is refused. It is named, and
//! nothing happens to the others, in front of it or behind it.

use super::scene::{
    Scene,
    PAGES, //
};
use nix::unistd::pipe;
use std::{
    fs::{
        set_permissions,
        File,
        Permissions, //
    },
    os::{
        fd::{
            AsFd,
            AsRawFd,
            BorrowedFd, //
        },
        unix::fs::{
            chown,
            PermissionsExt, //
        },
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        codes,
        ALL,
        BOTH, //
    },
    disk::Counters,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    maps::entry,
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    vector::all_refused, //
};

/// Those flags that ask for pages to be freed.
const FREEING: [Flags; 2] = [Flags::INVALIDATE, BOTH];

const FILES: usize = 3;

/// Asserts that a call is refused because of `bad`, which is wrong at `address`, wherever in the vector it
/// is.
fn refused_wherever(
    scene: &Scene,
    map: &Map,
    bad: Target<'_>,
    address: usize,
    why: (Reason, i32),
    flags: &[Flags],
) -> Verdict {
    let disk = scene.files[0].disk();
    // The file system may write something by itself: not in all of the rounds.
    let mut least: Option<Counters> = None;
    for index in 0..=FILES {
        for &flags in flags {
            let mut targets = scene.targets();
            targets.insert(index, bad);
            let before = disk.counters()?;
            all_refused(map, &targets, flags, why, (index, address));
            let after = disk.counters()?;
            let done = Counters {
                writes: after.writes - before.writes,
                flushes: after.flushes - before.flushes,
            };
            let smaller =
                |least: &Counters| done.writes + done.flushes < least.writes + least.flushes;
            if least.as_ref().is_none_or(smaller) {
                least = Some(done);
            }
            scene.assert_nothing_done();
        }
    }
    let nothing = Counters {
        writes: 0,
        flushes: 0,
    };
    assert_eq!(least, Some(nothing), "the disk was asked for something");
    for mapping in &scene.mappings {
        assert!(mapping.present(0..1)?[0], "it was unmapped");
    }
    Ok(())
}

fn why(reason: Reason) -> (Reason, i32) {
    (reason, codes(reason).0)
}

pub fn hole_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let hole = Mapping::reserve(3)?;
    hole.map_anonymous(0..3, libc::MAP_PRIVATE)?;
    hole.unmap(1..2)?;
    let bad = Target::addresses(hole.all());
    let address = hole.address(1);
    refused_wherever(&scene, &scene.map, bad, address, why(Reason::Hole), &ALL)?;
    // And for an entry where there is none.
    let bad = Target::addresses(address..address);
    refused_wherever(&scene, &scene.map, bad, address, why(Reason::Hole), &ALL)
}

pub fn special_mapping_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let special = entry("[vdso]")?;
    let address = special.start;
    let bad = Target::addresses(special);
    refused_wherever(&scene, &scene.map, bad, address, why(Reason::Special), &ALL)
}

pub fn wired_memory_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let file = TestFile::new(PAGES)?;
    let wired = file.map()?;
    wired.lock(2..3)?;
    let address = wired.address(2);
    let bad = Target::addresses(wired.all());
    let why = why(Reason::Wired);
    refused_wherever(&scene, &scene.map, bad, address, why, &FREEING)
}

/// Of files that the caller may free, and one that he may not.
pub fn foreign_file_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let foreign = TestFile::new(PAGES)?;
    for file in &scene.files {
        chown(file.path(), Some(NOBODY), None)?;
    }
    set_permissions(foreign.path(), Permissions::from_mode(0o644))?;
    // That is written now, and not while somebody counts.
    File::open(foreign.path())?.sync_all()?;
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let reader = File::open(foreign.path())?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &reader, 0, Share::SharedRead)?;
        for mapping in &scene.mappings {
            mapping.touch(0..1);
        }
        let why = why(Reason::Protection);
        let bad = Target::addresses(mapping.range(1..PAGES));
        refused_wherever(&scene, &map, bad, mapping.address(1), why, &FREEING)?;
        let bad = Target::file(reader.as_fd(), 4096..);
        refused_wherever(&scene, &map, bad, 4096, why, &FREEING)
    })?;
    child.join()
}

pub fn bad_descriptor_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let closed = File::open("/dev/null")?.as_raw_fd();
    // SAFETY: Nobody uses it but the kernel, which finds that it is closed.
    let closed = unsafe { BorrowedFd::borrow_raw(closed) };
    let bad = Target::file(closed, ..);
    let not_open = (Reason::Descriptor, libc::EBADF);
    refused_wherever(&scene, &scene.map, bad, 0, not_open, &ALL)?;
    let (out, _into) = pipe()?;
    let bad = Target::file(out.as_fd(), ..);
    let not_a_file = (Reason::Descriptor, libc::ENODEV);
    refused_wherever(&scene, &scene.map, bad, 0, not_a_file, &ALL)
}

pub fn senseless_range_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let end = scene.mappings[0].all().end;
    let why = why(Reason::Argument);
    let backwards = end..end - 1;
    let bad = Target::addresses(backwards);
    refused_wherever(&scene, &scene.map, bad, 0, why, &ALL)?;
    // An empty range of a file, which is not an entry of anything.
    for range in [0..0, 4096..4096] {
        let bad = Target::file(scene.files[0].file().as_fd(), range);
        refused_wherever(&scene, &scene.map, bad, 0, why, &ALL)?;
    }
    Ok(())
}

/// Of several that are wrong, the first.
pub fn first_refusal_is_reported() -> Verdict {
    let scene = Scene::new(FILES)?;
    let hole = Mapping::reserve(2)?;
    hole.unmap(0..2)?;
    let bad = |page| Target::addresses(hole.range(page..page + 1));
    let mut targets = scene.targets();
    targets.extend([bad(1), bad(0)]);
    let why = why(Reason::Hole);
    all_refused(&scene.map, &targets, BOTH, why, (FILES, hole.address(1)));
    targets.insert(1, bad(0));
    all_refused(&scene.map, &targets, BOTH, why, (1, hole.address(0)));
    scene.assert_nothing_done();
    Ok(())
}

/// The map of the dead is refused, whichever range is meant.
pub fn dead_map_refuses_all() -> Verdict {
    let scene = Scene::new(FILES)?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| Ok(theirs.send_descriptor(Map::current()?)?))?;
    let map = Map::from(ours.receive_descriptor()?);
    child.join()?;
    for flags in ALL {
        match map.sync_vectored(&scene.targets(), flags) {
            Err(VectorError::Refused(fault)) => {
                assert_eq!((fault.reason, fault.range), (Reason::Dead, None));
                assert_eq!(fault.errno, libc::ESRCH);
            }
            other => return Err(Failure::Failed(format!("not refused: {other:?}"))),
        }
    }
    scene.assert_nothing_done();
    Ok(())
}
