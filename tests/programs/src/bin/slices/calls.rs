// SPDX-License-Identifier: GPL-2.0

//! Calls by slices: what they do, and what they leave alone.

use crate::scene::{
    map,
    range,
    Scene,
    PAGES, //
};
use memmap2::MmapOptions;
use std::os::fd::AsFd;
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Outcomes,
    Reason,
    SliceExt,
    SyncError,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        Counts,
        BOTH, //
    },
    disk::Extents,
    file::TestFile,
    harness::Verdict,
    pattern,
    process::Child,
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

const ALL: u64 = PAGES as u64;

pub fn memory_map_becomes_durable_and_cold() -> Verdict {
    let mut scene = Scene::new()?;
    scene.fill(0..3);
    let dirty = scene.bytes.stat(&scene.map, Flags::empty())?;
    assert_eq!((dirty.pages, dirty.resident, dirty.dirty), (ALL, ALL, 3));
    let done = scene.bytes.evict(&scene.map, Flags::SYNCIO)?;
    assert_eq!(Counts::from(done), counts(3, ALL));
    scene.assert_cached("........");
    scene.file.assert_on_disk(1, 0..3);
    scene.assert_has(1, 0..3);
    scene.assert_has(0, 3..PAGES);
    Ok(())
}

/// Whichever way it is named. A byte is a page.
pub fn part_of_a_memory_map() -> Verdict {
    let mut scene = Scene::new()?;
    scene.fill(0..PAGES);
    let map = &scene.map;
    let done = scene.bytes[range(1..3)].sync(map, Flags::SYNCIO)?;
    assert_eq!(Counts::from(done), counts(2, 0));
    scene.assert_cached("DCCDDDDD");
    let done = map.sync_slice(&scene.bytes[4 * PAGE + 100..4 * PAGE + 101], BOTH)?;
    assert_eq!(Counts::from(done), counts(1, 1));
    scene.assert_cached("DCCD.DDD");
    let done = map.evict(&scene.bytes[range(6..8)], Flags::empty())?;
    assert_eq!(Counts::from(done), counts(2, 2));
    scene.assert_cached("DCCD.D..");
    let done = map.sync_slice(&scene.bytes, BOTH)?;
    assert_eq!(Counts::from(done), counts(3, 5));
    scene.assert_has(1, 0..PAGES);
    Ok(())
}

pub fn slice_of_words() -> Verdict {
    let mut scene = Scene::new()?;
    // SAFETY: All bytes are fine for a number.
    let (head, words, tail) = unsafe { scene.bytes.align_to_mut::<u64>() };
    assert!(head.is_empty() && tail.is_empty());
    let words: &mut [u64] = &mut words[2 * PAGE / 8..3 * PAGE / 8 + 1];
    words.fill(7);
    let done = words.sync(&scene.map, Flags::SYNCIO)?;
    assert_eq!(Counts::from(done), counts(2, 0));
    assert!(words.iter().all(|&word| word == 7));
    scene.assert_cached("CCCCCCCC");
    Ok(())
}

pub fn memory_map_for_reading() -> Verdict {
    let scene = Scene::new()?;
    // SAFETY: Nobody writes to the file.
    let bytes = unsafe { MmapOptions::new().map(scene.file.file()) }?;
    assert_eq!(
        Counts::from(bytes.evict(&scene.map, Flags::empty())?),
        counts(0, ALL)
    );
    scene.assert_has(0, 0..PAGES);
    Ok(())
}

pub fn memory_without_a_file() -> Verdict {
    let map = Map::current()?;
    let numbers: Vec<u32> = (0..100_000).collect();
    let done = numbers.evict(&map, BOTH)?;
    assert_eq!(Counts::from(done), counts(0, 0));
    assert!(done.unpaged >= 400_000 / PAGE as u64);
    assert!(numbers.iter().zip(0..).all(|(&found, want)| found == want));

    let here = [3_u8; 100];
    assert_eq!(Counts::from(here.evict(&map, BOTH)?), counts(0, 0));
    assert_eq!(here, [3; 100]);
    Ok(())
}

/// What was written to a private mapping is nowhere else.
pub fn private_copies_stay() -> Verdict {
    let scene = Scene::new()?;
    // SAFETY: Nobody else writes to the file.
    let mut private = unsafe { MmapOptions::new().map_copy(scene.file.file()) }?;
    private[range(2..3)].copy_from_slice(&pattern(1, 2));
    assert_eq!(
        Counts::from(private.evict(&scene.map, BOTH)?),
        counts(0, ALL)
    );
    assert!(private[range(2..3)] == pattern(1, 2));
    assert!(private[range(3..4)] == pattern(0, 3));
    scene.assert_has(0, 0..PAGES);
    Ok(())
}

