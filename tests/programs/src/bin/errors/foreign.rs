// SPDX-License-Identifier: GPL-2.0

//! Handles in other hands: a call on the map of another process is told of the errors of the writes,
//! and takes nothing from those who have the file open there. Each of them is told once.

use crate::scene::*;
use std::{
    fs::File,
    ops::Range, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check,
    disk::Extents,
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::Verdict,
    mapping::Share,
    process::{
        wait_until_in,
        Child,
        Line, //
    },
    spare::Site, //
};

/// Asserts that a call is told of a write that failed, and the next one is not.
#[track_caller]
fn assert_call_is_told(map: &Map, range: Range<usize>) {
    match map.sync(range.clone(), Flags::SYNCIO) {
        Err(SyncError::Failed(fault)) => {
            assert_eq!((fault.reason, fault.errno), (Reason::Io, libc::EIO));
        }
        other => panic!("not told: {other:?}"),
    }
    check::succeeds(map, range, Flags::SYNCIO, check::counts(0, 0));
}

/// Runs `body` in a process to which the map of the scene is another's.
fn elsewhere(body: impl FnOnce()) -> Verdict {
    let child = Child::spawn(|| {
        body();
        Ok(())
    })?;
    child.join()
}

pub fn foreign_calls_and_the_owner_are_told() -> Verdict {
    for kind in KINDS {
        let scene = Scene::on(kind, Share::Shared)?;
        call_and_owner_are_told(&scene)?;
        invalidate_tells_nobody_else(&scene.anew()?)?;
    }
    Ok(())
}

/// As often as it happens.
fn call_and_owner_are_told(scene: &Scene) -> Verdict {
    let other = scene.another()?;
    for _ in 0..2 {
        scene.soil()?;
        elsewhere(|| assert_call_is_told(&scene.map, scene.bad_range()))?;
        assert_each_is_told([scene.bad.file(), &other]);
    }
    Ok(())
}

/// Also on btrfs, where pages are not freed before they are committed.
fn invalidate_tells_nobody_else(scene: &Scene) -> Verdict {
    let other = scene.another()?;
    scene.soil()?;
    elsewhere(|| scene.fails_in(scene.bad_range(), Flags::INVALIDATE, counts(PUSHED, LEFT)))?;
    scene.assert_kept();
    assert_each_is_told([scene.bad.file(), &other]);
    Ok(())
}

/// Asserts that nobody has told these files of the error, and that it is told once.
#[track_caller]
fn assert_each_is_told(files: [&File; 2]) {
    for file in files {
        assert_told(file, false);
        assert_told(file, true);
    }
}

/// A handle that was sent to somebody.
pub fn receiver_and_sender_are_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (ours, theirs) = Line::pair()?;
    let sender = Child::spawn(|| {
        let file = scene.another()?;
        let mapping = scene.bad.map()?;
        mapping.map(0..mapping.pages(), &file, 0, Share::Shared)?;
        mapping.fill(1, BAD_DIRTY);
        theirs.send_descriptor(Map::current()?)?;
        theirs.send(mapping.address(0))?;
        theirs.receive()?;
        assert_told(&file, false);
        assert_told(&file, true);
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let start = ours.receive()?;
    assert_call_is_told(&map, start..start + scene.bad_range().len());
    ours.send(0)?;
    sender.join()?;
    assert_told(scene.bad.file(), false);
    Ok(())
}

/// Processes that share a descriptor share what it was told: the caller, who has it as well, takes
/// nothing from it by the call.
pub fn shared_descriptor_is_told_once() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    scene.soil()?;
    elsewhere(|| {
        assert_call_is_told(&scene.map, scene.bad_range());
        assert_told(scene.bad.file(), false);
    })?;
    assert_told(scene.bad.file(), true);
    elsewhere(|| assert_told(scene.bad.file(), true))
}

/// Two at once, of whom only the first finds something to write: both wait for it, and both are told
/// what became of it.
pub fn two_foreign_calls_are_told() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let file = TestFile::new(BROKEN + 1)?;
    let broken = Extents::of(file.file())?.locate(BROKEN)?;
    gate.spare().break_page(broken)?;
    let mapping = file.map()?;
    mapping.fill(1, [BROKEN]);
    let map = Map::current()?;

    gate.close(Held::Writes)?;
    let callers = [(), ()].map(|()| {
        Child::spawn(|| {
            assert_call_is_told(&map, mapping.all());
            Ok(())
        })
    });
    let [one, two] = callers;
    let callers = [one?, two?];
    for caller in &callers {
        wait_until_in(caller.pid(), "folio_wait")?;
    }
    gate.open()?;
    for caller in callers {
        caller.join()?;
    }
    assert_told(file.file(), false);
    assert_told(file.file(), true);
    Ok(())
}
