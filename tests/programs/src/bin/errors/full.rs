// SPDX-License-Identifier: GPL-2.0

//! Disks that are full: the file system below believes in more space than there is, as on a thin
//! volume, so that it shows only when something is written.

use crate::{
    scene::{
        counts,
        fails, //
    },
    thin::Thin,
};
use std::{
    fs::File,
    os::unix::fs::FileExt, //
};
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
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    residency::Cached,
    spare::Site,
    PAGE, //
};

const PAGES: usize = 16;
const DIRTY: [usize; 4] = [1, 2, 7, 12];
/// Those of them that there is no room for.
const HOMELESS: [usize; 2] = [7, 12];

/// A thin disk that is full, with files on it and elsewhere.
struct Scene {
    map: Map,
    /// The file on the full disk, and behind it the other one.
    mapping: Mapping,
    file: TestFile,
    good: TestFile,
    _site: Site,
    thin: Thin,
}

impl Scene {
    /// With version 1 in the [`DIRTY`] pages of both files, not yet written.
    fn new() -> Result<Self, Failure> {
        let thin = Thin::new()?;
        // The journal has its room from the beginning.
        let options = ["-J", "size=4", "-E", "nodiscard,lazy_journal_init=0"];
        let site = Site::with(&thin.device, &options, "commit=600")?;
        let good = TestFile::new(PAGES)?;
        site.settle();
        let file = TestFile::new(PAGES)?;
        let extents = Extents::of(file.file())?;
        for page in HOMELESS {
            thin.punch(extents.locate(page)?)?;
        }
        thin.fill()?;
        let mapping = Mapping::reserve(2 * PAGES)?;
        mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
        mapping.map(PAGES..2 * PAGES, good.file(), 0, Share::Shared)?;
        mapping.fill(1, DIRTY);
        good.map()?.fill(1, DIRTY);
        Ok(Self {
            map: Map::current()?,
            mapping,
            file,
            good,
            _site: site,
            thin,
        })
    }

    /// Asserts that a call on both files fails for want of room, and did the rest.
    #[track_caller]
    fn fails(&self, flags: Flags) {
        let pages = match flags.contains(Flags::INVALIDATE) {
            true => PAGES as u64,
            false => 0,
        };
        let want = Counts {
            pushed: 2 * DIRTY.len() as u64,
            freed: pages,
            left: pages,
            ..Counts::default()
        };
        let place = self.mapping.address(0)..=self.mapping.address(HOMELESS[0]);
        let all = self.mapping.all();
        fails(&self.map, all, flags, libc::ENOSPC, want, &place);
        self.good.assert_on_disk(1, DIRTY);
        self.assert_kept();
    }

    /// Asserts that what there was no room for is cached still.
    #[track_caller]
    fn assert_kept(&self) {
        let cached = self.file.cached().expect("cachestat works");
        assert_eq!(cached.resident, PAGES as u64);
        self.mapping.assert_has(1, DIRTY);
    }
}

pub fn full_disk() -> Verdict {
    for flags in [Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let scene = Scene::new()?;
        scene.fails(flags);
        let file = scene.file.file();
        let errno = file.sync_all().err().and_then(|error| error.raw_os_error());
        let told = flags.contains(Flags::SYNCIO);
        assert_eq!(errno, if told { None } else { Some(libc::ENOSPC) });

        scene.thin.relieve()?;
        let mapping = &scene.mapping;
        mapping.fill(2, HOMELESS);
        let want = check::counts(HOMELESS.len() as u64, PAGES as u64);
        let flags = BOTH | Flags::FORGET_ERRORS;
        check::succeeds(&scene.map, mapping.range(0..PAGES), flags, want);
        scene.file.assert_on_disk(2, HOMELESS);
        mapping.assert_has(2, HOMELESS);
    }
    Ok(())
}

/// Room that is made does not write what failed for want of it: to call again is no way to get that
/// written, so the only copy must not go.
pub fn room_that_is_made() -> Verdict {
    let scene = Scene::new()?;
    scene.fails(BOTH);
    scene.thin.relieve()?;

    let (map, range) = (&scene.map, scene.mapping.range(0..PAGES));
    check::succeeds(map, range.clone(), Flags::SYNCIO, check::counts(0, 0));
    let want = counts(0, PAGES as u64);
    for flags in [BOTH, Flags::INVALIDATE, BOTH] {
        check::unwritten(map, range.clone(), flags, libc::ENOSPC, want, range.start);
        scene.assert_kept();
    }
    // What did not fail is on the disk, and what did fail is not.
    for page in DIRTY {
        let version = u64::from(!HOMELESS.contains(&page));
        assert_eq!(
            scene.file.on_disk(page)? == pattern(1, page),
            version == 1,
            "page {page}"
        );
    }

    // A careful program writes it anew.
    scene.mapping.fill(1, HOMELESS);
    check::succeeds(map, range.clone(), Flags::SYNCIO, check::counts(2, 0));
    scene.file.assert_on_disk(1, DIRTY);
    let flags = Flags::INVALIDATE | Flags::FORGET_ERRORS;
    check::succeeds(map, range, flags, check::counts(0, PAGES as u64));
    scene.mapping.assert_has(1, DIRTY);
    Ok(())
}

pub fn full_disk_with_delayed_allocation() -> Verdict {
    let thin = Thin::new()?;
    // Without a journal all that is written before the disk is full has its room by then.
    let site = Site::with(&thin.device, &["-O", "^has_journal"], "")?;
    let path = site.directory().join("file");
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)?;
    file.set_len((PAGES * PAGE) as u64)?;
    file.sync_all()?;
    let map = Map::current()?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::Shared)?;
    thin.fill()?;

    // The file system has space for them, and puts off where.
    mapping.fill(1, DIRTY[..2].iter().copied());
    for page in &DIRTY[2..] {
        file.write_all_at(&pattern(1, *page), (page * PAGE) as u64)?;
    }
    let dirty = DIRTY.len() as u64;
    let before = Cached::of(&file, 0..PAGES)?;
    assert_eq!(before.dirty, dirty);
    let want = Counts {
        pushed: dirty,
        left: before.resident,
        ..Counts::default()
    };
    let place = mapping.address(0)..=mapping.address(DIRTY[0]);
    fails(&map, mapping.all(), BOTH, libc::ENOSPC, want, &place);
    assert_eq!(Cached::of(&file, 0..PAGES)?.resident, before.resident);
    mapping.assert_has(1, DIRTY);

    // From the start, since ext4 takes what it allocated for written by now, but not for valid.
    thin.relieve()?;
    file.set_len(0)?;
    file.set_len((PAGES * PAGE) as u64)?;
    mapping.fill(2, DIRTY);
    let outcome = check::succeeds_somehow(&map, mapping.all(), BOTH | Flags::FORGET_ERRORS);
    assert_eq!((outcome.pushed, outcome.left), (dirty, 0));
    mapping.assert_has(2, DIRTY);
    let (disk, extents) = (Disk::open(&thin.device)?, Extents::of(&file)?);
    for page in DIRTY {
        assert!(disk.page(extents.locate(page)?)? == pattern(2, page));
    }
    Ok(())
}
