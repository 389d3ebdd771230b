// SPDX-License-Identifier: GPL-2.0

//! A caller that is killed while a slow disk is at it: gone at once, and nothing hangs afterwards.

use nix::sys::{
    signal::Signal,
    wait::WaitStatus, //
};
use std::{
    fs::File,
    thread,
    time::{
        Duration,
        Instant, //
    },
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
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
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

/// What a disk has to write, in pages.
const PAGES: usize = 32768;
/// Megabytes in a second: so that all of it takes 8 seconds, ...
const SLOW: &str = "16";
/// ... and so that what is in the queue of the disk alone takes longer than anybody may.
const SLOWER: &str = "4";

const PATIENCE: Duration = Duration::from_secs(2);

/// A slow disk with a file system on it.
struct Slow {
    site: Site,
    spare: Spare,
}

impl Slow {
    fn new(speed: &str) -> Result<Self, Failure> {
        // A request has to fit into a 50th of a second.
        // With much more space than what is dirty, which the file system then leaves alone.
        let spare = Spare::new(1024, &[("mbps", speed), ("max_sectors", "64")])?;
        Ok(Self {
            // A commit waits for the data of all new blocks then.
            site: Site::with(spare.device(), &["-J", "size=4"], "dioread_lock")?,
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

    /// Waits until the disk has begun to write.
    fn wait_for_writes(&self, more: u64) -> Verdict {
        let disk = Disk::open(self.spare.device())?;
        let before = disk.counters()?.writes;
        for _ in 0..3000 {
            if disk.counters()?.writes >= before + more {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(Failure::Failed("the disk writes nothing".into()))
    }

    /// Asserts that all is well: a new file can be written, synced and freed.
    fn assert_well(&self, name: &str) -> Verdict {
        let (file, mapping) = self.file(name, 4)?;
        mapping.fill(1, 0..4);
        let map = Map::open()?;
        check::succeeds(&map, mapping.all(), BOTH, check::counts(4, 4));
        assert_eq!(Cached::of(&file, 0..4)?.resident, 0);
        mapping.assert_has(1, 0..4);
        assert!(mapping.read(2) == pattern(1, 2));
        Ok(())
    }
}

/// Kills a child and asserts that it is gone soon.
fn kill(mut child: Child) -> Verdict {
    let begun = Instant::now();
    child.kill()?;
    let status = child.wait(Duration::from_secs(30))?;
    let took = begun.elapsed();
    match status {
        WaitStatus::Signaled(_, Signal::SIGKILL, _) => {}
        status => return Err(Failure::Failed(format!("it was not killed: {status:?}"))),
    }
    assert!(took < PATIENCE, "it took {took:?} until it was gone");
    Ok(())
}

fn killed_in(flags: Flags) -> Verdict {
    let slow = Slow::new(SLOW)?;
    {
        let (file, mapping) = slow.file("big", PAGES)?;
        let (ours, theirs) = Line::pair()?;
        let range = mapping.all();
        let child = Child::spawn(|| {
            for page in 0..PAGES {
                mapping.poke(page, 1);
            }
            let map = Map::open()?;
            theirs.send(0)?;
            let answer = map.sync(range, flags);
            Err(Failure::Failed(format!("it came back: {answer:?}")))
        })?;
        ours.receive()?;
        slow.wait_for_writes(64)?;
        thread::sleep(Duration::from_secs(1));
        kill(child)?;
        let cached = Cached::of(&file, 0..PAGES)?;
        assert!(
            cached.dirty + cached.writeback > 0,
            "the disk was not slow enough: {cached:?}"
        );
        // Gives up what is still to be written.
        file.set_len(0)?;
    }
    slow.assert_well("small")
}

pub fn killed_in_syncio() -> Verdict {
    killed_in(Flags::SYNCIO)
}

pub fn killed_in_invalidate() -> Verdict {
    killed_in(Flags::INVALIDATE)
}

pub fn killed_in_both() -> Verdict {
    killed_in(BOTH)
}

/// Kills a caller whose own pages, in `names`, are few, and whose commit has to wait for those of
/// somebody else in the same transaction of the journal.
fn killed_behind(names: &'static [&'static str]) -> Verdict {
    let slow = Slow::new(SLOWER)?;
    {
        let (file, mapping) = slow.file("big", PAGES)?;
        for page in 0..PAGES {
            mapping.poke(page, 1);
        }
        let few = Mapping::reserve(4 * names.len())?;
        let mut files = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let (small, _) = slow.file(name, 4)?;
            few.map(4 * index..4 * index + 4, &small, 0, Share::Shared)?;
            files.push(small);
        }
        // The big file is on its way.
        let map = Map::open()?;
        let writer = Child::spawn(|| {
            let _ = map.sync(mapping.all(), Flags::empty());
            Ok(())
        })?;
        slow.wait_for_writes(64)?;
        let (ours, theirs) = Line::pair()?;
        let child = Child::spawn(|| {
            for page in 0..few.pages() {
                few.poke(page, 1);
            }
            let map = Map::open()?;
            theirs.send(0)?;
            let answer = map.sync(few.all(), Flags::SYNCIO);
            Err(Failure::Failed(format!("it came back: {answer:?}")))
        })?;
        ours.receive()?;
        thread::sleep(Duration::from_millis(500));
println!("# {}", std::fs::read_to_string(format!("/proc/{}/stack", child.pid()))?.replace('\n', " "));
        kill(child)?;
        drop(writer);
        file.set_len(0)?;
    }
    slow.assert_well("other")
}

pub fn killed_in_the_commit() -> Verdict {
    killed_behind(&["one"])
}

pub fn killed_in_two_commits() -> Verdict {
    killed_behind(&["one", "two"])
}
