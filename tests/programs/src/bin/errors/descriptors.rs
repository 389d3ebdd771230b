// SPDX-License-Identifier: GPL-2.0

//! Descriptors: a range of a file is told of the errors of the writes through the descriptor that names it,
//! which is told by that, as by its own `fsync()`; nobody else is.

use crate::scene::*;
use std::os::fd::AsFd;
use vm_map_sync::{
    Fault,
    Flags,
    Map,
    Outcome,
    Reason,
    SyncError,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    harness::Verdict,
    mapping::Share,
    process::{
        Child,
        Line, //
    },
    vector::{
        some_fail,
        Fate, //
    },
    PAGE, //
};

#[track_caller]
fn fails_in_file(result: Result<Outcome, SyncError>, want: Counts) -> Fault {
    match result {
        Err(SyncError::Failed(fault)) => {
            assert_eq!((fault.reason, fault.errno), (Reason::Io, libc::EIO));
            assert!(fault.in_file, "{fault}");
            assert!(fault.address <= (BROKEN * PAGE) as u64, "{fault}");
            assert_eq!(Counts::from(fault.outcome), want, "{fault}");
            fault
        }
        other => panic!("not told: {other:?}"),
    }
}

pub fn descriptor_of_a_range_is_told() -> Verdict {
    for kind in KINDS {
        for (flags, left) in [(Flags::SYNCIO, 0), (BOTH, LEFT)] {
            let scene = Scene::on(kind, Share::Shared)?;
            let (named, other) = (scene.another()?, scene.another()?);
            scene.soil()?;
            let result = scene.map.sync_file(&named, .., flags);
            fails_in_file(result, counts(PUSHED, left));
            assert_told(&named, true);
            for file in [&other, scene.bad.file()] {
                assert_told(file, false);
                assert_told(file, true);
            }
            scene.assert_kept();
            // Nothing failed since.
            let again = scene.map.sync_file(&named, .., Flags::SYNCIO)?;
            assert_eq!(Counts::from(again), check::counts(0, 0));
        }
    }
    Ok(())
}

/// Without a commit nobody is told but the caller.
pub fn range_that_is_freed_only_tells_nobody() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let named = scene.another()?;
    scene.soil()?;
    let result = scene.map.sync_file(&named, .., Flags::INVALIDATE);
    fails_in_file(result, counts(PUSHED, LEFT));
    scene.assert_kept();
    for file in [&named, scene.bad.file()] {
        assert_told(file, false);
        assert_told(file, true);
    }
    Ok(())
}

/// Of one file by two descriptors, and by its addresses: each of the three is told.
pub fn all_descriptors_of_a_vector_are_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (one, two, other) = (scene.another()?, scene.another()?, scene.another()?);
    scene.soil()?;
    let targets = [
        Target::file(one.as_fd(), ..(4 * PAGE) as u64),
        Target::file(two.as_fd(), (8 * PAGE) as u64..),
        Target::addresses(scene.mapping.range(BAD.start + 4..BAD.start + 8)),
    ];
    let io = |pushed, places| Fate {
        counts: counts(pushed, 0),
        fault: Some((Reason::Io, libc::EIO, places)),
    };
    let mapped = scene.mapping.address(BAD.start + 4);
    let want = [
        io(1, 0..=4 * PAGE),
        io(1, 8 * PAGE..=BAD.len() * PAGE),
        io(1, mapped..=mapped + 4 * PAGE),
    ];
    some_fail(&scene.map, &targets, Flags::SYNCIO, &want, 0);
    for file in [&one, &two, scene.bad.file()] {
        assert_told(file, true);
    }
    assert_told(&other, false);
    Ok(())
}

/// By a handle on somebody else's map: the descriptor is the caller's own all the same.
pub fn descriptor_beside_a_foreign_map_is_told() -> Verdict {
    let scene = Scene::new(Share::Shared)?;
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        theirs.send_descriptor(Map::current()?)?;
        theirs.receive()?;
        Ok(())
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let named = scene.another()?;
    scene.soil()?;
    let targets = [
        // It is mapped by the owner as well, through the file of the scene.
        Target::addresses(scene.bad_range()),
        Target::file(named.as_fd(), ..),
    ];
    match map.sync_vectored(&targets, Flags::SYNCIO) {
        Err(VectorError::Failed { fault, ranges, .. }) => {
            assert_eq!((fault.reason, fault.errno), (Reason::Io, libc::EIO));
            assert_eq!(fault.outcome.pushed, PUSHED);
            assert!(ranges.iter().all(Result::is_err));
        }
        other => panic!("not told: {other:?}"),
    }
    assert_told(&named, true);
    assert_told(scene.bad.file(), false);
    ours.send(0)?;
    owner.join()
}
