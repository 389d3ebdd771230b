// SPDX-License-Identifier: GPL-2.0

//! Files: many of them in one range, whose writes and commits are under way together.

use std::{
    io,
    thread, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds, //
    },
    disk::Disk,
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
    place,
    spare::{
        Site,
        Spare, //
    },
    trace::Trace, //
};

/// Files, and one mapping of all of them, all dirty.
fn several(count: usize, pages: usize) -> Result<(Vec<TestFile>, Mapping), Failure> {
    let mapping = Mapping::reserve(count * pages)?;
    let mut files = Vec::new();
    for number in 0..count {
        let file = TestFile::written_by(pages, pages)?;
        let first = number * pages;
        mapping.map(first..first + pages, file.file(), 0, Share::Shared)?;
        files.push(file);
    }
    for page in 0..mapping.pages() {
        mapping.poke(page, 1);
    }
    Ok((files, mapping))
}

/// Syncs all of a mapping, which is dirty, while a gate is closed; opens it when `what` has come.
fn sync_behind(
    gate: &Gate,
    mapping: &Mapping,
    what: &str,
    has_come: impl FnMut() -> io::Result<bool>,
) -> Verdict {
    let map = Map::current()?;
    let pushed = mapping.pages() as u64;
    thread::scope(|scope| {
        let call = scope.spawn(|| succeeds(&map, mapping.all(), Flags::SYNCIO, counts(pushed, 0)));
        let come = wait_until(what, has_come);
        gate.open()?;
        // What it panics with has been heard by the harness.
        let result = call.join();
        come?;
        result.map_err(|_| Failure::Failed("the call failed".to_owned()))
    })
}

/// The commits of files are all under way at once and share flushes, and nobody else's file is written.
pub fn files_share_commits() -> Verdict {
    const FILES: usize = 64;
    const MANY: u64 = FILES as u64 / 4;

    let slow = [
        ("irqmode", "2"),
        ("completion_nsec", "10000000"),
        ("cache_size", "32"),
    ];
    let gate = Gate::new(64, &slow)?;
    let site = Site::new(gate.device())?;
    site.settle();
    let (_files, mapping) = several(FILES, 4)?;
    let (bystanders, _theirs) = several(1, 4)?;
    let disk = Disk::open(gate.spare().device())?;
    let before = disk.counters()?;
    gate.close(Held::Flushes)?;
    sync_behind(&gate, &mapping, "a flush for each", || {
        Ok(gate.held()? == FILES)
    })?;
    let flushes = disk.counters()?.flushes - before.flushes;
    assert!((1..MANY).contains(&flushes), "{flushes} flushes");
    assert_eq!(bystanders[0].picture(0..4)?, "DDDD");
    Ok(())
}

/// The helpers of a call wait for each other: those who came first would be done, each with a flush of
/// its own, before the others were there to share it.
pub fn no_commit_before_all_helpers_have_come() -> Verdict {
    const FILES: usize = 64;

    let (_files, mapping) = several(FILES, 4)?;
    let map = Map::current()?;
    if !Trace::is_there() {
        return Err(Failure::skip("this kernel has no tracing (CONFIG_FTRACE)"));
    }
    let work = "workqueue/workqueue_execute_start";
    let trace = Trace::of_all(&[work, "ext4/ext4_sync_file_enter"])?;
    trace.clear()?;
    let pushed = mapping.pages() as u64;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(pushed, 0));
    let (mut came, mut committed) = (0, 0);
    for event in trace.events()? {
        if event.name == "ext4_sync_file_enter" {
            committed += 1;
        } else if event.field("function")?.contains("vm_map_sync") {
            assert_eq!(committed, 0, "a helper came after the first commit");
            came += 1;
        }
    }
    assert_eq!((came, committed), (FILES, FILES));
    Ok(())
}

/// Files on two disks: the commit of the one is not that of the other.
pub fn each_disk_is_flushed() -> Verdict {
    const PAGES: usize = 4;

    let mapping = Mapping::reserve(2 * PAGES)?;
    let spare = Spare::new(32, &[("cache_size", "8")])?;
    let here = (place::disk()?, TestFile::new(PAGES)?);
    let site = Site::new(spare.device())?;
    site.settle();
    let there = (place::disk()?, TestFile::new(PAGES)?);
    let map = Map::current()?;
    let both = [&here, &there];
    for (number, (_, file)) in both.into_iter().enumerate() {
        let first = number * PAGES;
        mapping.map(first..first + PAGES, file.file(), 0, Share::Shared)?;
        mapping.poke(first, 1);
    }
    let flushes = || -> io::Result<Vec<u64>> {
        let counters = both.into_iter().map(|(disk, _)| disk.counters());
        counters.map(|counters| Ok(counters?.flushes)).collect()
    };
    let before = flushes()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(2, 0));
    let after = flushes()?;
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before < after),
        "{before:?} flushes before, {after:?} after"
    );
    drop(mapping);
    drop(there);
    Ok(())
}

/// On a disk that does not write there comes a moment when all pages are being written.
pub fn all_is_started_before_any_is_waited_for() -> Verdict {
    const FILES: usize = 16;

    let gate = Gate::new(64, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let (files, mapping) = several(FILES, 4)?;
    let pages = mapping.pages() as u64;
    gate.close(Held::Writes)?;
    sync_behind(&gate, &mapping, "all being written", || {
        let mut written = 0;
        for file in &files {
            written += file.cached()?.writeback;
        }
        Ok(written == pages)
    })
}
