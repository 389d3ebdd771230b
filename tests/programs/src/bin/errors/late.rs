// SPDX-License-Identifier: GPL-2.0

//! Errors that are recorded late: btrfs lets all pages of a write count as written before it notes
//! that the write has failed (`end_bbio_data_write()`). Who waits for the first of them can be there
//! before the note is, and must not take the page for one that is on the disk.

use crate::scene::counts;
use nix::errno::Errno;
use std::{
    collections::HashMap,
    fs::File,
    hint,
    os::fd::AsRawFd,
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
    check::{
        succeeds_somehow,
        Counts,
        BOTH, //
    },
    disk::Disk,
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    pattern,
    process::{
        stay_on,
        Child, //
    },
    spare::Site,
    sysctl::Sysctl,
    Page,
    PAGE, //
};

/// As many as there are in one write.
const PAGES: usize = 256;
const ROUNDS: usize = 16;

/// The page that the disk does not take, and with it the whole write.
const BROKEN: usize = 1;

const MEGABYTES: usize = 160;

/// The processors of the worker that ends the writes, and of who calls.
const WORKER: usize = 0;
const CALLER: usize = 1;

/// How long the worker is kept from going on: as long as the caller needs to free a page.
const DELAY: Duration = Duration::from_millis(100);

/// As many files as there are rounds, each with its number as the version of its broken page.
fn files(count: usize) -> Result<Vec<TestFile>, Failure> {
    (0..count)
        .map(|number| {
            let file = TestFile::new(PAGES)?;
            file.map()?.fill(version(number), [BROKEN]);
            file.file().sync_all()?;
            Ok(file)
        })
        .collect()
}

fn version(number: usize) -> u64 {
    1000 + number as u64
}

/// Where on the disk the broken page of each file is: what btrfs says of it are addresses of its own.
fn places(disk: &Disk, count: usize) -> Result<Vec<u64>, Failure> {
    const MANY: usize = 1 << 8;

    // The first word tells it, for it is in no other page.
    let wanted: HashMap<_, _> = (0..count)
        .map(|number| (word(&pattern(version(number), BROKEN)), number))
        .collect();
    let mut found = vec![None; count];
    for first in (0..(MEGABYTES << 20) / PAGE).step_by(MANY) {
        if found.iter().all(Option::is_some) {
            break;
        }
        for (page, bytes) in (first..).zip(disk.pages((first * PAGE) as u64, MANY)?) {
            if let Some(number) = wanted.get(&word(&bytes)) {
                found[*number] = Some((page * PAGE) as u64);
            }
        }
    }
    let found: Option<Vec<u64>> = found.into_iter().collect();
    found.ok_or_else(|| Failure::Failed("a file is not on the disk".into()))
}

fn word(page: &Page) -> Option<[u8; 8]> {
    page.first_chunk().copied()
}

/// Without a commit, and with one, in turns.
pub fn error_recorded_late() -> Verdict {
    let rounds = fewer(ROUNDS);
    let gate = Gate::new(MEGABYTES, &[])?;
    // In place, so that it is known where it will be written to.
    let site = Site::btrfs(gate.device(), "nodatacow,commit=600")?;
    site.settle();
    let map = Map::current()?;
    let mask = format!("{:x}", 1 << WORKER);
    let _workers = Sysctl::set("/sys/devices/virtual/workqueue/cpumask", &mask)?;
    let files = files(rounds)?;
    let places = places(&Disk::open(gate.spare().device())?, rounds)?;
    let flags = [Flags::INVALIDATE, BOTH].into_iter().cycle();
    for ((file, broken), flags) in files.iter().zip(places).zip(flags) {
        let mapping = file.map()?;
        mapping.fill(1, 0..PAGES);
        gate.spare().break_page(broken)?;
        gate.close(Held::Writes)?;
        succeeds_somehow(&map, mapping.all(), Flags::empty());
        let children = [
            Child::spawn(|| call_on_first(&mapping, flags))?,
            Child::spawn(|| stop_at_last(file))?,
        ];
        for child in &children {
            child.wait_for_state('D')?;
        }
        gate.open()?;
        for child in children {
            child.join()?;
        }
        mapping.assert_has(1, 0..PAGES);
        gate.spare().mend_page(broken)?;
    }
    Ok(())
}

/// Calls on the first page, which is being written.
fn call_on_first(mapping: &Mapping, flags: Flags) -> Verdict {
    stay_on(CALLER)?;
    let result = Map::current()?.sync(mapping.range(0..1), flags);
    // Read from the disk, if it is gone.
    mapping.assert_has(1, [0]);
    match result {
        Err(SyncError::Failed(fault)) => {
            assert_eq!((fault.reason, fault.errno), (Reason::Io, libc::EIO));
            assert_eq!(Counts::from(fault.outcome), counts(0, 1));
            Ok(())
        }
        other => panic!("not told: {other:?}"),
    }
}

/// Takes the place of the worker when it has come to the last page, but not to the error yet.
fn stop_at_last(file: &TestFile) -> Verdict {
    // What is told to this file is not told to the others.
    let other = File::open(file.path())?;
    stay_on(WORKER)?;
    let priority = libc::sched_param { sched_priority: 1 };
    // SAFETY: The structure is the one of the call.
    let code = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) };
    Errno::result(code)?;
    let last = ((PAGES - 1) * PAGE) as libc::off64_t;
    let wait = libc::SYNC_FILE_RANGE_WAIT_BEFORE;
    // SAFETY: The call takes numbers only. What it says of the write is for others to check.
    unsafe { libc::sync_file_range(other.as_raw_fd(), last, PAGE as libc::off64_t, wait) };
    let end = Instant::now() + DELAY;
    while Instant::now() < end {
        hint::spin_loop();
    }
    Ok(())
}
