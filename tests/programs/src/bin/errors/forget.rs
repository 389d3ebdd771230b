// SPDX-License-Identifier: GPL-2.0

//! Errors that are forgotten: a program that has written anew what failed says so, and frees it. What
//! it cannot know of protects the pages even then.

use crate::scene::*;
use std::fs::File;
use vm_map_sync::Flags;
use vm_map_sync_tests::{
    check::{
        self,
        succeeds,
        unwritten,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    }, //
};

const FORGET: Flags = Flags::INVALIDATE.union(Flags::FORGET_ERRORS);
const FORGET_BOTH: Flags = BOTH.union(Flags::FORGET_ERRORS);

/// A scene, with pages of the bad file that could not be written.
fn failed() -> Result<Scene, Failure> {
    fail(Scene::new(Share::Shared)?)
}

fn fail(scene: Scene) -> Result<Scene, Failure> {
    scene.soil()?;
    assert_told(&scene.another()?, false);
    Ok(scene)
}

/// Asserts that a call keeps the pages of the bad file because of what failed before.
#[track_caller]
fn assert_stay(scene: &Scene, flags: Flags) {
    let range = scene.bad_range();
    let first = range.start;
    unwritten(&scene.map, range, flags, libc::EIO, counts(0, LEFT), first);
    scene.assert_kept();
}

/// Writes anew what failed, and asserts that it can be freed now, as all of the file.
fn go_on(scene: &Scene, flags: Flags) -> Verdict {
    scene.mend()?;
    scene.soil()?;
    succeeds(
        &scene.map,
        scene.bad_range(),
        flags,
        check::counts(PUSHED, LEFT),
    );
    scene.bad.assert_on_disk(1, BAD_DIRTY);
    assert_eq!(scene.bad.cached()?.resident, 0);
    scene.bad.map()?.assert_has(1, BAD_DIRTY);
    Ok(())
}

/// Whichever way the file was told.
pub fn forgotten_when_told() -> Verdict {
    let mut scene = Scene::new(Share::Shared)?;
    for flags in [FORGET, FORGET_BOTH] {
        scene = fail(scene.anew()?)?;
        assert_told(scene.bad.file(), false);
        go_on(&scene, flags)?;

        scene = fail(scene.anew()?)?;
        let told = scene.mapping.msync(BAD, libc::MS_SYNC);
        let errno = told.err().and_then(|error| error.raw_os_error());
        assert_eq!(errno, Some(libc::EIO));
        go_on(&scene, flags)?;

        scene = fail(scene.anew()?)?;
        scene.fails_in(scene.bad_range(), Flags::SYNCIO, counts(0, 0));
        go_on(&scene, flags)?;
    }
    Ok(())
}

pub fn not_forgotten_when_not_told() -> Verdict {
    let scene = failed()?;
    for _ in 0..2 {
        assert_stay(&scene, FORGET);
    }
    // This call tells the file, and is too early for that.
    scene.fails_in(scene.bad_range(), FORGET_BOTH, counts(0, LEFT));
    scene.assert_kept();
    go_on(&scene, FORGET_BOTH)
}

/// The file is mapped through two descriptors, and one of them was not told.
pub fn not_forgotten_when_one_was_not_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (one, two) = (scene.another()?, scene.another()?);
    scene.soil()?;
    assert_told(&one, false);
    let mapping = Mapping::reserve(BAD.len())?;
    mapping.map(0..8, &one, 0, Share::Shared)?;
    mapping.map(8..16, &two, 8, Share::Shared)?;
    let (all, first) = (mapping.all(), mapping.address(0));
    unwritten(
        &scene.map,
        all.clone(),
        FORGET,
        libc::EIO,
        counts(0, LEFT),
        first,
    );
    scene.assert_kept();
    // The other way round, too: which one comes first does not matter.
    let other = Mapping::reserve(BAD.len())?;
    other.map(0..8, &two, 0, Share::Shared)?;
    other.map(8..16, &one, 8, Share::Shared)?;
    let first = other.address(0);
    unwritten(
        &scene.map,
        other.all(),
        FORGET,
        libc::EIO,
        counts(0, LEFT),
        first,
    );
    scene.assert_kept();

    // It is a matter of the files of the range only.
    let half = mapping.range(0..8);
    succeeds(&scene.map, half, FORGET, check::counts(0, 8));
    assert_told(&two, false);
    succeeds(&scene.map, all, FORGET, check::counts(0, 8));
    Ok(())
}

/// An error that comes while the call runs, although the files knew of all before.
pub fn error_while_forgetting() -> Verdict {
    let mut scene = Scene::new(Share::Shared)?;
    for flags in [FORGET, FORGET_BOTH] {
        scene = fail(scene.anew()?)?;
        assert_told(scene.bad.file(), false);
        scene.soil()?;
        scene.fails_in(scene.bad_range(), flags, counts(PUSHED, LEFT));
        scene.assert_kept();
        if flags == FORGET {
            // Nobody was told, so the next one fails as well.
            scene.fails_in(scene.bad_range(), flags, counts(0, LEFT));
            scene.assert_kept();
            assert_told(scene.bad.file(), false);
        }
        go_on(&scene, flags)?;
    }
    Ok(())
}

/// The flag alone does nothing, and where nothing failed it changes nothing.
pub fn nothing_to_forget() -> Verdict {
    // On a disk where nothing failed, either.
    let files = ALL.map(|flags| (flags, TestFile::new(GOOD.len())));
    let mut scene = Scene::new(Share::Shared)?;
    for (flags, file) in files {
        scene = fail(scene.anew()?)?;
        let file = file?;
        let mapping = file.map()?;
        mapping.fill(1, GOOD_DIRTY);
        assert_told(scene.bad.file(), false);
        let frees = flags.contains(Flags::INVALIDATE);
        let want = check::counts(
            GOOD_DIRTY.len() as u64,
            if frees { GOOD.len() as u64 } else { 0 },
        );
        let flags = flags | Flags::FORGET_ERRORS;
        succeeds(&scene.map, mapping.all(), flags, want);
        let picture = if frees { "........" } else { "CCCCCCCC" };
        if flags != Flags::FORGET_ERRORS {
            assert_eq!(file.picture(GOOD)?, picture);
            file.assert_on_disk(1, GOOD_DIRTY);
        }
        mapping.assert_has(1, GOOD_DIRTY);
        if !frees {
            succeeds(&scene.map, scene.bad_range(), flags, check::counts(0, 0));
            scene.assert_kept();
        }
    }
    Ok(())
}

/// A file that is opened when somebody was told already is as good as told: it never had another
/// state than this one.
pub fn forgotten_when_opened_later() -> Verdict {
    let scene = failed()?;
    let late = File::open(scene.bad.path())?;
    let mapping = Mapping::reserve(BAD.len())?;
    mapping.map(0..BAD.len(), &late, 0, Share::SharedRead)?;
    let first = mapping.address(0);
    unwritten(
        &scene.map,
        mapping.all(),
        BOTH,
        libc::EIO,
        counts(0, LEFT),
        first,
    );
    scene.assert_kept();
    succeeds(&scene.map, mapping.all(), FORGET, check::counts(0, LEFT));
    Ok(())
}
