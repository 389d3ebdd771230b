// SPDX-License-Identifier: GPL-2.0

//! A page that is held, let go of, and could not be written: it stays.

use std::{
    io,
    os::unix::fs::FileExt,
    thread, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    disk::Extents,
    file::TestFile,
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    patience::wait_until,
    pattern,
    pipe::Pipe,
    residency::Cached,
    spare::{
        Site,
        Spare, //
    }, //
};

/// As many as a call needs some time for.
const PAGES: usize = 16384;

/// A call finds page 0 held by a pipe and goes on with the others, of which there are many. Before it
/// comes back to that page somebody writes to it and lets go of it. The disk does not take what was
/// written, and says so at once.
///
/// Whether the other is in time is not known beforehand, so it is tried until he was.
pub fn held_page_whose_write_failed_stays() -> Verdict {
    let pages = fewer(PAGES);
    let spare = Spare::new(160, &[("irqmode", "0")])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let map = Map::current()?;
    for round in 1..=60 {
        let file = TestFile::new(pages)?;
        let mapping = file.map()?;
        mapping.touch(0..1);
        spare.break_page(Extents::of(file.file())?.locate(0)?)?;
        let pipe = Pipe::holding(&mapping, 0..1)?;
        let result = thread::scope(|scope| {
            scope.spawn(|| write_and_let_go(&file, pipe, round));
            map.sync(mapping.all(), Flags::INVALIDATE)
        });
        let fault = match result {
            Err(SyncError::Failed(fault)) => fault,
            other => panic!("round {round}, what was written to page 0 is lost: {other:?}"),
        };
        // Read from the disk, it would be an error.
        let cached = Cached::of(file.file(), 0..1)?;
        assert_eq!(cached.resident, 1, "round {round}, page 0 is gone: {fault}");
        mapping.assert_has(round, [0]);
        spare.mend_page(Extents::of(file.file())?.locate(0)?)?;
        match fault.reason {
            Reason::Io => {
                assert_eq!(fault.errno, libc::EIO);
                assert_eq!(fault.outcome.left, 1, "{fault}");
                return Ok(());
            }
            // He came too late.
            reason => assert_eq!(reason, Reason::Busy),
        }
    }
    Err(Failure::Failed("nobody was ever in time".into()))
}

/// Waits until the call has passed by page 0, and has freed the one behind it.
fn write_and_let_go(file: &TestFile, pipe: Pipe, version: u64) {
    // If the limit is reached, the page is written to all the same, and the call says what it did.
    let _ = wait_until("passed by", || {
        let cached = Cached::of(file.file(), 1..2)?;
        io::Result::Ok(cached.resident == 0)
    });
    // Not through a mapping, which would hold the page as well.
    let written = file.file().write_all_at(&pattern(version, 0), 0);
    drop(pipe);
    written.expect("the page can be written to");
}
