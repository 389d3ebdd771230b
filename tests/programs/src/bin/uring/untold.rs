// SPDX-License-Identifier: GPL-2.0

//! Errors of writes that nobody has been told of: a ring does not pass them over, and a request that is
//! given up does not take them with it.

use super::{
    scene::{
        sorted,
        Scene,
        ALL, //
    },
    small::Small, //
};
use io_uring::opcode::AsyncCancel;
use nix::{
    errno::Errno,
    fcntl::{
        posix_fadvise,
        PosixFadviseAdvice, //
    },
};
use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::fd::AsRawFd, //
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Flags, //
};
use vm_map_sync_tests::{
    disk::{
        Disk,
        Extents, //
    },
    file::TestFile,
    gate::Held,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    raw::{
        self,
        ioctl, //
    },
    ring::{
        command,
        Ring, //
    },
    spare::{
        Site,
        Spare, //
    },
};

/// The number of the request to cancel the other.
const CANCEL: u64 = 99;
const PAGES: usize = 2;

/// How often the module is in use: by open handles, and by helpers that are at work.
fn uses() -> Result<u32, Failure> {
    let text = fs::read_to_string("/sys/module/vm_map_sync/refcnt")?;
    text.trim()
        .parse()
        .map_err(|_| Failure::Failed(format!("the module is in use {text:?} times")))
}

/// Asserts that a file is told of an error, once.
#[track_caller]
fn assert_told_once(file: &File) {
    let told = || file.sync_all().map_err(|error| error.raw_os_error());
    assert_eq!(told(), Err(Some(libc::EIO)), "it was lost");
    assert_eq!(told(), Ok(()));
}

/// Submits a request to commit what is mapped, gives it up when its commits are under way, after `meanwhile`, and
/// lets them end. Its completion has the error of the write, which it has come as far as to see.
fn give_up(scene: &Scene, mapping: &Mapping, meanwhile: impl FnOnce() -> Verdict) -> Verdict {
    let before = uses()?;
    let mut ring = Ring::new()?;
    for page in 0..mapping.pages() {
        mapping.poke(page, 1);
    }
    scene
        .desk
        .put(0, &raw::args(&mapping.all(), Flags::SYNCIO.bits()));
    scene.gate.close(Held::Flushes)?;
    let argument = scene.desk.address(0);
    ring.push(command(&scene.map, uapi::VM_MAP_SYNC_SYNC, argument));
    ring.submit()?;
    scene.wait_until_begun()?;
    meanwhile()?;
    ring.push(AsyncCancel::new(0).build().user_data(CANCEL));
    let all = sorted(ring.wait(2)?);
    assert_eq!(all, [(0, Err(Errno::EIO)), (CANCEL, Err(Errno::EALREADY))]);
    let result = scene.desk.get::<vm_map_sync_args>(0).result;
    assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_IO);
    assert_eq!(result.done, mapping.all().start as u64, "done");
    scene.gate.open()?;
    drop(ring);
    wait_until("left alone", || Ok::<_, Failure>(uses()? == before))
}

/// The helper that commits the file has come to no end when the request is given up.
pub fn a_commit_under_way_leaves_its_error() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let bad = scene.files[1].file();
    scene
        .gate
        .spare()
        .break_page(Extents::of(bad)?.locate(0)?)?;
    give_up(&scene, &scene.mapping, || Ok(()))?;
    assert_told_once(bad);
    assert_eq!(scene.files[0].file().sync_all().ok(), Some(()));
    Ok(())
}

/// It has, and the file was told; others keep the request from its end.
pub fn a_commit_that_is_done_leaves_its_error() -> Verdict {
    let spare = Spare::new(32, &[("cache_size", "8")])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let bad = TestFile::new(PAGES)?;
    spare.break_page(Extents::of(bad.file())?.locate(0)?)?;
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mapping = Mapping::reserve(ALL + PAGES)?;
    for (number, file) in scene.files.iter().chain([&bad]).enumerate() {
        let first = number * PAGES;
        mapping.map(first..first + PAGES, file.file(), 0, Share::Shared)?;
    }
    let disk = Disk::open(spare.device())?;
    let before = disk.counters()?.flushes;
    // Who has the file open by himself is told as well, and not again because of others.
    let other = File::options().read(true).write(true).open(bad.path())?;
    give_up(&scene, &mapping, || {
        wait_until("committed in part", || {
            io::Result::Ok(disk.counters()?.flushes > before)
        })?;
        assert_told_once(&other);
        Ok(())
    })?;
    assert_eq!(other.sync_all().ok(), Some(()), "it was told twice");
    assert_told_once(bad.file());
    Ok(())
}

/// Nothing is dirty or cached any more, so that there is nothing to do; but to tell of what has failed.
pub fn what_has_failed_is_told_all_the_same() -> Verdict {
    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let mut small = Small::new(PAGES)?;
    let file = small.file.file();
    spare.break_page(Extents::of(file)?.locate(0)?)?;
    small.mapping.poke(0, 1);
    // It writes, and asks nobody what has become of it.
    // SAFETY: It takes no memory.
    let code =
        unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, libc::SYNC_FILE_RANGE_WRITE) };
    Errno::result(code)?;
    small.file.wait_until_written()?;
    small.mapping.unmap(0..PAGES)?;
    posix_fadvise(
        file.as_raw_fd(),
        0,
        0,
        PosixFadviseAdvice::POSIX_FADV_DONTNEED,
    )?;
    assert_eq!(small.file.cached()?.resident, 0);
    small.mapping.map(0..PAGES, file, 0, Share::Shared)?;

    let wanted = raw::args(&small.mapping.all(), Flags::INVALIDATE.bits());
    let argument = small.desk.address(0);
    for by_ring in [false, true] {
        small.desk.put(0, &wanted);
        let code = if by_ring {
            let request = command(&small.map, uapi::VM_MAP_SYNC_SYNC, argument);
            small.ring.call(request)?.map(drop)
        } else {
            ioctl(&small.map, uapi::VM_MAP_SYNC_SYNC, argument)
        };
        assert_eq!(code, Err(Errno::EIO), "by ring: {by_ring}");
        let result = small.desk.get::<vm_map_sync_args>(0).result;
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_IO);
    }
    assert_told_once(small.file.file());
    Ok(())
}
