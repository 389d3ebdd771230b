// SPDX-License-Identifier: GPL-2.0

//! Who is told of an error: each open file once, by the call if it is one of those that are mapped
//! in the range, else by its own next `fsync()`.

use crate::scene::*;
use nix::errno::Errno;
use std::os::fd::AsRawFd;
use vm_map_sync::Flags;
use vm_map_sync_tests::{
    check::{
        self,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    }, //
};

pub fn syncio_tells_the_file() -> Verdict {
    let mut scene = Scene::new(Share::Shared)?;
    for (flags, left) in [(Flags::SYNCIO, 0), (BOTH, LEFT)] {
        scene = scene.anew()?;
        let other = scene.another()?;
        scene.soil()?;
        scene.fails_in(scene.bad_range(), flags, counts(PUSHED, left));
        assert_told(scene.bad.file(), true);
        assert_told(&other, false);
        assert_told(&other, true);
        // Nothing failed since.
        check::succeeds(
            &scene.map,
            scene.bad_range(),
            Flags::SYNCIO,
            check::counts(0, 0),
        );
    }
    Ok(())
}

pub fn invalidate_tells_nobody() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let other = scene.another()?;
    scene.soil()?;
    scene.fails_in(scene.bad_range(), Flags::INVALIDATE, counts(PUSHED, LEFT));
    for file in [scene.bad.file(), &other] {
        assert_told(file, false);
        assert_told(file, true);
    }
    Ok(())
}

pub fn each_mapped_file_is_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (one, two, other) = (scene.another()?, scene.another()?, scene.another()?);
    let mapping = Mapping::reserve(BAD.len())?;
    mapping.map(0..8, &one, 0, Share::Shared)?;
    mapping.map(8..16, &two, 8, Share::Shared)?;
    scene.soil()?;
    scene.fails_in(mapping.all(), Flags::SYNCIO, counts(PUSHED, 0));
    assert_told(&one, true);
    assert_told(&two, true);
    assert_told(&other, false);
    assert_told(scene.bad.file(), false);
    Ok(())
}

pub fn private_file_is_told() -> Verdict {
    let scene = Scene::new(Share::Private)?;
    let other = scene.another()?;
    scene.soil()?;
    scene.fails_in(scene.bad_range(), Flags::SYNCIO, counts(PUSHED, 0));
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
    scene.bad.wait_until_written()?;
    scene.assert_kept();
    Ok(scene)
}

pub fn error_from_before() -> Verdict {
    let scene = earlier()?;
    // As msync() would.
    scene.fails_in(scene.bad_range(), Flags::SYNCIO, counts(0, 0));
    assert_told(scene.bad.file(), true);
    check::succeeds(
        &scene.map,
        scene.bad_range(),
        Flags::SYNCIO,
        check::counts(0, 0),
    );
    Ok(())
}

pub fn untold_error_keeps_pages() -> Verdict {
    let scene = earlier()?;
    for _ in 0..2 {
        scene.fails_in(scene.bad_range(), Flags::INVALIDATE, counts(0, LEFT));
        scene.assert_kept();
    }
    assert_told(scene.bad.file(), false);
    Ok(())
}
