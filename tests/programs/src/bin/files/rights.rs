// SPDX-License-Identifier: GPL-2.0

//! Rights: whose files may be freed by a descriptor. The rule is that of a mapping, and that of
//! `cachestat()`: it is open for writing, or the caller's, or he could open it so.

use super::scene::{
    assert_nothing_done,
    bytes,
    refused,
    scene,
    soil,
    succeeds,
    DIRTY,
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
    Reason,
    Target, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    residency::Cached,
    vector::all_refused,
    PAGE, //
};

/// A file that all may read, and its owner may write.
fn file(owner: u32) -> Result<TestFile, Failure> {
    let (_, file) = scene()?;
    chown(file.path(), Some(owner), None)?;
    set_permissions(file.path(), Permissions::from_mode(0o644))?;
    Ok(file)
}

/// Runs `body` as somebody who may do little.
fn as_nobody(body: impl FnOnce(&Map) -> Verdict) -> Verdict {
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        body(&Map::current()?)
    })?;
    child.join()
}

const SIZE: usize = PAGES * PAGE;
const FREED: u64 = PAGES as u64;
const PUSHED: u64 = DIRTY.len() as u64;

pub fn foreign_file_is_refused() -> Verdict {
    let (foreign, own) = (file(0)?, file(NOBODY)?);
    as_nobody(|map| {
        let reader = File::open(foreign.path())?;
        let why = (Reason::Protection, libc::EPERM);
        let denied = Cached::of(&reader, 0..PAGES).map_err(|error| error.raw_os_error());
        assert_eq!(denied, Err(Some(libc::EPERM)), "as for cachestat()");
        for flags in [Flags::INVALIDATE, BOTH] {
            refused(map, &reader, .., flags, why, 0);
            let part = bytes(3..5);
            refused(map, &reader, part.clone(), flags, why, part.start);
            let own = File::open(own.path())?;
            let targets = [
                Target::file(own.as_fd(), ..),
                Target::file(reader.as_fd(), part.clone()),
            ];
            let place = part.start as usize;
            all_refused(map, &targets, flags, why, (1, place));
        }
        Ok(())
    })?;
    assert_nothing_done(&foreign);
    assert_nothing_done(&own);
    Ok(())
}

/// To write it harms nobody. What was dirty is for nobody to know.
pub fn foreign_file_is_written() -> Verdict {
    let foreign = file(0)?;
    as_nobody(|map| {
        let reader = File::open(foreign.path())?;
        succeeds(map, &reader, .., Flags::SYNCIO, counts(0, 0), SIZE);
        Ok(())
    })?;
    foreign.assert_on_disk(1, DIRTY);
    Ok(())
}

/// Whoever has opened it for writing, and still has it.
pub fn file_open_for_writing_is_freed() -> Verdict {
    let foreign = file(0)?;
    as_nobody(|map| {
        succeeds(map, foreign.file(), .., BOTH, counts(PUSHED, FREED), SIZE);
        Ok(())
    })?;
    assert_eq!(foreign.cached()?, Cached::default());
    Ok(())
}

/// The owner could make it writable, whatever it is now.
pub fn own_file_is_freed() -> Verdict {
    let own = file(NOBODY)?;
    set_permissions(own.path(), Permissions::from_mode(0o444))?;
    as_nobody(|map| {
        let reader = File::open(own.path())?;
        succeeds(map, &reader, .., BOTH, counts(PUSHED, FREED), SIZE);
        Ok(())
    })?;
    assert_eq!(own.cached()?, Cached::default());
    Ok(())
}

/// The caller's descriptor, and his rights, whosever map the handle is on, and whether that is dead.
pub fn descriptors_are_the_callers() -> Verdict {
    let foreign = file(0)?;
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        theirs.send_descriptor(Map::current()?)?;
        theirs.receive()?;
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let reader = File::open(foreign.path())?;
    let call = || {
        let child = Child::spawn(|| {
            become_user(NOBODY, NOBODY)?;
            let why = (Reason::Protection, libc::EPERM);
            refused(&map, &reader, .., BOTH, why, 0);
            // It is open for writing by this number.
            let want = counts(PUSHED, FREED);
            succeeds(&map, foreign.file(), .., BOTH, want, SIZE);
            Ok(())
        })?;
        child.join()
    };
    call()?;
    assert_eq!(foreign.cached()?, Cached::default());
    ours.send(0)?;
    owner.join()?;

    foreign.map()?.touch(0..PAGES);
    soil(foreign.file(), 1)?;
    call()?;
    assert_eq!(foreign.cached()?, Cached::default());
    Ok(())
}
