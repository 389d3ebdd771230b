// SPDX-License-Identifier: GPL-2.0

//! Holes that are passed over, and how many bytes they are.

use std::ops::Range;
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds_somehow,
        Counts,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    vector::{
        all_succeed,
        all_succeed_somehow,
        of_addresses, //
    },
    PAGE, //
};

/// What is where: a hole, four pages of a file, a hole, memory, four pages of another file, a hole.
const ONE: Range<usize> = 2..6;
const MEMORY: Range<usize> = 9..10;
const TWO: Range<usize> = 10..14;
const PAGES: usize = 16;
const HOLES: [Range<usize>; 3] = [0..2, 6..9, 14..16];

struct Scene {
    map: Map,
    one: TestFile,
    two: TestFile,
    mapping: Mapping,
}

impl Scene {
    /// The second page of each file is dirty.
    fn new() -> Result<Self, Failure> {
        let (one, two) = (TestFile::new(ONE.len())?, TestFile::new(TWO.len())?);
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(ONE, one.file(), 0, Share::Shared)?;
        mapping.map_anonymous(MEMORY, libc::MAP_PRIVATE)?;
        mapping.map(TWO, two.file(), 0, Share::Shared)?;
        for hole in HOLES {
            mapping.unmap(hole)?;
        }
        for file in [ONE, TWO] {
            mapping.poke(file.start + 1, 1);
        }
        Ok(Self {
            map: Map::current()?,
            one,
            two,
            mapping,
        })
    }

    #[track_caller]
    fn assert_pictures(&self, one: &str, two: &str) {
        let of = |file: &TestFile| file.picture(0..4).expect("cachestat works");
        assert_eq!((of(&self.one).as_str(), of(&self.two).as_str()), (one, two));
    }
}

fn has(range: &Range<usize>, page: usize) -> bool {
    range.contains(&page)
}

/// Whatever part of it is asked for, from within a hole to within another.
pub fn holes_are_passed_over() -> Verdict {
    for flags in [Flags::SYNCIO, BOTH] {
        for range in [0..PAGES, 1..15, 0..4, 3..12, 7..8, 0..2, 5..16, 8..9] {
            let scene = Scene::new()?;
            let addresses = scene.mapping.range(range.clone());
            let flags = flags | Flags::ALLOW_HOLES;
            let outcome = succeeds_somehow(&scene.map, addresses.clone(), flags);
            let pages = |wanted: &dyn Fn(usize) -> bool| {
                range.clone().filter(|&page| wanted(page)).count() as u64
            };
            let skipped = pages(&|page| HOLES.iter().any(|hole| has(hole, page)));
            let dirty = pages(&|page| page == ONE.start + 1 || page == TWO.start + 1);
            let files = pages(&|page| has(&ONE, page) || has(&TWO, page));
            let freed = match flags.contains(Flags::INVALIDATE) {
                true => files,
                false => 0,
            };
            assert_eq!(Counts::from(outcome), counts(dirty, freed), "{range:?}");
            assert_eq!(outcome.skipped, skipped * PAGE as u64, "{range:?}");
            let memory = pages(&|page| has(&MEMORY, page));
            assert_eq!(outcome.unpaged, memory, "{range:?}");
            assert_eq!(outcome.done, addresses.end as u64, "{range:?}");
        }
    }
    Ok(())
}

/// What is asked for by the byte is rounded to pages, in a hole too.
pub fn holes_are_counted_by_the_page() -> Verdict {
    let scene = Scene::new()?;
    let start = scene.mapping.address(1) + 7;
    let end = scene.mapping.address(6) + 1;
    let flags = BOTH | Flags::ALLOW_HOLES;
    let outcome = succeeds_somehow(&scene.map, start..end, flags);
    assert_eq!(outcome.skipped, 2 * PAGE as u64);
    assert_eq!(outcome.done, scene.mapping.address(7) as u64);
    scene.assert_pictures("....", "CDCC");
    Ok(())
}

/// Without the flag, and with the one that is about something else, they are what they are.
pub fn holes_are_refused_without_the_flag() -> Verdict {
    let scene = Scene::new()?;
    let others = Flags::SKIP_SPECIALS | Flags::FORGET_ERRORS;
    for flags in ALL {
        for more in [Flags::empty(), Flags::SKIP_SPECIALS, others] {
            let (map, flags) = (&scene.map, flags | more);
            let range = scene.mapping.all();
            refused(map, range.clone(), flags, Reason::Hole, range.start);
            let range = scene.mapping.range(3..12);
            refused(map, range, flags, Reason::Hole, scene.mapping.address(6));
        }
    }
    scene.assert_pictures("CDCC", "CDCC");
    Ok(())
}

/// A range that is an entry needs one.
pub fn entry_in_a_hole_is_refused() -> Verdict {
    let scene = Scene::new()?;
    for flags in ALL {
        for byte in [0, 1, PAGE - 1] {
            let hole = scene.mapping.address(7);
            let flags = flags | Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
            let range = hole + byte..hole + byte;
            refused(&scene.map, range, flags, Reason::Hole, hole);
        }
    }
    let inside = scene.mapping.address(3) + 5;
    let flags = BOTH | Flags::ALLOW_HOLES;
    let outcome = succeeds_somehow(&scene.map, inside..inside, flags);
    assert_eq!(Counts::from(outcome), counts(1, 4));
    assert_eq!(outcome.skipped, 0);
    scene.assert_pictures("....", "CDCC");
    Ok(())
}

/// Of a vector each range has its own.
pub fn holes_of_each_range() -> Verdict {
    let scene = Scene::new()?;
    let ranges = [0..4, 6..9, 5..11, 0..16].map(|pages| scene.mapping.range(pages));
    let flags = Flags::SYNCIO | Flags::ALLOW_HOLES;
    let outcomes = all_succeed_somehow(&scene.map, &of_addresses(ranges), flags);
    let skipped = outcomes.ranges.iter().map(|range| range.skipped);
    assert!(skipped.eq([2, 3, 3, 7].map(|pages| pages * PAGE as u64)));
    let done = all_succeed(
        &scene.map,
        &of_addresses([scene.mapping.range(7..9), scene.mapping.range(14..15)]),
        BOTH | Flags::ALLOW_HOLES,
        &[counts(0, 0); 2],
    );
    assert_eq!(done.all.skipped, 3 * PAGE as u64);
    scene.assert_pictures("CCCC", "CCCC");
    Ok(())
}

/// Where no map has anything, there are no holes in it.
pub fn nothing_is_skipped_beyond_the_map() -> Verdict {
    let map = Map::current()?;
    let flags = Flags::SYNCIO | Flags::ALLOW_HOLES;
    for start in [1 << 57, 1 << 63] {
        let outcome = succeeds_somehow(&map, start..start + PAGE, flags);
        assert_eq!((outcome.skipped, outcome.unpaged), (0, 0), "{start:#x}");
        assert_eq!(outcome.done, (start + PAGE) as u64, "{start:#x}");
    }
    Ok(())
}
