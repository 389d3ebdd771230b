// SPDX-License-Identifier: GPL-2.0

//! Calls that do not succeed.

use super::heard::*;
use nix::{
    fcntl::{
        posix_fadvise,
        PosixFadviseAdvice, //
    },
    unistd::gettid,
};
use std::{
    io,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        busy,
        counts,
        refused,
        Counts,
        BOTH, //
    },
    disk::Extents,
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    pipe::Pipe,
    process::{
        wait_until_in,
        Child,
        Line, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

/// Of a call that does nothing nothing else is told.
pub fn refused_calls() -> Verdict {
    let file = TestFile::new(4)?;
    let mapping = Mapping::reserve(8)?;
    mapping.map(0..4, file.file(), 0, Share::Shared)?;
    mapping.unmap(4..8)?;
    mapping.fill(1, [1]);
    let map = Map::current()?;
    let hole = mapping.address(4);
    let heard = hear(|| {
        refused(&map, mapping.all(), BOTH, Reason::Hole, hole);
        Ok(())
    })?;
    let nothing = [
        begin(&mapping.all(), "syncio|invalidate"),
        end(-libc::ENOMEM, "hole", 0, 0, 0),
    ];
    assert_eq!(heard, nothing);
    Ok(())
}

/// The file of which a write has failed is told apart, and keeps its pages.
pub fn failed_writes() -> Verdict {
    const BROKEN: usize = 5;

    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    spare.break_page(Extents::of(file.file())?.locate(BROKEN)?)?;
    mapping.fill(1, [2, BROKEN]);
    let map = Map::current()?;
    let heard = hear(|| match map.sync(mapping.all(), BOTH) {
        Err(SyncError::Failed(fault)) if fault.reason == Reason::Io => Ok(()),
        other => panic!("did not fail: {other:?}"),
    })?;
    let failed = [
        begin(&mapping.all(), "syncio|invalidate"),
        pushed(&file, 0..8, 2),
        written(&file, 0..8, -libc::EIO),
        committed(&file, gettid(), -libc::EIO),
        freed(&file, 0..8, 0, 8),
        end(-libc::EIO, "io", 2, 0, 8),
    ];
    assert_eq!(heard, failed);
    Ok(())
}

/// Pages that somebody holds, in one of two files.
pub fn pages_that_stay() -> Verdict {
    let files = [TestFile::new(4)?, TestFile::new(4)?];
    let mapping = Mapping::reserve(8)?;
    mapping.map(0..4, files[0].file(), 0, Share::Shared)?;
    mapping.map(4..8, files[1].file(), 0, Share::Shared)?;
    let pipe = Pipe::holding(&mapping, 5..6)?;
    let map = Map::current()?;
    let left = Counts {
        left: 1,
        ..counts(0, 7)
    };
    let mut heard = hear(|| {
        let all = mapping.all();
        busy(&map, all, Flags::INVALIDATE, left, mapping.address(5));
        Ok(())
    })?;
    drop(pipe);
    assert_eq!(heard.pop(), Some(end(-libc::EBUSY, "busy", 0, 7, 1)));
    assert!(heard.contains(&freed(&files[0], 0..4, 4, 0)), "{heard:?}");
    assert!(heard.contains(&freed(&files[1], 0..4, 3, 1)), "{heard:?}");
    Ok(())
}

/// A caller who is killed while it waits for a page that the disk does not read: what was freed up to
/// then is told.
pub fn killed_calls() -> Verdict {
    const READ: usize = 5;

    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    let offset = (READ * PAGE) as libc::off_t;
    posix_fadvise(
        file.file().as_raw_fd(),
        offset,
        PAGE as libc::off_t,
        PosixFadviseAdvice::POSIX_FADV_DONTNEED,
    )?;
    assert_eq!(file.picture(0..8)?, "CCCCC.CC");
    gate.close(Held::All)?;
    let reader = Child::spawn(|| Ok(file.file().read_exact_at(&mut [0; PAGE], offset as u64)?))?;
    wait_until("being read", || io::Result::Ok(gate.held()? > 0))?;
    let heard = hear(|| {
        let (ours, theirs) = Line::pair()?;
        let caller = Child::spawn(|| {
            let map = Map::current()?;
            theirs.send(0)?;
            let answer = map.sync(mapping.all(), Flags::INVALIDATE);
            Err(Failure::Failed(format!("it came back: {answer:?}")))
        })?;
        ours.receive()?;
        wait_until_in(caller.pid(), "folio_wait")?;
        caller.die()
    })?;
    gate.open()?;
    reader.join()?;
    let killed = [
        begin(&mapping.all(), "invalidate"),
        written(&file, 0..8, 0),
        freed(&file, 0..8, 7, 0),
        end(-libc::EINTR, "killed", 0, 7, 0),
    ];
    assert_eq!(heard, killed);
    Ok(())
}
