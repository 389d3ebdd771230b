// SPDX-License-Identifier: GPL-2.0

//! A caller that is killed while a slow disk is at it: gone long before the disk is done, and nothing hangs
//! afterwards.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        self,
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
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    pattern,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

/// What a disk has to write at first, in pages: 128 MiB.
const PAGES: usize = 32768;
/// What is written to a file at once, in pages.
const BLOCK: usize = 256;
/// How many megabytes it writes in a second: all of it takes half a minute.
const SPEED: usize = 5;

/// A slow disk with a file system on it.
struct Slow {
    site: Site,
    spare: Spare,
}

impl Slow {
    /// With room for so many dirty pages, and much more, so that the file system leaves them alone.
    fn new(pages: usize) -> Result<Self, Failure> {
        let megabytes = 1024 + pages * PAGE / (1 << 20);
        // A request has to fit into a 50th of a second.
        let speed = fewer(SPEED).to_string();
        let spare = Spare::new(megabytes, &[("mbps", &speed), ("max_sectors", "32")])?;
        Ok(Self {
            site: Site::new(spare.device())?,
            spare,
        })
    }

    /// A new file with nothing in it.
    fn file(&self, name: &str, pages: usize) -> Result<(File, Mapping), Failure> {
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.site.directory().join(name))?;
        file.set_len((pages * PAGE) as u64)?;
        let mapping = Mapping::reserve(pages)?;
        mapping.map(0..pages, &file, 0, Share::Shared)?;
        Ok((file, mapping))
    }

    /// Waits until the disk has written so many pages.
    fn wait_for_writes(&self, pages: usize) -> Verdict {
        let disk = Disk::open(self.spare.device())?;
        // At 16 KiB each.
        let enough = disk.counters()?.writes + (pages * PAGE / (16 << 10)) as u64;
        wait_until("written", || {
            io::Result::Ok(disk.counters()?.writes >= enough)
        })
    }

    /// Asserts that all is well: a new file can be written, synced and freed.
    fn assert_well(&self, name: &str) -> Verdict {
        let (file, mapping) = self.file(name, 4)?;
        mapping.fill(1, 0..4);
        let map = Map::current()?;
        check::succeeds(&map, mapping.all(), BOTH, check::counts(4, 4));
        assert_eq!(Cached::of(&file, 0..4)?.resident, 0);
        mapping.assert_has(1, 0..4);
        assert!(mapping.read(2) == pattern(1, 2));
        Ok(())
    }
}

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
            let block = vec![1; BLOCK * PAGE];
            for page in (0..pages).step_by(BLOCK * step) {
                file.write_all_at(&block, (page * PAGE) as u64)?;
            }
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
