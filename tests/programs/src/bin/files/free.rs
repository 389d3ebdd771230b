// SPDX-License-Identifier: GPL-2.0

//! Files that are written and freed by a descriptor, without being mapped.

use super::scene::{
    assert_nothing_done,
    bytes,
    scene,
    soil,
    succeeds,
    DIRTY,
    PAGES, //
};
use std::{
    fs::{
        File,
        OpenOptions, //
    },
    os::unix::fs::OpenOptionsExt,
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
        ALL,
        BOTH, //
    },
    disk::Disk,
    file::TestFile,
    harness::Verdict,
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
    spare::Spare,
    PAGE, //
};

const ALL_DIRTY: u64 = DIRTY.len() as u64;
const SIZE: usize = PAGES * PAGE;

pub fn whole_file() -> Verdict {
    for flags in ALL {
        let (map, file) = scene()?;
        let (freed, letter) = match flags.contains(Flags::INVALIDATE) {
            true => (PAGES as u64, "."),
            false => (0, "C"),
        };
        succeeds(&map, file.file(), .., flags, counts(ALL_DIRTY, freed), SIZE);
        file.wait_until_written()?;
        assert_eq!(file.picture(0..PAGES)?, letter.repeat(PAGES), "{flags:?}");
        file.assert_on_disk(1, DIRTY);
        file.map()?.assert_has(1, DIRTY);
        // Nothing is left to be done.
        succeeds(&map, file.file(), .., Flags::SYNCIO, counts(0, 0), SIZE);
    }
    Ok(())
}

pub fn part_of_a_file() -> Verdict {
    let (map, file) = scene()?;
    let want = counts(2, 7);
    succeeds(&map, file.file(), bytes(3..10), BOTH, want, 10 * PAGE);
    assert_eq!(file.picture(0..PAGES)?, "DCC.......CCCCCD");
    file.assert_on_disk(1, [3, 9]);
    file.assert_on_disk(0, [0, 15]);
    // To the end, whatever that is.
    let rest = (12 * PAGE) as u64..;
    succeeds(&map, file.file(), rest, BOTH, counts(1, 4), SIZE);
    assert_eq!(file.picture(0..PAGES)?, "DCC.......CC....");
    // From the start, rounded up.
    succeeds(&map, file.file(), ..4097, BOTH, counts(1, 2), 2 * PAGE);
    assert_eq!(file.picture(0..PAGES)?, "..C.......CC....");
    // A single byte.
    let byte = (2 * PAGE + 5) as u64;
    succeeds(&map, file.file(), byte..=byte, BOTH, counts(0, 1), 3 * PAGE);
    assert_eq!(file.picture(0..PAGES)?, "..........CC....");
    file.map()?.assert_has(1, DIRTY);
    Ok(())
}

/// What lies behind the end of a file is not there, and no error.
pub fn range_beyond_the_end() -> Verdict {
    let (map, file) = scene()?;
    let beyond = bytes(PAGES..PAGES + 5);
    let end = (PAGES + 5) * PAGE;
    succeeds(&map, file.file(), beyond, BOTH, counts(0, 0), end);
    let far = 1 << 40;
    succeeds(&map, file.file(), far.., BOTH, counts(0, 0), 1 << 40);
    assert_nothing_done(&file);
    let across = bytes(14..PAGES + 100);
    let end = (PAGES + 100) * PAGE;
    succeeds(&map, file.file(), across, BOTH, counts(1, 2), end);
    assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCCDCCCC..");
    Ok(())
}

/// The last page of a file need not be full.
pub fn file_that_ends_within_a_page() -> Verdict {
    let (map, file) = scene()?;
    let size = 15 * PAGE + 1;
    file.file().set_len(size as u64)?;
    let last = (15 * PAGE) as u64;
    let outcome = map.sync_file(file.file(), last.., BOTH)?;
    assert_eq!((outcome.freed, outcome.done), (1, SIZE as u64));
    assert_eq!(Cached::of(file.file(), 15..16)?.resident, 0);
    succeeds(&map, file.file(), .., BOTH, counts(3, 15), SIZE);
    // An empty one has none.
    file.file().set_len(0)?;
    succeeds(&map, file.file(), .., BOTH, counts(0, 0), 0);
    succeeds(&map, file.file(), ..1, BOTH, counts(0, 0), PAGE);
    Ok(())
}

