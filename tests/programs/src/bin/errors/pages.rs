// SPDX-License-Identifier: GPL-2.0

//! Pages that the disk does not take: the error comes back, they stay, and the rest is done.

use crate::scene::*;
use vm_map_sync::Flags;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    }, //
};

const ALL: u64 = BAD.end as u64;

fn error_of(flags: Flags, share: Share) -> Verdict {
    let scene = Scene::dirty(share)?;
    let frees = flags.contains(Flags::INVALIDATE);
    let pages = |count: usize| if frees { count as u64 } else { 0 };
    let want = Counts {
        pushed: DIRTY,
        freed: pages(GOOD.len()),
        left: pages(BAD.len()),
        ..Counts::default()
    };
    scene.fails(flags, want);

    // The other file.
    scene.good.assert_on_disk(1, GOOD_DIRTY);
    let picture = if frees { "........" } else { "CCCCCCCC" };
    assert_eq!(scene.good.picture(GOOD)?, picture);

    // The other pages of this file.
    scene.assert_kept();
    scene.mend()?;
    for page in BAD_DIRTY {
        scene.bad.assert_on_disk(u64::from(page != BROKEN), [page]);
    }
    Ok(())
}

pub fn error_of_syncio() -> Verdict {
    error_of(Flags::SYNCIO, Share::Shared)
}

pub fn error_of_invalidate() -> Verdict {
    error_of(Flags::INVALIDATE, Share::Shared)
}

pub fn error_of_both() -> Verdict {
    error_of(BOTH, Share::Shared)
}

pub fn error_of_a_private_mapping() -> Verdict {
    error_of(BOTH, Share::Private)
}

pub fn error_that_nobody_waits_for() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    let all = scene.mapping.all();
    check::succeeds(&scene.map, all, Flags::empty(), check::counts(DIRTY, 0));
    scene.bad.wait_until_written()?;
    scene.assert_kept();
    // The one to be told is the one who asks.
    let errno = scene
        .bad
        .file()
        .sync_all()
        .err()
        .and_then(|e| e.raw_os_error());
    assert_eq!(errno, Some(libc::EIO));
    Ok(())
}

pub fn error_between_two_pieces() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    // The bad file comes first and last, around the good one.
    let mapping = Mapping::reserve(24)?;
    mapping.map(0..8, scene.bad.file(), 0, Share::Shared)?;
    mapping.map(8..16, scene.good.file(), 0, Share::Shared)?;
    mapping.map(16..24, scene.bad.file(), 8, Share::Shared)?;
    let place = mapping.address(0)..=mapping.address(BROKEN);
    let want = Counts {
        pushed: DIRTY,
        freed: GOOD.len() as u64,
        left: BAD.len() as u64,
        ..Counts::default()
    };
    fails(&scene.map, mapping.all(), BOTH, libc::EIO, want, &place);
    assert_eq!(scene.good.picture(GOOD)?, "........");
    scene.assert_kept();
    Ok(())
}

/// What was written anew is on the disk, and can be freed by who says that he has done so.
pub fn writing_anew_heals() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    let want = Counts {
        pushed: DIRTY,
        freed: GOOD.len() as u64,
        left: BAD.len() as u64,
        ..Counts::default()
    };
    scene.fails(BOTH, want);
    scene.mend()?;
    scene.soil()?;
    let (all, first) = (scene.mapping.all(), scene.mapping.address(BAD.start));
    let want = counts(PUSHED, LEFT);
    check::unwritten(&scene.map, all.clone(), BOTH, libc::EIO, want, first);
    scene.bad.assert_on_disk(1, BAD_DIRTY);
    scene.assert_kept();
    let flags = BOTH | Flags::FORGET_ERRORS;
    check::succeeds(&scene.map, all, flags, check::counts(0, LEFT));
    assert_eq!(
        scene.mapping.resident(0..ALL as usize)?,
        [false; ALL as usize]
    );
    Ok(())
}
