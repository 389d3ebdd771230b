// SPDX-License-Identifier: GPL-2.0

//! A caller that is killed while a slow disk is at it: gone long before the disk is done, and nothing hangs
//! afterwards.

use std::io;
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        self,
        BOTH, //
    },
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
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    slow::{
        self,
        Slow, //
    },
    spare::Site, //
};

/// What a disk has to write at first, in pages: 128 MiB.
const PAGES: usize = 32768;

/// Kills a caller whose range has many dirty pages, with `step` times as many pages in all.
fn killed_in(flags: Flags, step: usize) -> Verdict {
    let dirty = fewer(PAGES);
    let slow = Slow::new(dirty)?;
    {
        let pages = dirty * step;
        let (file, mapping) = slow.file("big", pages)?;
        let (ours, theirs) = Line::pair()?;
        let range = mapping.all();
        let child = Child::spawn(|| {
            slow::soil(&file, pages, step)?;
            let map = Map::current()?;
            theirs.send(0)?;
            let answer = map.sync(range, flags);
            Err(Failure::Failed(format!("it came back: {answer:?}")))
        })?;
        ours.receive()?;
        slow.wait_for_writes(dirty / 16)?;
        child.die()?;
        let cached = Cached::of(&file, 0..pages)?;
        // Gives up what is still to be written.
        file.set_len(0)?;
        assert!(
            cached.dirty + cached.writeback > dirty as u64 / 2,
            "it was gone when most was written: {cached:?}"
        );
    }
    slow.assert_well("small")
}

pub fn killed_in_syncio() -> Verdict {
    killed_in(Flags::SYNCIO, 1)
}

pub fn killed_in_invalidate() -> Verdict {
    killed_in(Flags::INVALIDATE, 1)
}

pub fn killed_in_both() -> Verdict {
    killed_in(BOTH, 1)
}

/// 4 GiB, of which most is a hole in the file.
pub fn killed_in_four_gigabytes() -> Verdict {
    killed_in(BOTH, (1 << 20) / fewer(PAGES))
}

/// Kills a caller that commits so many files, of so many dirty pages each, on a disk that does not flush
/// its cache.
fn killed_in_commits(count: usize, pages: usize) -> Verdict {
    let gate = Gate::new(32, &[("cache_size", "8")])?;
    let site = Site::new(gate.device())?;
    {
        site.settle();
        let files = (0..count)
            .map(|_| TestFile::new(pages))
            .collect::<Result<Vec<_>, _>>()?;
        let mapping = Mapping::reserve(pages * count)?;
        for (index, file) in files.iter().enumerate() {
            let first = pages * index;
            mapping.map(first..first + pages, file.file(), 0, Share::Shared)?;
        }
        gate.close(Held::Flushes)?;
        let (ours, theirs) = Line::pair()?;
        let child = Child::spawn(|| {
            let map = Map::current()?;
            for page in 0..mapping.pages() {
                mapping.poke(page, 1);
            }
            theirs.send(0)?;
            let answer = map.sync(mapping.all(), Flags::SYNCIO);
            Err(Failure::Failed(format!("it came back: {answer:?}")))
        })?;
        ours.receive()?;
        wait_until("flushed", || io::Result::Ok(gate.held()? > 0))?;
        child.die()?;
        assert!(gate.held()? > 0, "it was gone when the disk had flushed");
        gate.open()?;
        let map = Map::current()?;
        check::succeeds_somehow(&map, mapping.all(), BOTH);
        for page in 0..mapping.pages() {
            assert_eq!(mapping.peek(page), 1, "page {page} was lost");
        }
    }
    site.remount()?;
    Ok(())
}

pub fn killed_in_the_commit() -> Verdict {
    killed_in_commits(1, 2048)
}

pub fn killed_in_several_commits() -> Verdict {
    killed_in_commits(3, 4)
}
