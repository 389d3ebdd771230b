// SPDX-License-Identifier: GPL-2.0

//! SELF: the caller's own map, whoever opened the handle.

use std::{
    fs::File,
    thread, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        succeeds_somehow,
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
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    vector::{
        all_succeed_somehow,
        of_addresses, //
    },
};

const PAGES: usize = 8;
const OWN: Flags = BOTH.union(Flags::SELF);

fn file() -> Result<TestFile, Failure> {
    Ok(TestFile::new(PAGES)?)
}

/// A child has what it has mapped itself, and its parent's is another.
pub fn inherited_handle_means_oneself() -> Verdict {
    let (parents, childs) = (file()?, file()?);
    let map = Map::current()?;
    let place = parents.map()?;
    place.fill(1, [2]);
    let child = Child::spawn(|| {
        place.map(0..PAGES, childs.file(), 0, Share::Shared)?;
        place.fill(1, [1, 5]);
        succeeds(&map, place.all(), OWN, counts(2, 8));
        assert_eq!(parents.picture(0..PAGES)?, "CCDCCCCC");
        childs.assert_on_disk(1, [1, 5]);

        place.fill(2, [1]);
        let targets = of_addresses([place.range(0..4), place.range(4..8)]);
        let done = all_succeed_somehow(&map, &targets, OWN).ranges;
        assert!(done[0].pushed > 0, "{done:?}");
        childs.assert_on_disk(2, [1]);
        let stat = map.stat(place.all(), Flags::SELF)?;
        assert_eq!((stat.pages, stat.resident), (PAGES as u64, 0));
        // Without it the parent's map is meant, by the same handle.
        let stat = map.stat(place.all(), Flags::empty())?;
        assert_eq!(stat.dirty, 1);
        succeeds(&map, place.all(), BOTH, counts(1, 8));
        Ok(())
    })?;
    child.join()?;
    parents.assert_on_disk(1, [2]);
    assert_eq!(parents.picture(0..PAGES)?, "........");
    // To the parent it makes no difference.
    place.fill(2, [2]);
    succeeds_somehow(&map, place.range(2..3), OWN);
    parents.assert_on_disk(2, [2]);
    Ok(())
}

/// Whose handle it is, and whether they live, is nothing to those who do not mean it.
pub fn sent_handle_means_oneself() -> Verdict {
    let file = file()?;
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        theirs.send_descriptor(Map::current()?)?;
        theirs.receive()?;
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let mapping = file.map()?;
    mapping.fill(1, [0]);
    let hole = mapping.address(0);
    refused(&map, mapping.all(), BOTH, Reason::Hole, hole);
    succeeds(&map, mapping.all(), OWN, counts(1, 8));
    ours.send(0)?;
    owner.join()?;

    mapping.fill(2, [0]);
    refused(&map, mapping.all(), BOTH, Reason::Dead, 0);
    succeeds_somehow(&map, mapping.range(0..1), OWN);
    file.assert_on_disk(2, [0]);
    let stat = map.stat(mapping.all(), Flags::SELF)?;
    assert_eq!(stat.pages, PAGES as u64);
    Ok(())
}

/// All threads of a process have the same map.
pub fn threads_mean_their_process() -> Verdict {
    const THREADS: usize = 8;

    let map = Map::current()?;
    let files = (0..THREADS)
        .map(|_| file())
        .collect::<Result<Vec<_>, _>>()?;
    // In a child, to whom the handle is its parent's.
    let child = Child::spawn(|| {
        let mappings = files
            .iter()
            .map(TestFile::map)
            .collect::<Result<Vec<_>, _>>()?;
        thread::scope(|scope| {
            for (number, mapping) in mappings.iter().enumerate() {
                let map = &map;
                scope.spawn(move || {
                    mapping.fill(1, 0..number + 1);
                    let pushed = number as u64 + 1;
                    succeeds(map, mapping.all(), OWN, counts(pushed, 8));
                });
            }
        });
        Ok(())
    })?;
    child.join()?;
    for (number, file) in files.iter().enumerate() {
        file.assert_on_disk(1, 0..number + 1);
    }
    Ok(())
}

/// What is in the caller's own map is the caller's own: that he has it open for writing counts.
pub fn rights_are_those_of_ones_own_map() -> Verdict {
    let file = file()?;
    let map = Map::current()?;
    let mapping = Mapping::reserve(PAGES)?;
    let writer = File::options().read(true).write(true).open(file.path())?;
    mapping.map(0..PAGES, &writer, 0, Share::Shared)?;
    mapping.fill(1, [3]);
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let start = mapping.address(0);
        refused(&map, mapping.all(), BOTH, Reason::Protection, start);
        succeeds(&map, mapping.all(), OWN, counts(1, 8));
        Ok(())
    })?;
    child.join()?;
    file.assert_on_disk(1, [3]);
    Ok(())
}
