// SPDX-License-Identifier: GPL-2.0

//! Slow disks, which a call or a request can be given up on while they write.

use crate::{
    check::{
        self,
        BOTH, //
    },
    disk::Disk,
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
    residency::Cached,
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};
use std::{
    fs::File,
    io,
    os::unix::fs::FileExt, //
};
use vm_map_sync::Map;

/// What is written to a file at once, in pages.
const BLOCK: usize = 256;
/// How many megabytes it writes in a second: all of it takes half a minute.
const SPEED: usize = 5;

/// A slow disk with a file system on it.
pub struct Slow {
    site: Site,
    spare: Spare,
}

impl Slow {
    /// With room for so many dirty pages, and much more, so that the file system leaves them alone.
    pub fn new(pages: usize) -> Result<Self, Failure> {
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
    pub fn file(&self, name: &str, pages: usize) -> Result<(File, Mapping), Failure> {
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
    pub fn wait_for_writes(&self, pages: usize) -> Verdict {
        let disk = Disk::open(self.spare.device())?;
        // At 16 KiB each.
        let enough = disk.counters()?.writes + (pages * PAGE / (16 << 10)) as u64;
        wait_until("written", || {
            io::Result::Ok(disk.counters()?.writes >= enough)
        })
    }

    /// Asserts that all is well: a new file can be written, synced and freed.
    pub fn assert_well(&self, name: &str) -> Verdict {
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

/// Makes every `step`th of so many pages of a file dirty, in blocks.
pub fn soil(file: &File, pages: usize, step: usize) -> io::Result<()> {
    let block = vec![1; BLOCK * PAGE];
    for page in (0..pages).step_by(BLOCK * step) {
        file.write_all_at(&block, (page * PAGE) as u64)?;
    }
    Ok(())
}
