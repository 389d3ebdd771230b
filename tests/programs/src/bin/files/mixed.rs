// SPDX-License-Identifier: GPL-2.0

//! Files and addresses in one vector: the same pages in two ways, once.

use super::scene::{
    bytes,
    scene,
    soil,
    DIRTY,
    PAGES, //
};
use std::{
    fs::File,
    os::fd::AsFd,
    path::Path, //
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        Counts,
        BOTH, //
    },
    file::TestFile,
    harness::{
        fewer,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    overlay::Overlay,
    residency::Cached,
    vector::{
        all_succeed,
        all_succeed_somehow, //
    },
    PAGE, //
};

pub fn file_and_its_addresses() -> Verdict {
    let (map, file) = scene()?;
    let mapping = file.map()?;
    let again = File::open(file.path())?;
    let targets = [
        Target::addresses(mapping.range(2..12)),
        Target::file(file.file().as_fd(), bytes(0..5)),
        Target::file(again.as_fd(), bytes(8..PAGES)),
        Target::addresses(mapping.range(4..5)),
    ];
    let outcomes = all_succeed_somehow(&map, &targets, BOTH);
    let want = counts(DIRTY.len() as u64, PAGES as u64);
    assert_eq!(Counts::from(outcomes.all), want);
    let done = outcomes.ranges.iter().map(|range| range.done);
    let want = [
        mapping.address(12) as u64,
        5 * PAGE as u64,
        (PAGES * PAGE) as u64,
        mapping.address(5) as u64,
    ];
    assert!(done.eq(want), "{outcomes:?}");
    assert_eq!(file.cached()?, Cached::default());
    file.assert_on_disk(1, DIRTY);
    Ok(())
}

/// Side by side nothing is shared, and each has its own.
pub fn files_beside_addresses() -> Verdict {
    let (map, one) = scene()?;
    let (_, two) = scene()?;
    let mapping = two.map()?;
    let memory = Mapping::reserve(1)?;
    let targets = [
        Target::file(one.file().as_fd(), bytes(0..4)),
        Target::addresses(mapping.range(0..4)),
        Target::file(two.file().as_fd(), bytes(9..10)),
        Target::addresses(memory.all()),
        Target::file(one.file().as_fd(), (15 * PAGE) as u64..),
    ];
    for (flags, freed) in [(Flags::SYNCIO, [0; 5]), (BOTH, [4, 4, 1, 0, 1])] {
        let dirty = match flags {
            BOTH => [0; 5],
            _ => [2, 2, 1, 0, 1],
        };
        let want: Vec<Counts> = dirty
            .into_iter()
            .zip(freed)
            .map(|(dirty, freed)| counts(dirty, freed))
            .collect();
        let outcomes = all_succeed(&map, &targets, flags, &want);
        assert_eq!(outcomes.all.unpaged, 1);
    }
    assert_eq!(one.picture(0..PAGES)?, "....CCCCCDCCCCC.");
    assert_eq!(two.picture(0..PAGES)?, "....CCCCC.CCCCCD");
    Ok(())
}

/// Many files by their descriptors, as who is to free them all would do it.
pub fn hundred_files() -> Verdict {
    let count = fewer(100);
    let map = Map::current()?;
    let files = (0..count)
        .map(|_| TestFile::new(2))
        .collect::<Result<Vec<_>, _>>()?;
    for file in &files {
        file.map()?.fill(1, [1]);
    }
    let targets: Vec<_> = files
        .iter()
        .map(|file| Target::file(file.file().as_fd(), ..))
        .collect();
    all_succeed(&map, &targets, BOTH, &vec![counts(1, 2); count]);
    for file in &files {
        assert_eq!(file.cached()?, Cached::default());
        file.assert_on_disk(1, [1]);
    }
    Ok(())
}

/// What is cached of a file of an overlay is what is cached of the file below.
pub fn file_of_an_overlay() -> Verdict {
    let overlay = Overlay::new(PAGES)?;
    let (merged, lower) = (overlay.path("merged"), overlay.path("lower"));
    let map = Map::current()?;
    let reader = File::open(&merged)?;
    let whole = Mapping::reserve(PAGES)?;
    whole.map(0..PAGES, &reader, 0, Share::SharedRead)?;
    whole.touch(0..PAGES);
    let cached = |path: &Path| Cached::of(&File::open(path)?, 0..PAGES);
    assert_eq!(cached(&lower)?.resident, PAGES as u64);
    let targets = [
        Target::file(reader.as_fd(), ..),
        Target::addresses(whole.all()),
    ];
    let outcomes = all_succeed_somehow(&map, &targets, BOTH);
    assert_eq!(Counts::from(outcomes.all), counts(0, PAGES as u64));
    assert_eq!(cached(&lower)?.resident, 0);

    // Now the file is above, and has been copied there.
    let writer = File::options().read(true).write(true).open(&merged)?;
    soil(&writer, 1)?;
    let upper = overlay.path("upper");
    let before = cached(&upper)?;
    assert!(before.dirty >= DIRTY.len() as u64, "{before:?}");
    let outcome = map.sync_file(&writer, .., BOTH)?;
    let found = (outcome.pushed, outcome.freed - outcome.beyond);
    assert_eq!(found, (before.dirty, before.resident));
    assert_eq!(cached(&upper)?.resident, 0);
    let again = Mapping::reserve(PAGES)?;
    again.map(0..PAGES, &writer, 0, Share::SharedRead)?;
    again.assert_has(1, DIRTY);
    Ok(())
}
