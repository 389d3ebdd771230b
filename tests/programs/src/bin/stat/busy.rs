// SPDX-License-Identifier: GPL-2.0

//! Busy files: pages that are being written, that others have mapped, that are locked.

use super::scene::{
    as_cached,
    scene,
    stat,
    stat_with,
    PAGES, //
};
use std::{
    io,
    os::fd::AsFd, //
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    check::succeeds_somehow,
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    spare::Site, //
};

/// A disk that does not write: what is under way to it is not dirty any more.
pub fn pages_that_are_being_written() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let (map, file, mapping) = scene()?;
    let _opener = gate.opener();
    gate.close(Held::Writes)?;
    succeeds_somehow(&map, mapping.range(0..7), Flags::empty());
    wait_until("being written", || {
        io::Result::Ok(Cached::of(file.file(), 0..7)?.dirty == 0)
    })?;
    for part in [0..PAGES, 0..7, 6..8] {
        let cached = Cached::of(file.file(), part.clone())?;
        let want = as_cached(part.len(), cached);
        assert_eq!(stat(&map, mapping.range(part.clone())), want, "{part:?}");
    }
    let found = stat(&map, mapping.all());
    assert_eq!((found.dirty, found.writeback), (1, 2));
    gate.open()?;
    file.wait_until_written_in(0..7)?;
    assert_eq!(stat(&map, mapping.all()).writeback, 0);
    Ok(())
}

/// Somebody else has a part of it mapped, in his page tables.
pub fn pages_that_others_have_mapped() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let again = Mapping::reserve(PAGES)?;
    again.map(0..PAGES, file.file(), 0, Share::SharedRead)?;
    again.touch(0..PAGES);
    let map = Map::current()?;
    let others = |pages| stat(&map, mapping.range(pages)).others;
    assert_eq!(others(0..PAGES), 0, "what is mapped twice by oneself");

    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let part = Mapping::reserve(4)?;
        part.map(0..4, file.file(), 3, Share::SharedRead)?;
        // What was inherited is in no page table of this process.
        mapping.unmap(0..PAGES)?;
        again.unmap(0..PAGES)?;
        for _ in 0..2 {
            theirs.send(part.address(0))?;
            theirs.receive()?;
            part.touch(0..4);
        }
        part.unmap(1..2)?;
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    ours.receive()?;
    let not_touched = others(0..PAGES);
    ours.send(0)?;
    ours.receive()?;
    let touched = [0..PAGES, 0..4, 4..6, 6..PAGES].map(others);
    let of_file = Target::file(file.file().as_fd(), ..);
    let of_file = stat_with(&map, &of_file, Flags::empty()).others;
    ours.send(0)?;
    ours.receive()?;
    let unmapped = others(0..PAGES);
    ours.send(0)?;
    child.join()?;
    assert_eq!(touched, [4, 1, 2, 1]);
    assert_eq!(of_file, 4);
    assert_eq!(unmapped, 3);
    assert_eq!(not_touched, 4, "who has it mapped can touch it");
    assert_eq!(others(0..PAGES), 0, "nobody has it any more");
    Ok(())
}

/// Locked by the caller, and by somebody else.
pub fn pages_that_are_wired() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let map = Map::current()?;
    let wired = |pages| stat(&map, mapping.range(pages)).wired;
    assert_eq!(wired(0..PAGES), 0);
    mapping.lock(2..5)?;
    assert_eq!([0..PAGES, 0..3, 3..4, 5..PAGES].map(wired), [3, 1, 1, 0]);
    mapping.unlock(2..5)?;
    assert_eq!(wired(0..PAGES), 0);

    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        mapping.lock(7..9)?;
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    ours.receive()?;
    let found = wired(0..PAGES);
    ours.send(0)?;
    child.join()?;
    assert_eq!(found, 2);
    Ok(())
}

/// By a handle on another map: what that has at the addresses; the caller is another.
pub fn map_of_somebody_else() -> Verdict {
    let (file, apart) = (TestFile::new(PAGES)?, TestFile::new(PAGES)?);
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        let mapping = file.map()?;
        mapping.fill(1, [2, 3]);
        mapping.touch(0..PAGES);
        theirs.send_descriptor(Map::current()?)?;
        theirs.send(mapping.address(0))?;
        theirs.receive()?;
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let start = ours.receive()?;
    let theirs = start..start + PAGES * vm_map_sync_tests::PAGE;
    let alone = stat(&map, theirs.clone());
    let mapping = file.map()?;
    mapping.touch(4..8);
    let both = stat(&map, theirs.clone());
    // By a descriptor of the caller's.
    let of_file = Target::file(apart.file().as_fd(), ..);
    let of_file = stat_with(&map, &of_file, Flags::empty());
    ours.send(0)?;
    owner.join()?;
    let mut want = as_cached(PAGES, file.cached()?);
    assert_eq!(alone, want);
    assert!(both.others >= 4, "{both:?}");
    want.others = both.others;
    assert_eq!(both, want);
    assert_eq!(of_file, as_cached(PAGES, apart.cached()?));
    let dead = map.stat(theirs, Flags::empty());
    let errno = dead.map_err(|error| error.errno());
    assert_eq!(errno, Err(Some(libc::ESRCH)));
    Ok(())
}
