// SPDX-License-Identifier: GPL-2.0

//! Devices that fail altogether, with the journal of the file system, and come back.

use crate::scene::fails;
use std::fs::File;
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    disk::{
        Disk,
        Extents, //
    },
    file::TestFile,
    harness::Verdict,
    mapper::Mapper,
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    residency::Cached,
    spare::{
        Site,
        Spare, //
    }, //
};

const MEGABYTES: usize = 32;
const PAGES: usize = 8;
const DIRTY: [usize; 3] = [0, 3, 7];

/// Files on a device that then becomes a `kind` with `options`, and what is left of them.
fn fail_and_come_back(kind: &str, options: &str) -> Verdict {
    let spare = Spare::new(MEGABYTES, &[])?;
    let disk = format!("{} 0", spare.device().display());
    let mapper = Mapper::new(MEGABYTES, "linear", &disk)?;
    let site = Site::new(mapper.device())?;
    let good = TestFile::new(PAGES)?;
    let path = site.directory().join("file");
    let map = Map::current()?;
    site.settle();
    for (version, flags) in (1..).zip([Flags::INVALIDATE, BOTH]) {
        {
            let bad = TestFile::new(PAGES)?;
            let mapping = Mapping::reserve(2 * PAGES)?;
            mapping.map(0..PAGES, bad.file(), 0, Share::Shared)?;
            mapping.map(PAGES..2 * PAGES, good.file(), 0, Share::Shared)?;
            mapping.fill(version, DIRTY);
            let of_good = good.map()?;
            of_good.touch(0..PAGES);
            of_good.fill(version, DIRTY);

            let parameters = format!("{disk} {options}");
            let parameters = if options.is_empty() { "" } else { &parameters };
            mapper.become_target(kind, parameters)?;
            let want = Counts {
                pushed: 2 * DIRTY.len() as u64,
                freed: PAGES as u64,
                left: PAGES as u64,
                ..Counts::default()
            };
            let place = mapping.address(0)..=mapping.address(0);
            fails(&map, mapping.all(), flags, libc::EIO, want, &place);
            good.assert_on_disk(version, DIRTY);
            assert_eq!(good.picture(0..PAGES)?, "........");
            let cached = Cached::of(bad.file(), 0..PAGES)?;
            assert_eq!(cached.resident, PAGES as u64, "failed pages are gone");
            mapping.assert_has(version, DIRTY);
            mapper.become_target("linear", &disk)?;
        }
        // A journal that was aborted stays so until the file system is mounted anew.
        site.remount()?;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        file.set_len(vm_map_sync_tests::PAGE as u64)?;
        let mapping = Mapping::reserve(1)?;
        mapping.map(0..1, &file, 0, Share::Shared)?;
        mapping.fill(version, [0]);
        check::succeeds(&map, mapping.all(), BOTH, check::counts(1, 1));
        let offset = Extents::of(&file)?.locate(0)?;
        assert!(Disk::open(spare.device())?.page(offset)? == pattern(version, 0));
    }
    Ok(())
}

pub fn device_that_fails() -> Verdict {
    fail_and_come_back("error", "")
}

pub fn device_that_fails_writes() -> Verdict {
    fail_and_come_back("flakey", "0 100 1 error_writes")
}

/// A disk that does not have what it was given until a second later: only who waits finds it there.
pub fn late_disk() -> Verdict {
    const LATE: usize = 3;

    let spare = Spare::new(MEGABYTES, &[])?;
    let disk = format!("{} 0", spare.device().display());
    let mapper = Mapper::new(MEGABYTES, "linear", &disk)?;
    let site = Site::new(mapper.device())?;
    site.settle();
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let page = Extents::of(file.file())?.locate(LATE)?;
    let below = Disk::open(spare.device())?;
    for (version, flags) in (1..).zip([Flags::SYNCIO, Flags::INVALIDATE, BOTH]) {
        // Not the first page, which a commit would wait for.
        mapping.fill(version, [LATE]);
        mapper.become_target("delay", &format!("{disk} 0 {disk} 1000 {disk} 0"))?;
        check::succeeds_somehow(&map, mapping.all(), flags);
        let found = below.page(page)?;
        mapper.become_target("linear", &disk)?;
        assert!(found == pattern(version, LATE), "{flags:?} did not wait");
    }
    Ok(())
}
