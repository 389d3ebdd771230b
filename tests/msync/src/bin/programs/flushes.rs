// SPDX-License-Identifier: GPL-2.0

//! What commits cost.

use super::{
    store::Running,
    LMDB, //
};
use std::time::{
    Duration,
    Instant, //
};
use vm_map_sync_tests::{
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    place,
    spare::{
        Site,
        Spare, //
    },
};

/// The flushes of so many commits, and the time that they take.
fn measure(commits: usize, preloaded: bool) -> Result<(u64, Duration), Failure> {
    let spare = Spare::new(
        64,
        &[
            ("cache_size", "64"),
            ("irqmode", "2"),
            ("completion_nsec", "100000"),
        ],
    )?;
    let site = Site::new(spare.device())?;
    site.settle();
    let disk = place::disk()?;
    let mut command = LMDB.command("commit", site.directory())?;
    command.arg(commits.to_string());
    if !preloaded {
        command.env_remove("LD_PRELOAD");
    }
    let mut running = Running::new(&mut command)?;
    running.expect("ready")?;
    let (before, began) = (disk.counters()?.flushes, Instant::now());
    running.go_on()?;
    running.expect("committed")?;
    let (flushes, time) = (disk.counters()?.flushes - before, began.elapsed());
    assert_eq!(running.calls()? != 0, preloaded);
    Ok((flushes, time))
}

/// LMDB has one mapping, so there is nothing to be saved; and nothing is to be lost.
pub fn lmdb_flushes() -> Verdict {
    let commits = fewer(100);
    let [(kernels, before), (ours, now)] = [measure(commits, false)?, measure(commits, true)?];
    println!("# {commits} commits of LMDB: {kernels} flushes in {before:?} by msync, {ours} in {now:?} by vm_map_sync");
    assert_eq!(ours, kernels);
    Ok(())
}
