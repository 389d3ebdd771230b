// SPDX-License-Identifier: GPL-2.0

//! Vectors: as many files as a call can have ranges, with few flushes for all of them.

use nix::sys::resource::{
    getrlimit,
    setrlimit,
    Resource, //
};
use std::{
    fs::File,
    os::{
        fd::AsFd,
        unix::fs::FileExt, //
    },
    time::Duration,
};
use vm_map_sync::{
    Flags,
    Map,
    Target,
    RANGES_MAX, //
};
use vm_map_sync_tests::{
    disk::Disk,
    harness::{
        patience,
        Failure,
        Verdict, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE,
};

/// 1,024 dirty files of a file system, whose commits take 16 flushes at the most, where `fdatasync()` of
/// one after the other takes at least one for each.
fn shares_flushes(site: impl FnOnce(&Spare) -> Result<Site, Failure>) -> Verdict {
    const FLUSHES: u64 = RANGES_MAX as u64 / 64;
    /// How long a flush takes: longer than the processors take until the next ones who want one have come.
    const FLUSH: Duration = Duration::from_millis(20);

    let flush = patience(FLUSH).as_nanos().to_string();
    let slow = [
        ("irqmode", "2"),
        ("completion_nsec", flush.as_str()),
        ("cache_size", "64"),
        ("hw_queue_depth", "1024"),
    ];
    let spare = Spare::new(512, &slow)?;
    let site = site(&spare)?;
    // All of the files are open at once.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let mut files = Vec::new();
    for number in 0..RANGES_MAX {
        files.push(File::create(site.directory().join(number.to_string()))?);
    }
    let targets: Vec<_> = files
        .iter()
        .map(|file| Target::file(file.as_fd(), ..))
        .collect();
    let map = Map::current()?;
    let disk = Disk::open(spare.device())?;
    // The file system commits now and then by itself: not in all of the rounds.
    let mut least = u64::MAX;
    for round in 0..5 {
        for file in &files {
            file.write_all_at(&[round; PAGE], 0)?;
        }
        let before = disk.counters()?.flushes;
        let done = map.sync_vectored(&targets, Flags::SYNCIO)?;
        least = least.min(disk.counters()?.flushes - before);
        assert_eq!(done.all.pushed, RANGES_MAX as u64);
        if least <= FLUSHES {
            break;
        }
    }
    println!("# {least} flushes for {RANGES_MAX} files");
    assert!((1..=FLUSHES).contains(&least), "{least} flushes");
    drop(targets);
    drop((files, disk));
    drop(site);
    Ok(())
}

/// Of an ext4.
pub fn vector_of_1024_files_on_ext4() -> Verdict {
    shares_flushes(|spare| Site::with(spare.device(), &["-J", "size=16"], "commit=600"))
}

/// Of an xfs.
pub fn vector_of_1024_files_on_xfs() -> Verdict {
    shares_flushes(|spare| Site::xfs(spare.device()))
}
