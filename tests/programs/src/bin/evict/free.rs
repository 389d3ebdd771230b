// SPDX-License-Identifier: GPL-2.0

//! Pages that can be freed, and are.

use super::scene::{
    assert_gone,
    assert_intact,
    scene,
    DIRTY,
    PAGES, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        succeeds_in_the_end,
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
    process::{
        Child,
        Line, //
    },
    residency::Cached,
};

pub fn all_is_freed() -> Verdict {
    for flags in [Flags::INVALIDATE, BOTH] {
        let (map, file, mapping) = scene()?;
        succeeds(&map, mapping.all(), flags, counts(5, 16));
        assert_gone(&file, &mapping);
        file.assert_on_disk(1, DIRTY);
        assert_intact(&mapping);
    }
    Ok(())
}

pub fn part_is_freed() -> Verdict {
    let (map, file, mapping) = scene()?;
    succeeds(&map, mapping.range(3..10), Flags::INVALIDATE, counts(3, 7));
    assert_eq!(file.picture(0..PAGES)?, "CDC.......CCCCCD");
    file.assert_on_disk(1, [3, 8, 9]);
    file.assert_on_disk(0, [1, 15]);
    assert_intact(&mapping);
    Ok(())
}

pub fn what_is_not_there_is_not_counted() -> Verdict {
    let (map, _file, mapping) = scene()?;
    succeeds(&map, mapping.range(3..10), Flags::INVALIDATE, counts(3, 7));
    succeeds(&map, mapping.all(), Flags::INVALIDATE, counts(2, 9));
    assert_intact(&mapping);
    Ok(())
}

pub fn second_time() -> Verdict {
    let (map, file, mapping) = scene()?;
    succeeds(&map, mapping.all(), BOTH, counts(5, 16));
    succeeds(&map, mapping.all(), BOTH, counts(0, 0));
    assert_gone(&file, &mapping);
    Ok(())
}

pub fn other_files_stay() -> Verdict {
    let (map, file, mapping) = scene()?;
    let beside = TestFile::new(4)?;
    let apart = TestFile::new(4)?;
    let place = Mapping::reserve(PAGES + 4)?;
    place.map(0..PAGES, file.file(), 0, Share::Shared)?;
    place.map(PAGES..PAGES + 4, beside.file(), 0, Share::Shared)?;
    place.poke(PAGES, 1);
    succeeds(&map, place.range(0..PAGES), BOTH, counts(5, 16));
    assert_eq!(beside.picture(0..4)?, "DCCC");
    assert_eq!(apart.picture(0..4)?, "CCCC");
    assert_intact(&mapping);
    Ok(())
}

/// Pages that are in no page table at all.
pub fn not_mapped_by_anybody() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    succeeds(&Map::current()?, mapping.all(), BOTH, counts(0, 16));
    assert_eq!(file.cached()?, Cached::default());
    Ok(())
}

/// Has another process touch all of a mapping, and look at it again when `body` has run.
fn beside_another_mapper(mapping: &Mapping, body: impl FnOnce() -> Verdict) -> Verdict {
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        mapping.touch(0..mapping.pages());
        theirs.send(0)?;
        theirs.receive()?;
        let resident = mapping.resident(0..mapping.pages())?;
        assert!(!resident.contains(&true), "resident for the other one");
        let present = mapping.present(0..mapping.pages())?;
        assert!(!present.contains(&true), "in the other one's page tables");
        if mapping.pages() == PAGES {
            assert_intact(mapping);
        }
        Ok(())
    })?;
    ours.receive()?;
    body()?;
    ours.send(0)?;
    child.join()
}

pub fn two_mappers() -> Verdict {
    let (map, file, mapping) = scene()?;
    beside_another_mapper(&mapping, || {
        succeeds(&map, mapping.all(), BOTH, counts(5, 16));
        assert_gone(&file, &mapping);
        Ok(())
    })?;
    assert_intact(&mapping);
    Ok(())
}

pub fn two_mappers_of_many_pages() -> Verdict {
    let many = fewer(16384);
    let file = TestFile::new(many)?;
    let mapping = file.map()?;
    for page in 0..many {
        mapping.poke(page, page as u64);
    }
    assert_eq!(file.cached()?.dirty, many as u64);
    beside_another_mapper(&mapping, || {
        let all = many as u64;
        succeeds(&Map::current()?, mapping.all(), BOTH, counts(all, all));
        assert_gone(&file, &mapping);
        Ok(())
    })?;
    for page in 0..many {
        assert_eq!(mapping.peek(page), page as u64);
    }
    Ok(())
}

/// Islands of cached pages, so many that they are dealt with in several goes.
pub fn many_dirty_pages() -> Verdict {
    let pages = fewer(3000);
    let file = TestFile::new(pages)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let all = pages as u64;
    succeeds(&map, mapping.all(), BOTH, counts(0, all));
    // Without reading ahead, so that what lies between stays away.
    mapping.advise(0..pages, libc::MADV_RANDOM)?;
    let islands = || (0..pages).step_by(3);
    mapping.fill(1, islands());
    let many = islands().count() as u64;
    assert_eq!(file.cached()?.resident, many);
    succeeds(&map, mapping.all(), Flags::INVALIDATE, counts(many, many));
    assert_gone(&file, &mapping);
    file.assert_on_disk(1, islands());
    mapping.assert_has(1, islands());
    Ok(())
}

/// Somebody reads the file all the time: whatever the outcome, the bytes are right.
pub fn read_meanwhile() -> Verdict {
    let (map, file, mapping) = scene()?;
    let reader = Child::spawn(|| loop {
        assert_intact(&mapping);
    })?;
    for _ in 0..200 {
        // It may be busy: somebody is reading.
        let outcome = map.sync(mapping.all(), BOTH);
        if let Err(error) = outcome {
            assert_eq!(error.errno(), Some(libc::EBUSY));
        }
    }
    assert_intact(&mapping);
    // It reads still.
    reader.die()?;
    let resident = file.cached()?.resident;
    let done = succeeds_in_the_end(&map, mapping.all(), BOTH);
    assert_eq!(done, counts(0, resident));
    Ok(())
}
