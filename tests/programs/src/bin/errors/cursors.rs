// SPDX-License-Identifier: GPL-2.0

//! Who is told of an error: each open file once, by the call if it is one of those that are mapped
//! in the range, else by its own next `fsync()`.

use crate::scene::*;
use nix::errno::Errno;
use std::{
    fs::File,
    io,
    ops::Range,
    os::fd::AsRawFd, //
};
use vm_map_sync::Flags;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    PAGE, //
};

/// Asserts what an `fsync()` returns: `EIO` if the file was not told yet.
#[track_caller]
fn assert_told(file: &File, told: bool) {
    let errno = file.sync_all().err().and_then(|error| error.raw_os_error());
    assert_eq!(errno, if told { None } else { Some(libc::EIO) });
}

/// Another descriptor of the bad file with a cursor of its own.
fn another(scene: &Scene) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .open(scene.bad.path())
}

fn counts(pushed: u64, left: u64) -> Counts {
    Counts {
        pushed,
        left,
        ..Counts::default()
    }
}

/// The pages of the mapping that hold the bad file.
fn bad(scene: &Scene) -> Range<usize> {
    scene.mapping.range(BAD)
}

const PUSHED: u64 = BAD_DIRTY.len() as u64;
const LEFT: u64 = (BAD.end - BAD.start) as u64;

#[track_caller]
fn fails_in(scene: &Scene, range: Range<usize>, flags: Flags, want: Counts) {
    let place = range.start..=range.start + BROKEN * PAGE;
    fails(&scene.map, range, flags, libc::EIO, want, &place);
}

pub fn syncio_tells_the_file() -> Verdict {
    for (flags, left) in [(Flags::SYNCIO, 0), (BOTH, LEFT)] {
        let scene = Scene::new(Share::Shared)?;
        let other = another(&scene)?;
        scene.soil()?;
        fails_in(&scene, bad(&scene), flags, counts(PUSHED, left));
        assert_told(scene.bad.file(), true);
        assert_told(&other, false);
        assert_told(&other, true);
        // Nothing failed since.
        check::succeeds(&scene.map, bad(&scene), Flags::SYNCIO, check::counts(0, 0));
    }
    Ok(())
}

pub fn invalidate_tells_nobody() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let other = another(&scene)?;
    scene.soil()?;
    fails_in(&scene, bad(&scene), Flags::INVALIDATE, counts(PUSHED, LEFT));
    for file in [scene.bad.file(), &other] {
        assert_told(file, false);
        assert_told(file, true);
    }
    Ok(())
}

pub fn each_mapped_file_is_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (one, two, other) = (another(&scene)?, another(&scene)?, another(&scene)?);
    let mapping = Mapping::reserve(BAD.len())?;
    mapping.map(0..8, &one, 0, Share::Shared)?;
    mapping.map(8..16, &two, 8, Share::Shared)?;
    scene.soil()?;
    fails_in(&scene, mapping.all(), Flags::SYNCIO, counts(PUSHED, 0));
    assert_told(&one, true);
    assert_told(&two, true);
    assert_told(&other, false);
    assert_told(scene.bad.file(), false);
    Ok(())
}

pub fn private_file_is_told() -> Verdict {
    let scene = Scene::new(Share::Private)?;
    let other = another(&scene)?;
    scene.soil()?;
    fails_in(&scene, bad(&scene), Flags::SYNCIO, counts(PUSHED, 0));
    assert_told(scene.bad.file(), true);
    assert_told(&other, false);
    Ok(())
}

/// An error that happened before, and that the file was not told of.
fn earlier() -> Result<Scene, Failure> {
    let scene = Scene::new(Share::Shared)?;
    scene.soil()?;
    // SAFETY: The call takes numbers only. It starts the writing, and waits for nothing.
    let code = unsafe {
        libc::sync_file_range(
            scene.bad.file().as_raw_fd(),
            0,
            0,
            libc::SYNC_FILE_RANGE_WRITE,
        )
    };
    Errno::result(code)?;
    wait_until_written(&scene.bad)?;
    scene.assert_kept();
    Ok(scene)
}

pub fn error_from_before() -> Verdict {
    let scene = earlier()?;
    // As msync() would.
    fails_in(&scene, bad(&scene), Flags::SYNCIO, counts(0, 0));
    assert_told(scene.bad.file(), true);
    check::succeeds(&scene.map, bad(&scene), Flags::SYNCIO, check::counts(0, 0));
    Ok(())
}

pub fn untold_error_keeps_pages() -> Verdict {
    let scene = earlier()?;
    for _ in 0..2 {
        fails_in(&scene, bad(&scene), Flags::INVALIDATE, counts(0, LEFT));
        scene.assert_kept();
    }
    assert_told(scene.bad.file(), false);
    Ok(())
}
