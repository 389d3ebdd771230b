// SPDX-License-Identifier: GPL-2.0

//! Overlaps: ranges that share pages, which are done, and counted, once.

use super::scene::{
    Scene,
    DIRTY,
    PAGES, //
};
use std::{
    cmp::max,
    ops::Range, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    Target,
    VectorError,
    RANGES_MAX, //
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
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    maps,
    vector::{
        all_refused,
        all_succeed_somehow,
        of_addresses, //
    },
    PAGE, //
};

const MANY: usize = 24;

/// Calls on ranges of pages of a file with every third page dirty.
fn overlap(ranges: &[Range<usize>]) -> Verdict {
    let file = TestFile::new(MANY)?;
    let mapping = file.map()?;
    mapping.fill(1, (0..MANY).step_by(3));
    let targets = of_addresses(ranges.iter().map(|range| mapping.range(range.clone())));
    let outcomes = all_succeed_somehow(&Map::current()?, &targets, BOTH);

    let covered = |page: &usize| ranges.iter().any(|range| range.contains(page));
    let is_dirty = |page: &usize| page % 3 == 0;
    let pages: Vec<usize> = (0..MANY).filter(covered).collect();
    let dirty = pages.iter().copied().filter(is_dirty).count();
    let want = counts(dirty as u64, pages.len() as u64);
    assert_eq!(Counts::from(outcomes.all), want, "{ranges:?}");
    for (range, outcome) in ranges.iter().zip(&outcomes.ranges) {
        let own_dirty = range.clone().filter(is_dirty).count() as u64;
        assert!(outcome.freed <= range.len() as u64, "{ranges:?}: {range:?}");
        assert!(outcome.pushed <= own_dirty, "{ranges:?}: {range:?}");
        assert_eq!(outcome.done, mapping.address(range.end) as u64, "done");
    }
    for page in 0..MANY {
        let letter = match (covered(&page), is_dirty(&page)) {
            (true, _) => ".",
            (false, true) => "D",
            (false, false) => "C",
        };
        assert_eq!(
            file.picture(page..page + 1)?,
            letter,
            "{ranges:?}: page {page}"
        );
    }
    Ok(())
}

pub fn ranges_that_overlap() -> Verdict {
    let ranges: [&[Range<usize>]; 9] = [
        // The same.
        &[4..12, 4..12],
        &[0..MANY, 0..MANY, 0..MANY],
        // The one in the other.
        &[2..20, 6..9],
        &[6..9, 2..20],
        &[6..9, 2..20, 7..8, 3..16],
        // Side by side.
        &[4..12, 12..20],
        &[12..20, 4..12],
        // In part.
        &[2..13, 9..22],
        &[9..22, 15..18, 2..13, 12..13],
    ];
    ranges.into_iter().try_for_each(overlap)
}

/// One file in several places: its pages are the same.
pub fn ranges_of_one_file_in_several_places() -> Verdict {
    let scene = Scene::new(1)?;
    let file = scene.files[0].file();
    let again = Mapping::reserve(PAGES)?;
    again.map(0..PAGES, file, 0, Share::SharedRead)?;
    let part = Mapping::reserve(2)?;
    part.map(0..2, file, 3, Share::Private)?;
    let targets = of_addresses([again.range(2..5), part.all(), scene.mappings[0].all()]);
    let outcomes = all_succeed_somehow(&scene.map, &targets, BOTH);
    let want = counts(DIRTY.len() as u64, PAGES as u64);
    assert_eq!(Counts::from(outcomes.all), want);
    scene.assert_all_done();
    Ok(())
}

const WHOLE: Range<usize> = 0..usize::MAX;

