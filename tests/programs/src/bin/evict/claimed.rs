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

/// A mounted disk whose descriptors of groups are far apart: they are waited for together, and not each
/// for itself.
pub fn claimed_pages_are_waited_for_together() -> Verdict {
    let spare = Spare::new(MEGABYTES, &[])?;
    let options = ["-g", "256", "-O", "meta_bg,^resize_inode", "-J", "size=4"];
    let site = Site::with(spare.device(), &options, "")?;
    // What is dirty only is let go of when it is written.
    nix::unistd::sync();
    let disk = File::options()
        .read(true)
        .write(true)
        .open(spare.device())?;
    let size = (MEGABYTES << 20) / PAGE;
    let map = Map::open()?;
    {
        let whole = Mapping::reserve(size)?;
        whole.map(0..size, &disk, 0, Share::SharedRead)?;
        assert!(
            map.sync(whole.all(), Flags::INVALIDATE).is_err(),
            "all of it was freed"
        );
    }
    let mut claimed = Vec::new();
    find_resident(&disk, 0..size, &mut claimed)?;
    // Each is a run of its own if it does not follow another.
    claimed.dedup_by(|page, before| *page == *before + 1);
    let runs = claimed.len();
    assert!(runs >= 8, "only at {claimed:?}");

    let mapping = Mapping::reserve(runs)?;
    for (place, page) in claimed.into_iter().enumerate() {
        mapping.map(place..place + 1, &disk, page, Share::SharedRead)?;
    }
    let one = fails_to_free(&map, mapping.range(0..1), 1)?;
    let all = fails_to_free(&map, mapping.all(), runs)?;
    assert!(
        all < one * (runs / 2) as u32,
        "{one:?} for one run, {all:?} for {runs}"
    );
    drop(mapping);
    drop(disk);
    drop(site);
    Ok(())
}