/// For the kernel an empty range is the whole mapping around it.
pub fn empty_slices_are_nothing() -> Verdict {
    let mut scene = Scene::new()?;
    scene.fill([0, 5]);
    let none: [&[u8]; 3] = [&scene.bytes[..0], &scene.bytes[5 * PAGE..5 * PAGE], &[]];
    for slice in none {
        let done = slice.evict(&scene.map, BOTH)?;
        assert_eq!(Counts::from(done), counts(0, 0));
        assert_eq!(slice.stat(&scene.map, Flags::empty())?.pages, 0);
    }
    let targets = none.map(Target::from);
    let Outcomes { all, ranges, .. } = scene.map.sync_vectored(&targets, BOTH)?;
    assert_eq!((all.done, ranges.len()), (3, 3));
    for done in ranges.into_iter().chain([all]) {
        assert_eq!(Counts::from(done), counts(0, 0));
    }
    let found = scene.map.stat_vectored(&targets, Flags::empty())?;
    assert!(found.len() == 3 && found.iter().all(|stat| stat.pages == 0));
    scene.assert_cached("DCCCCDCC");
    // With addresses it is so.
    let start = scene.bytes.as_ptr().addr();
    let done = scene.map.sync(start..start, BOTH)?;
    assert_eq!(Counts::from(done), counts(2, ALL));
    Ok(())
}

pub fn empty_slices_among_others() -> Verdict {
    let mut scene = Scene::new()?;
    scene.fill([1, 2]);
    let slices = [0..0, 1..2, 7..7, 2..4].map(|pages| &scene.bytes[range(pages)]);
    let targets = slices.map(Target::slice);
    let found = scene.map.stat_vectored(&targets, Flags::empty())?;
    assert_eq!(
        found.iter().map(|stat| stat.pages).collect::<Vec<_>>(),
        [0, 1, 0, 2]
    );
    let done = scene.map.sync_vectored(&targets, BOTH)?;
    let each: Vec<Counts> = done.ranges.iter().copied().map(Counts::from).collect();
    assert_eq!(
        each,
        [counts(0, 0), counts(1, 1), counts(0, 0), counts(1, 2)]
    );
    assert_eq!(Counts::from(done.all), counts(2, 3));
    assert_eq!(done.all.done, 4);
    Ok(())
}

/// Not those of the map that the handle is on, where there is a hole.
pub fn slices_are_the_callers_own() -> Verdict {
    let mine = Map::current()?;
    let file = TestFile::new(PAGES)?;
    Child::spawn(|| {
        let mut bytes = map(file.file())?;
        bytes[..PAGE].copy_from_slice(&pattern(1, 0));
        let start = bytes.as_ptr().addr();
        match mine.sync(start..start + 1, Flags::empty()) {
            Err(SyncError::Refused(fault)) => assert_eq!(fault.reason, Reason::Hole),
            other => panic!("not refused: {other:?}"),
        }
        assert_eq!(bytes.stat(&mine, Flags::empty())?.dirty, 1);
        assert_eq!(
            Counts::from(bytes.sync(&mine, Flags::SYNCIO)?),
            counts(1, 0)
        );
        let both = [Target::slice(&bytes), Target::file(file.file().as_fd(), ..)];
        let done = mine.sync_vectored(&both, BOTH)?;
        assert_eq!(Counts::from(done.all), counts(0, ALL));
        Ok(())
    })?
    .join()
}

/// It could change what is borrowed.
pub fn forgetting_errors_is_refused() -> Verdict {
    let mut scene = Scene::new()?;
    scene.fill([1]);
    let flags = BOTH | Flags::FORGET_ERRORS;
    let file = Target::file(scene.file.file().as_fd(), ..);
    match scene.bytes.sync(&scene.map, flags) {
        Err(SyncError::Refused(fault)) => {
            assert_eq!((fault.reason, fault.range), (Reason::Borrowed, None));
            assert_eq!(fault.outcome, Outcome::default());
        }
        other => panic!("not refused: {other:?}"),
    }
    match scene
        .map
        .sync_vectored(&[file, Target::slice(&scene.bytes)], flags)
    {
        Err(VectorError::Refused(fault)) => {
            assert_eq!((fault.reason, fault.range), (Reason::Borrowed, Some(1)));
        }
        other => panic!("not refused: {other:?}"),
    }
    scene.assert_cached("CDCCCCCC");
    let done = scene.map.sync(file, flags)?;
    assert_eq!(Counts::from(done), counts(1, ALL));
    Ok(())
}

/// Whatever is asked for: a slice has what was written to it.
pub fn what_could_not_be_written_stays() -> Verdict {
    const BROKEN: usize = 3;

    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let mut scene = Scene::new()?;
    spare.break_page(Extents::of(scene.file.file())?.locate(BROKEN)?)?;
    scene.fill([BROKEN]);
    for (flags, reason) in [
        (Flags::SYNCIO, Reason::Io),
        (Flags::INVALIDATE, Reason::Unwritten),
    ] {
        match scene.bytes.sync(&scene.map, flags) {
            Err(SyncError::Failed(fault)) => {
                assert_eq!(fault.reason, reason);
                let place = fault.place().expect("it is known");
                assert_eq!(place.path, scene.file.path());
            }
            other => panic!("did not fail: {other:?}"),
        }
        scene.assert_has(1, [BROKEN]);
        assert!(scene.bytes.evict(&scene.map, Flags::FORGET_ERRORS).is_err());
        scene.assert_has(1, [BROKEN]);
    }
    // By its descriptor it goes, and is what the disk has.
    spare.mend_page(Extents::of(scene.file.file())?.locate(BROKEN)?)?;
    let file = Target::file(scene.file.file().as_fd(), ..);
    scene.map.evict(file, Flags::FORGET_ERRORS)?;
    scene.assert_has(0, [BROKEN]);
    Ok(())
}