/// All that is mapped, twice, and a part of it.
pub fn whole_map_twice() -> Verdict {
    let scene = Scene::new(2)?;
    let flags = Flags::SYNCIO | Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    let targets = of_addresses([WHOLE, scene.mappings[1].all(), WHOLE]);
    let outcomes = all_succeed_somehow(&scene.map, &targets, flags);
    assert_eq!(outcomes.all.pushed, 2 * DIRTY.len() as u64);
    for file in &scene.files {
        file.assert_on_disk(1, DIRTY);
        assert_eq!(file.picture(0..PAGES)?, "CCCCCCCC");
    }
    Ok(())
}

/// Ranges that do not overlap are not too much, however many holes they have.
pub fn holes_are_no_overlap() -> Verdict {
    const ENTRIES: usize = 1500;

    let mapping = Mapping::reserve(2 * ENTRIES)?;
    for entry in 0..ENTRIES {
        mapping.unmap(2 * entry..2 * entry + 1)?;
    }
    let targets = of_addresses([
        mapping.range(0..2),
        mapping.range(2..2 * ENTRIES - 2),
        mapping.range(2 * ENTRIES - 2..2 * ENTRIES),
    ]);
    let outcomes = all_succeed_somehow(&Map::current()?, &targets, Flags::ALLOW_HOLES);
    assert_eq!(outcomes.all.skipped, (ENTRIES * PAGE) as u64);
    Ok(())
}

/// So many pages of a file, from the last one to the first: as many entries, and as many pieces.
fn backwards(pages: usize) -> Result<(TestFile, Mapping), Failure> {
    let file = TestFile::new(1)?;
    file.file().set_len((pages * PAGE) as u64)?;
    let mapping = Mapping::reserve(pages)?;
    for place in 0..pages {
        let page = pages - 1 - place;
        mapping.map(place..place + 1, file.file(), page, Share::Shared)?;
    }
    mapping.poke(pages - 1, 1);
    Ok((file, mapping))
}

/// Asserts that a call is refused because the ranges overlap too much, from one of them on.
#[track_caller]
fn overlap_too_much(map: &Map, targets: &[Target<'_>]) {
    let index = match map.sync_vectored(targets, BOTH) {
        Err(VectorError::Refused(fault)) => fault.range.unwrap_or_default(),
        other => panic!("not refused: {other:?}"),
    };
    assert!(index > 0, "the first range is not too much");
    let why = (Reason::Argument, libc::E2BIG);
    all_refused(map, targets, BOTH, why, (index, 0));
}

/// A hundred pieces a thousand times.
pub fn too_much_overlap() -> Verdict {
    const PIECES: usize = 300;

    let (file, mapping) = backwards(PIECES)?;
    let map = Map::current()?;
    let targets = vec![Target::addresses(mapping.all()); RANGES_MAX];
    overlap_too_much(&map, &targets);
    assert_eq!(file.picture(0..1)?, "D", "something was done");
    // As much without overlap is no harm.
    let apart = of_addresses((0..PIECES).map(|page| mapping.range(page..page + 1)));
    let outcomes = all_succeed_somehow(&map, &apart, BOTH);
    assert_eq!(Counts::from(outcomes.all), counts(1, 1));
    Ok(())
}

/// Everybody may have his whole map twice, however much that is.
pub fn overlap_of_a_large_map() -> Verdict {
    /// What there may be in any case.
    const FREE: usize = 65_536;

    let pieces = fewer(fewer(45_000));
    let (file, mapping) = backwards(pieces)?;
    let map = Map::current()?;
    let times = |times| vec![Target::addresses(mapping.all()); times];
    let outcomes = all_succeed_somehow(&map, &times(2), BOTH);
    assert_eq!(Counts::from(outcomes.all), counts(1, 1));
    assert_eq!(file.picture(0..1)?, ".");

    mapping.poke(pieces - 1, 2);
    let entries = max(pieces, maps::entries()?.len());
    let too_many = (FREE + 2 * entries) / pieces + 2;
    overlap_too_much(&map, &times(too_many));
    assert_eq!(file.picture(0..1)?, "D", "something was done");
    Ok(())
}
