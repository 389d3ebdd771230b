// SPDX-License-Identifier: GPL-2.0

//! Sums: what becomes of each range, and of all.

use super::scene::{
    Scene,
    DIRTY,
    PAGES, //
};
use vm_map_sync::{
    Flags,
    Map,
    RANGES_MAX, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        Counts,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::Verdict,
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

/// A page each, from the last one to the first, in one entry.
pub fn one_to_1024_ranges() -> Verdict {
    for count in [1, 2, 3, 100, RANGES_MAX] {
        let file = TestFile::new(count)?;
        let mapping = file.map()?;
        let dirty = || (0..count).step_by(3);
        mapping.fill(1, dirty());
        let pages = || (0..count).rev();
        let targets = of_addresses(pages().map(|page| mapping.range(page..page + 1)));
        let want: Vec<Counts> = pages()
            .map(|page| counts(u64::from(page % 3 == 0), 1))
            .collect();
        let outcomes = all_succeed(&Map::current()?, &targets, BOTH, &want);
        for (page, outcome) in pages().zip(&outcomes.ranges) {
            assert_eq!(outcome.done, mapping.address(page + 1) as u64, "done");
        }
        assert_eq!(file.cached()?.resident, 0);
        file.assert_on_disk(1, dirty());
        mapping.assert_has(1, dirty());
    }
    Ok(())
}

/// Of several files, of which some are clean, and some are not in the call at all.
pub fn ranges_of_several_files() -> Verdict {
    const LENGTHS: [usize; 4] = [1, 4, 5, PAGES];

    for flags in ALL {
        let scene = Scene::new(6)?;
        scene.files[2].file().sync_all()?;
        let parts = || scene.mappings.iter().zip(LENGTHS).enumerate();
        let targets = of_addresses(parts().map(|(_, (mapping, end))| mapping.range(0..end)));
        let want: Vec<Counts> = parts()
            .map(|(number, (_, end))| {
                let dirty = DIRTY.into_iter().filter(|&page| page < end && number != 2);
                let freed = match flags.contains(Flags::INVALIDATE) {
                    true => end as u64,
                    false => 0,
                };
                counts(dirty.count() as u64, freed)
            })
            .collect();
        all_succeed(&scene.map, &targets, flags, &want);
        for (number, end) in LENGTHS.into_iter().enumerate() {
            let file = &scene.files[number];
            if flags == Flags::empty() {
                file.wait_until_written_in(0..end)?;
            }
            file.assert_on_disk(1, DIRTY.into_iter().filter(|&page| page < end));
            let letter = match flags.contains(Flags::INVALIDATE) {
                true => ".",
                false => "C",
            };
            assert_eq!(file.picture(0..end)?, letter.repeat(end));
        }
        for file in &scene.files[LENGTHS.len()..] {
            assert_eq!(file.picture(0..PAGES)?, "DCCDDCCC", "it was not asked for");
        }
        assert_eq!(scene.files[1].picture(4..PAGES)?, "DCCC");
    }
    Ok(())
}

/// An empty range stands for the entry that it lies in.
pub fn ranges_that_are_entries() -> Verdict {
    let scene = Scene::new(3)?;
    let inside = |number: usize, byte: usize| {
        let address = scene.mappings[number].address(0) + byte;
        address..address
    };
    let targets = of_addresses([inside(0, 0), inside(1, 5 * PAGE + 7), inside(2, 1)]);
    let all = counts(DIRTY.len() as u64, PAGES as u64);
    let outcomes = all_succeed(&scene.map, &targets, BOTH, &[all; 3]);
    for (mapping, outcome) in scene.mappings.iter().zip(&outcomes.ranges) {
        assert_eq!(outcome.done, mapping.all().end as u64, "done");
    }
    scene.assert_all_done();
    Ok(())
}

/// Each range is rounded outwards to pages.
pub fn ranges_are_rounded() -> Verdict {
    let scene = Scene::new(2)?;
    let (one, two) = (scene.mappings[0].address(3), scene.mappings[1].address(4));
    let targets = of_addresses([one + 1..one + 2, two + 5..two + PAGE + 1]);
    let outcomes = all_succeed(&scene.map, &targets, BOTH, &[counts(1, 1), counts(1, 2)]);
    assert_eq!(outcomes.ranges[0].done, (one + PAGE) as u64);
    assert_eq!(outcomes.ranges[1].done, (two + 2 * PAGE) as u64);
    assert_eq!(scene.files[0].picture(0..PAGES)?, "DCC.DCCC");
    assert_eq!(scene.files[1].picture(0..PAGES)?, "DCCD..CC");
    Ok(())
}

/// What has no pager is told of each range.
pub fn ranges_of_memory() -> Verdict {
    let scene = Scene::new(1)?;
    let memory = Mapping::reserve(PAGES)?;
    memory.map_anonymous(0..5, libc::MAP_PRIVATE)?;
    memory.map(5..PAGES, scene.files[0].file(), 0, Share::Shared)?;
    let targets = of_addresses([
        memory.range(0..2),
        scene.mappings[0].all(),
        memory.range(3..6),
        memory.range(5..6),
    ]);
    let outcomes = all_succeed_somehow(&scene.map, &targets, BOTH);
    let unpaged: Vec<u64> = outcomes.ranges.iter().map(|range| range.unpaged).collect();
    assert_eq!(unpaged, [2, 0, 2, 0]);
    assert_eq!(
        Counts::from(outcomes.all),
        counts(DIRTY.len() as u64, PAGES as u64)
    );
    scene.assert_all_done();
    Ok(())
}
