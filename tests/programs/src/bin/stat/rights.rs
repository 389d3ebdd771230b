// SPDX-License-Identifier: GPL-2.0

//! Rights: what of a file the caller may know. The rule is that of `cachestat()`.

use super::scene::{
    as_cached,
    scene,
    stat,
    stat_with,
    PAGES, //
};
use std::{
    fs::{
        set_permissions,
        File,
        Permissions, //
    },
    os::{
        fd::AsFd,
        unix::fs::{
            chown,
            PermissionsExt, //
        },
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
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
    residency::Cached, //
};

/// Root's file, and one's own: of the one nothing is told but how large it is.
pub fn pages_that_are_hidden() -> Verdict {
    let (_, foreign, mapping) = scene()?;
    set_permissions(foreign.path(), Permissions::from_mode(0o644))?;
    let (_, own, own_mapping) = scene()?;
    chown(own.path(), Some(NOBODY), None)?;
    // Nobody else is to have them mapped.
    drop((mapping, own_mapping));
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let (theirs, ours) = (File::open(foreign.path())?, File::open(own.path())?);
        let place = Mapping::reserve(2 * PAGES + 1)?;
        place.map(0..PAGES, &theirs, 0, Share::SharedRead)?;
        place.map(PAGES..2 * PAGES, &ours, 0, Share::SharedRead)?;
        let mut hidden = as_cached(0, Cached::default());
        hidden.hidden = PAGES as u64;
        assert_eq!(stat(&map, place.range(0..PAGES)), hidden);
        let of_file = Target::file(theirs.as_fd(), ..);
        assert_eq!(stat_with(&map, &of_file, Flags::empty()), hidden);

        let mut both = as_cached(PAGES, Cached::of(&ours, 0..PAGES)?);
        both.hidden = PAGES as u64;
        both.unpaged = 1;
        assert_eq!(stat(&map, place.all()), both);
        // Page by page neither.
        for page in 0..PAGES {
            let found = stat(&map, place.range(page..page + 1));
            assert_eq!((found.hidden, found.resident, found.dirty), (1, 0, 0));
        }
        // It is open for writing by this number.
        let writer = Target::file(foreign.file().as_fd(), ..);
        let found = stat_with(&map, &writer, Flags::empty());
        assert_eq!(found, as_cached(PAGES, foreign.cached()?));
        Ok(())
    })?;
    child.join()
}

/// A handle on the map of somebody who may not ask: who may is not made to tell him.
pub fn handle_of_who_may_not_ask() -> Verdict {
    let (_, foreign, mapping) = scene()?;
    set_permissions(foreign.path(), Permissions::from_mode(0o644))?;
    drop(mapping);
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let place = Mapping::reserve(PAGES)?;
        let reader = File::open(foreign.path())?;
        place.map(0..PAGES, &reader, 0, Share::SharedRead)?;
        theirs.send_descriptor(Map::current()?)?;
        theirs.send(place.address(0))?;
        theirs.receive()?;
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let start = ours.receive()?;
    let found = stat(&map, start..start + PAGES * vm_map_sync_tests::PAGE);
    // A file of one's own is told of by any handle.
    let of_file = Target::file(foreign.file().as_fd(), ..);
    let of_file = stat_with(&map, &of_file, Flags::empty());
    ours.send(0)?;
    owner.join()?;
    assert_eq!((found.hidden, found.pages), (PAGES as u64, 0));
    assert_eq!((found.resident, found.dirty, found.others), (0, 0, 0));
    assert_eq!(of_file.dirty, foreign.cached()?.dirty);
    Ok(())
}
