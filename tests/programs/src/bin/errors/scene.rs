// SPDX-License-Identifier: GPL-2.0

//! The scene: two files side by side in one range, and a page of the second that its disk does not
//! take.

use std::{
    fs::File,
    io,
    ops::{
        Range,
        RangeInclusive, //
    },
    path::Path, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        assert_fault,
        Counts, //
    },
    disk::Extents,
    file::TestFile,
    harness::Failure,
    mapping::{
        Mapping,
        Share, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

/// The pages of the mapping that are those of the good file, and of the bad one.
pub const GOOD: Range<usize> = 0..8;
pub const BAD: Range<usize> = 8..24;
/// The page of the bad file that cannot be written.
pub const BROKEN: usize = 5;

/// What is written to, by the pages of the files.
pub const GOOD_DIRTY: [usize; 2] = [1, 6];
pub const BAD_DIRTY: [usize; 3] = [2, BROKEN, 9];
pub const DIRTY: u64 = (GOOD_DIRTY.len() + BAD_DIRTY.len()) as u64;

/// What a call on the bad file has to push, and to leave.
pub const PUSHED: u64 = BAD_DIRTY.len() as u64;
pub const LEFT: u64 = (BAD.end - BAD.start) as u64;

/// Counts of a call that frees nothing.
pub fn counts(pushed: u64, left: u64) -> Counts {
    Counts {
        pushed,
        left,
        ..Counts::default()
    }
}

pub struct Scene {
    pub map: Map,
    pub mapping: Mapping,
    pub good: TestFile,
    pub bad: TestFile,
    share: Share,
    ground: Ground,
}

/// The file system that the bad file is on, and its disk.
struct Ground {
    _site: Site,
    spare: Spare,
}

/// A file system for the bad file: how many megabytes it needs, and how it is made.
pub type Kind = (usize, fn(&Path) -> Result<Site, Failure>);

/// Those that have ways of their own to write, to fail and to commit.
pub const KINDS: [Kind; 3] = [
    (32, Site::new),
    (32, Site::xfs),
    // In place, so that it is known where it will be written to.
    (128, |device| Site::btrfs(device, "nodatacow,commit=600")),
];

impl Scene {
    /// All of it, with nothing dirty.
    pub fn new(share: Share) -> Result<Self, Failure> {
        Self::on(KINDS[0], share)
    }

    /// The same, with the bad file on another kind of file system.
    pub fn on((megabytes, site): Kind, share: Share) -> Result<Self, Failure> {
        let spare = Spare::new(megabytes, &[])?;
        let site = site(spare.device())?;
        let good = TestFile::new(GOOD.len())?;
        site.settle();
        Self::with(Ground { _site: site, spare }, good, share)
    }

    /// The same again, with a new bad file, of which nobody has been told anything yet.
    pub fn anew(self) -> Result<Self, Failure> {
        // Its place is anybody's.
        self.mend()?;
        let Self {
            good,
            share,
            ground,
            ..
        } = self;
        Self::with(ground, good, share)
    }

    fn with(ground: Ground, good: TestFile, share: Share) -> Result<Self, Failure> {
        let bad = TestFile::new(BAD.len())?;
        let mapping = Mapping::reserve(BAD.end)?;
        mapping.map(GOOD, good.file(), 0, share)?;
        mapping.map(BAD, bad.file(), 0, share)?;
        let broken = Extents::of(bad.file())?.locate(BROKEN)?;
        ground.spare.break_page(broken)?;
        Ok(Self {
            map: Map::current()?,
            mapping,
            good,
            bad,
            share,
            ground,
        })
    }

    /// The same, with the pages of both files dirty, to become version 1.
    pub fn dirty(share: Share) -> Result<Self, Failure> {
        let scene = Self::new(share)?;
        let good = scene.good.map()?;
        good.fill(1, GOOD_DIRTY);
        scene.soil()?;
        Ok(scene)
    }

    /// Makes the pages of the bad file dirty.
    pub fn soil(&self) -> Result<(), Failure> {
        let bad = self.bad.map()?;
        bad.fill(1, BAD_DIRTY);
        Ok(())
    }

    /// Lets the disk take the broken page again.
    pub fn mend(&self) -> Result<(), Failure> {
        let offset = Extents::of(self.bad.file())?.locate(BROKEN)?;
        Ok(self.ground.spare.mend_page(offset)?)
    }

    /// Another descriptor of the bad file, with a cursor of its own.
    pub fn another(&self) -> io::Result<File> {
        File::options().read(true).write(true).open(self.bad.path())
    }

    /// The addresses of the bad file.
    pub fn bad_range(&self) -> Range<usize> {
        self.mapping.range(BAD)
    }

    /// Asserts that a call on `range`, where the bad file is mapped from the start, fails with `EIO`.
    #[track_caller]
    pub fn fails_in(&self, range: Range<usize>, flags: Flags, want: Counts) {
        let place = range.start..=range.start + BROKEN * PAGE;
        fails(&self.map, range, flags, libc::EIO, want, &place);
    }

    /// Asserts that a call on all fails with `EIO` in the bad file.
    #[track_caller]
    pub fn fails(&self, flags: Flags, want: Counts) {
        let place = self.mapping.address(BAD.start)..=self.mapping.address(BAD.start + BROKEN);
        let range = self.mapping.all();
        fails(&self.map, range, flags, libc::EIO, want, &place);
    }

    /// Asserts that the bad file is in the page cache with all that was written to it, and that
    /// nothing of it is waiting to be written.
    #[track_caller]
    pub fn assert_kept(&self) {
        let picture = self.bad.picture(0..BAD.len()).expect("cachestat works");
        assert_eq!(picture, "C".repeat(BAD.len()));
        let resident = self.mapping.resident(BAD).expect("mincore works");
        assert!(resident.into_iter().all(|is| is), "mincore has it gone");
        let bad = self.bad.map().expect("the file can be mapped");
        bad.assert_has(1, BAD_DIRTY);
        bad.assert_has(0, (0..BAD.len()).filter(|page| !BAD_DIRTY.contains(page)));
    }
}

/// Asserts what an `fsync()` returns: `EIO` if the file was not told yet.
#[track_caller]
pub fn assert_told(file: &File, told: bool) {
    let errno = file.sync_all().err().and_then(|error| error.raw_os_error());
    assert_eq!(errno, if told { None } else { Some(libc::EIO) });
}

/// Asserts that a call fails with `errno` of a write at an address in `place`, and did the rest up
/// to the end of the range.
#[track_caller]
pub fn fails(
    map: &Map,
    range: Range<usize>,
    flags: Flags,
    errno: i32,
    want: Counts,
    place: &RangeInclusive<usize>,
) {
    let fault = match map.sync(range.clone(), flags) {
        Err(SyncError::Failed(fault)) => fault,
        other => panic!("did not fail: {other:?}"),
    };
    let address = fault.address as usize;
    assert_fault(&fault, (Reason::Io, errno), address);
    assert_eq!(fault.outcome.done, range.end as u64);
    assert_eq!(Counts::from(fault.outcome), want);
    assert!(
        place.contains(&address),
        "address {address:#x} is not in {place:x?}"
    );
}
