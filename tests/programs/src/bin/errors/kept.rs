// SPDX-License-Identifier: GPL-2.0

//! Failed writes stay known: pages that are the only copy of something are clean to the kernel, so
//! nothing of their file is freed, whoever was told of the error.

use crate::scene::*;
use vm_map_sync::Flags;
use vm_map_sync_tests::{
    check::{
        self,
        unwritten,
        Counts,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Share,
    PAGE, //
};

/// The scene after a backup, which has the bad file open for itself, has tried to write it, and was
/// told that it failed.
fn backed_up() -> Result<Scene, Failure> {
    let scene = Scene::new(Share::Shared)?;
    scene.soil()?;
    assert_told(&scene.another()?, false);
    Ok(scene)
}

/// Asserts that the pages of the bad file stay because of what failed before.
#[track_caller]
fn assert_stay(scene: &Scene, flags: Flags) {
    let range = scene.bad_range();
    let first = range.start;
    unwritten(&scene.map, range, flags, libc::EIO, counts(0, LEFT), first);
    scene.assert_kept();
}

pub fn error_told_to_a_backup() -> Verdict {
    let scene = backed_up()?;
    assert_stay(&scene, Flags::INVALIDATE);
    // That has told nobody. Who is told later changes nothing, either.
    assert_told(scene.bad.file(), false);
    assert_told(scene.bad.file(), true);
    assert_stay(&scene, Flags::INVALIDATE);
    assert_stay(&scene, BOTH);
    Ok(())
}

pub fn error_told_to_a_backup_and_by_the_call() -> Verdict {
    let scene = backed_up()?;
    scene.fails_in(scene.bad_range(), BOTH, counts(0, LEFT));
    scene.assert_kept();
    assert_told(scene.bad.file(), true);
    Ok(())
}

/// To call again is no way to get rid of an error, nor of what could not be written.
pub fn retry_keeps_the_only_copy() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    scene.soil()?;
    scene.fails_in(scene.bad_range(), BOTH, counts(PUSHED, LEFT));
    for flags in [BOTH, Flags::INVALIDATE, BOTH] {
        assert_stay(&scene, flags);
    }
    let synced = check::counts(0, 0);
    check::succeeds(&scene.map, scene.bad_range(), Flags::SYNCIO, synced);
    scene.assert_kept();
    scene.mend()?;
    scene.bad.assert_on_disk(0, [BROKEN]);
    assert_stay(&scene, BOTH);
    Ok(())
}

/// The other files of the range are dealt with, and of this one only the range is reported.
pub fn error_of_one_file_of_the_range() -> Verdict {
    let scene = backed_up()?;
    scene.good.map()?.fill(1, GOOD_DIRTY);
    let part = scene.mapping.address(0)..scene.mapping.address(BAD.start + 3);
    let want = Counts {
        pushed: GOOD_DIRTY.len() as u64,
        freed: GOOD.len() as u64,
        left: 3,
        ..Counts::default()
    };
    let first = scene.mapping.address(BAD.start);
    let flags = Flags::INVALIDATE;
    unwritten(&scene.map, part, flags, libc::EIO, want, first);
    scene.good.assert_on_disk(1, GOOD_DIRTY);
    assert_eq!(scene.good.picture(GOOD)?, "........");
    scene.assert_kept();

    let part = first + 7 * PAGE..first + 9 * PAGE;
    let second = part.start;
    unwritten(&scene.map, part, flags, libc::EIO, counts(0, 2), second);
    Ok(())
}

/// Pages that are written anew are written, and stay as all others.
pub fn written_anew_and_kept() -> Verdict {
    let scene = backed_up()?;
    scene.mend()?;
    scene.soil()?;
    let range = scene.bad_range();
    let (first, want) = (range.start, counts(PUSHED, LEFT));
    unwritten(&scene.map, range, Flags::INVALIDATE, libc::EIO, want, first);
    scene.bad.assert_on_disk(1, BAD_DIRTY);
    scene.assert_kept();
    Ok(())
}
