// SPDX-License-Identifier: GPL-2.0

//! Pages that their file system holds on to, as long as it is mounted.

use std::{
    fs::File,
    io,
    ops::Range,
    time::{
        Duration,
        Instant, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    residency::Cached,
    spare::{
        Site,
        Spare, //
    },
    PAGE,
};

const MEGABYTES: usize = 1024;

/// Adds those of `pages` that are in the page cache to `found`.
fn find_resident(file: &File, pages: Range<usize>, found: &mut Vec<usize>) -> io::Result<()> {
    if Cached::of(file, pages.clone())?.resident == 0 {
        return Ok(());
    }
    if pages.len() == 1 {
        found.push(pages.start);
        return Ok(());
    }
    let middle = pages.start + pages.len() / 2;
    find_resident(file, pages.start..middle, found)?;
    find_resident(file, middle..pages.end, found)
}

/// Tries to free what cannot be freed, and says how long that took.
fn fails_to_free(map: &Map, range: Range<usize>, pages: usize) -> Result<Duration, Failure> {
    let begun = Instant::now();
    match map.sync(range, Flags::INVALIDATE) {
        Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => {
            assert_eq!(fault.outcome.left, pages as u64);
            Ok(begun.elapsed())
        }
        other => panic!("not busy: {other:?}"),
    }
}

/// The pages of the disk that stay whenever it is freed. What is held for a moment only is not among
/// them.
fn find_claimed(map: &Map, disk: &File, size: usize) -> Result<Vec<usize>, Failure> {
    let whole = Mapping::reserve(size)?;
    whole.map(0..size, disk, 0, Share::SharedRead)?;
    let mut claimed = Vec::new();
    wait_until("the same pages twice", || {
        let freed = map.sync(whole.all(), Flags::INVALIDATE);
        assert!(freed.is_err(), "all of it was freed");
        let mut resident = Vec::new();
        find_resident(disk, 0..size, &mut resident)?;
        let same = resident == claimed;
        claimed = resident;
        Ok::<_, io::Error>(same)
    })?;
    Ok(claimed)
}

/// A mounted disk whose descriptors of groups are far apart: they are waited for together, and not each
/// for itself.
pub fn claimed_pages_are_waited_for_together() -> Verdict {
    let spare = Spare::new(MEGABYTES, &[])?;
    // Nothing is ever written to it, and nobody reads of it what it could do without: there is no
    // journal, and inodes are not prepared.
    let options = ["-g", "256", "-O", "meta_bg,^resize_inode,^has_journal"];
    let site = Site::with(spare.device(), &options, "ro")?;
    let disk = File::options()
        .read(true)
        .write(true)
        .open(spare.device())?;
    let size = (MEGABYTES << 20) / PAGE;
    let map = Map::current()?;
    let mut claimed = find_claimed(&map, &disk, size)?;
    // Each is a run of its own if it does not follow another.
    claimed.dedup_by(|page, before| *page == *before + 1);
    let runs = claimed.len();
    assert!(runs >= 8, "only at {claimed:?}");

    let mapping = Mapping::reserve(runs)?;
    for (place, page) in claimed.into_iter().enumerate() {
        mapping.map(place..place + 1, &disk, page, Share::SharedRead)?;
    }
    // A busy machine makes both of them longer, but not shorter than they have to be.
    let mut shortest = fails_to_free(&map, mapping.range(0..1), 1)?;
    wait_until("waited for together", || {
        let one = fails_to_free(&map, mapping.range(0..1), 1)?;
        shortest = shortest.min(one);
        let all = fails_to_free(&map, mapping.all(), runs)?;
        println!("# {one:?} for one run, {all:?} for {runs}");
        Ok::<_, Failure>(all < shortest * (runs / 2) as u32)
    })?;
    drop(mapping);
    drop(disk);
    drop(site);
    Ok(())
}