/// Most of it was never written to, and is not there.
pub fn sparse_file() -> Verdict {
    const FAR: usize = 1 << 20;

    let file = TestFile::new(2)?;
    file.file().set_len((FAR * PAGE) as u64)?;
    let mapping = Mapping::reserve(1)?;
    mapping.map(0..1, file.file(), FAR - 1, Share::Shared)?;
    // Without reading ahead, so that what lies around it stays away.
    mapping.advise(0..1, libc::MADV_RANDOM)?;
    mapping.poke(0, 7);
    let map = Map::current()?;
    succeeds(&map, file.file(), .., BOTH, counts(1, 3), FAR * PAGE);
    assert_eq!(Cached::of(file.file(), 0..FAR)?.resident, 0);
    assert_eq!(mapping.peek(0), 7);
    Ok(())
}

/// However a file is open, if only it is.
pub fn any_way_to_open_a_file() -> Verdict {
    type Way = fn(&mut OpenOptions) -> &mut OpenOptions;
    let ways: [(&str, Way); 5] = [
        ("for reading", |options| options.read(true)),
        ("for writing only", |options| options.write(true)),
        ("for appending", |options| options.append(true)),
        ("for direct access", |options| {
            options.read(true).custom_flags(libc::O_DIRECT)
        }),
        ("for synchronous writing", |options| {
            options.write(true).custom_flags(libc::O_SYNC)
        }),
    ];
    for (name, way) in ways {
        for flags in [Flags::SYNCIO, BOTH] {
            let (map, file) = scene()?;
            let mut options = File::options();
            way(&mut options);
            let descriptor = options.open(file.path())?;
            let outcome = map.sync_file(&descriptor, .., flags)?;
            assert_eq!(outcome.pushed, ALL_DIRTY, "{name}");
            file.assert_on_disk(1, DIRTY);
        }
    }
    Ok(())
}

/// Whoever has it mapped notices nothing, but that it is read anew.
pub fn file_that_others_have_mapped() -> Verdict {
    let (map, file) = scene()?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        mapping.fill(2, [4]);
        theirs.send(0)?;
        theirs.receive()?;
        assert!(!mapping.present(0..PAGES)?.contains(&true));
        mapping.assert_has(2, [4]);
        mapping.assert_has(1, DIRTY);
        Ok(())
    })?;
    ours.receive()?;
    let want = counts(ALL_DIRTY + 1, PAGES as u64);
    succeeds(&map, file.file(), .., BOTH, want, SIZE);
    assert_eq!(file.cached()?, Cached::default());
    assert!(!mapping.present(0..PAGES)?.contains(&true));
    ours.send(0)?;
    child.join()?;
    file.assert_on_disk(2, [4]);
    Ok(())
}

/// What somebody has locked in memory stays, and is told by its place in the file.
pub fn file_that_somebody_has_wired() -> Verdict {
    let (map, file) = scene()?;
    let mapping = file.map()?;
    mapping.lock(5..7)?;
    match map.sync_file(file.file(), .., BOTH) {
        Err(SyncError::Failed(fault)) => {
            assert_eq!(fault.reason, Reason::Busy);
            assert_eq!((fault.in_file, fault.address), (true, 5 * PAGE as u64));
            assert_eq!((fault.outcome.freed, fault.outcome.left), (14, 2));
        }
        other => panic!("not left: {other:?}"),
    }
    assert_eq!(file.picture(0..PAGES)?, ".....CC.........");
    file.assert_on_disk(1, DIRTY);
    Ok(())
}

/// The disk itself: what is in its own cache.
pub fn block_device() -> Verdict {
    let spare = Spare::new(1, &[])?;
    let device = File::options()
        .read(true)
        .write(true)
        .open(spare.device())?;
    soil(&device, 1)?;
    let map = Map::current()?;
    let cached = Cached::of(&device, 0..PAGES)?;
    assert_eq!(cached.dirty, ALL_DIRTY);
    let want = counts(ALL_DIRTY, cached.resident);
    let range = ..SIZE as u64;
    succeeds(&map, &device, range, BOTH, want, SIZE);
    assert_eq!(Cached::of(&device, 0..PAGES)?, Cached::default());
    let disk = Disk::open(spare.device())?;
    for page in DIRTY {
        assert!(
            disk.page((page * PAGE) as u64)? == pattern(1, page),
            "{page}"
        );
    }
    // It ends where it ends. Whoever looked for partitions has read something there.
    let outcome = map.sync_file(&device, .., BOTH)?;
    assert_eq!((outcome.pushed, outcome.done), (0, 1 << 20));
    drop(device);
    Ok(())
}
