// SPDX-License-Identifier: GPL-2.0

//! Disks that are full: the file system below believes in more space than there is, as on a thin
//! volume, so that it shows only when something is written.

use crate::scene::fails;
use nix::{
    errno::Errno,
    mount::{
        mount,
        umount,
        MsFlags, //
    }, //
};
use std::{
    env,
    fs::{
        self,
        File, //
    },
    io::Write,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command, //
    },
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

const LOOP_SET_FD: libc::Ioctl = 0x4c00;
const LOOP_CLR_FD: libc::Ioctl = 0x4c01;
const LOOP_CTL_GET_FREE: libc::Ioctl = 0x4c82;

/// A disk of 64 MB that has room for 16.
struct Thin {
    directory: PathBuf,
    image: File,
    disk: File,
    device: PathBuf,
}

impl Thin {
    fn new() -> Result<Self, Failure> {
        let _ = Command::new("modprobe").arg("loop").output();
        let Ok(control) = File::open("/dev/loop-control") else {
            return Err(Failure::skip("no loop devices"));
        };
        let directory = env::temp_dir().join(format!("thin-{}", process::id()));
        fs::create_dir(&directory)?;
        mount(
            None::<&str>,
            &directory,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=16m"),
        )?;
        let image = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(directory.join("image"))?;
        image.set_len(64 << 20)?;
        // SAFETY: The call takes no argument.
        let free = unsafe { libc::ioctl(control.as_raw_fd(), LOOP_CTL_GET_FREE) };
        let device = PathBuf::from(format!("/dev/loop{}", Errno::result(free)?));
        let disk = File::options().read(true).write(true).open(&device)?;
        // SAFETY: The call takes a number.
        let code = unsafe { libc::ioctl(disk.as_raw_fd(), LOOP_SET_FD, image.as_raw_fd()) };
        Errno::result(code)?;
        Ok(Self {
            directory,
            image,
            disk,
            device,
        })
    }

    /// Uses up all the room.
    fn fill(&self) -> Verdict {
        let mut filler = File::create(self.filler())?;
        let zeros = vec![0; PAGE];
        while filler.write(&zeros).is_ok_and(|length| length > 0) {}
        Ok(())
    }

    /// Gives the room back.
    fn relieve(&self) -> Verdict {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.directory.join("filler")
    }

    /// Forgets what it has at byte `offset`.
    fn punch(&self, offset: u64) -> Verdict {
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: The call takes numbers only.
        let code =
            unsafe { libc::fallocate(self.image.as_raw_fd(), mode, offset as i64, PAGE as i64) };
        Errno::result(code)?;
        Ok(())
    }
}

impl Drop for Thin {
    fn drop(&mut self) {
        // SAFETY: The call takes no argument.
        unsafe { libc::ioctl(self.disk.as_raw_fd(), LOOP_CLR_FD) };
        let _ = umount_lazily(&self.directory);
        let _ = fs::remove_dir(&self.directory);
    }
}

fn umount_lazily(directory: &Path) -> nix::Result<()> {
    nix::mount::umount2(directory, nix::mount::MntFlags::MNT_DETACH).or_else(|_| umount(directory))
}

const PAGES: usize = 16;
const DIRTY: [usize; 4] = [1, 2, 7, 12];
/// Those of them that there is no room for.
const HOMELESS: [usize; 2] = [7, 12];

pub fn full_disk() -> Verdict {
    for flags in [Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let thin = Thin::new()?;
        let site = Site::new(&thin.device)?;
        let good = TestFile::new(PAGES)?;
        site.settle();
        let file = TestFile::new(PAGES)?;
        let extents = Extents::of(file.file())?;
        for page in HOMELESS {
            thin.punch(extents.locate(page)?)?;
        }
        thin.fill()?;

        let map = Map::open()?;
        let mapping = Mapping::reserve(2 * PAGES)?;
        mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
        mapping.map(PAGES..2 * PAGES, good.file(), 0, Share::Shared)?;
        mapping.fill(1, DIRTY);
        good.map()?.fill(1, DIRTY);
        let pages = |count: usize| match flags.contains(Flags::INVALIDATE) {
            true => count as u64,
            false => 0,
        };
        let want = Counts {
            pushed: 2 * DIRTY.len() as u64,
            freed: pages(PAGES),
            left: pages(PAGES),
            ..Counts::default()
        };
        let place = mapping.address(0)..=mapping.address(HOMELESS[0]);
        fails(&map, mapping.all(), flags, libc::ENOSPC, want, &place);
        good.assert_on_disk(1, DIRTY);
        assert_eq!(file.cached()?.resident, PAGES as u64);
        mapping.assert_has(1, DIRTY);
        if flags.contains(Flags::SYNCIO) {
            file.file().sync_all()?;
        } else {
            let errno = file.file().sync_all().err().and_then(|e| e.raw_os_error());
            assert_eq!(errno, Some(libc::ENOSPC));
        }

        thin.relieve()?;
        mapping.fill(2, HOMELESS);
        let all = PAGES as u64;
        let range = mapping.range(0..PAGES);
        check::succeeds(&map, range, BOTH, check::counts(HOMELESS.len() as u64, all));
        file.assert_on_disk(2, HOMELESS);
        mapping.assert_has(2, HOMELESS);
    }
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
    let map = Map::open()?;
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
    let outcome = check::succeeds_somehow(&map, mapping.all(), BOTH);
    assert_eq!((outcome.pushed, outcome.left), (dirty, 0));
    mapping.assert_has(2, DIRTY);
    let (disk, extents) = (Disk::open(&thin.device)?, Extents::of(&file)?);
    for page in DIRTY {
        assert!(disk.page(extents.locate(page)?)? == pattern(2, page));
    }
    Ok(())
}
