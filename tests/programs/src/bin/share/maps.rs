// SPDX-License-Identifier: GPL-2.0

//! Maps: whose addresses a handle is about.

use super::{
    file,
    PAGES, //
};
use std::fs::File;
use vm_map_sync::{
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        BOTH, //
    },
    harness::Verdict,
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
};

/// One process writes through its mapping, the other one calls on its own.
pub fn two_maps_of_one_file() -> Verdict {
    let file = file()?;
    let (ours, theirs) = Line::pair()?;
    let writer = Child::spawn(|| {
        let again = File::options().read(true).write(true).open(file.path())?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &again, 0, Share::Shared)?;
        mapping.fill(1, [0, 5, 6]);
        theirs.send(0)?;
        theirs.receive()?;
        assert!(!mapping.present(0..PAGES)?.contains(&true));
        mapping.assert_has(1, [0, 5, 6]);
        Ok(())
    })?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    ours.receive()?;
    succeeds(&Map::current()?, mapping.all(), BOTH, counts(3, 8));
    file.assert_on_disk(1, [0, 5, 6]);
    assert_eq!(file.picture(0..PAGES)?, "........");
    ours.send(0)?;
    writer.join()
}

/// The handle of a parent, used by its child: it is the parent's map that counts.
pub fn inherited_handle() -> Verdict {
    let (parents, childs) = (file()?, file()?);
    let map = Map::current()?;
    let (both, parent_only) = (parents.map()?, Mapping::reserve(PAGES)?);
    let child_only = Mapping::reserve(PAGES)?;
    both.fill(1, [2]);
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        parent_only.unmap(0..PAGES)?;
        child_only.map(0..PAGES, childs.file(), 0, Share::Shared)?;
        child_only.fill(1, [1]);
        theirs.receive()?;

        succeeds(&map, both.all(), BOTH, counts(1, 8));
        succeeds(&map, parent_only.all(), BOTH, counts(2, 8));
        let hole = child_only.address(0);
        refused(&map, child_only.all(), BOTH, Reason::Hole, hole);
        assert_eq!(childs.picture(0..PAGES)?, "CDCCCCCC");

        // With a handle of its own it is the other way round.
        let own = Map::current()?;
        succeeds(&own, child_only.all(), BOTH, counts(1, 8));
        let hole = parent_only.address(0);
        refused(&own, parent_only.all(), BOTH, Reason::Hole, hole);
        Ok(())
    })?;
    child_only.unmap(0..PAGES)?;
    let later = file()?;
    parent_only.map(0..PAGES, later.file(), 0, Share::Shared)?;
    parent_only.fill(1, [3, 4]);
    ours.send(0)?;
    child.join()?;
    parents.assert_on_disk(1, [2]);
    later.assert_on_disk(1, [3, 4]);
    Ok(())
}

/// The map is the opener's, but what may be freed is a matter of who calls.
pub fn inherited_handle_of_another_user() -> Verdict {
    let file = file()?;
    let mapping = file.map()?;
    mapping.poke(0, 1);
    let map = Map::current()?;
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let start = mapping.address(0);
        refused(&map, mapping.all(), BOTH, Reason::Protection, start);
        Ok(())
    })?;
    child.join()?;
    assert_eq!(file.picture(0..PAGES)?, "DCCCCCCC");
    succeeds(&map, mapping.all(), BOTH, counts(1, 8));
    Ok(())
}
