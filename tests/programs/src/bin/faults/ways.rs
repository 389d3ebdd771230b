// SPDX-License-Identifier: GPL-2.0

//! Ways to ask for the same: by one range of addresses, by many, and by descriptors.

use crate::{
    inject::Injector,
    scene::{
        Scene,
        ENOUGH,
        PAGES, //
    },
};
use std::{
    ops::Range,
    os::fd::AsFd, //
};
use vm_map_sync::{
    Flags,
    Outcome,
    Reason,
    SyncError,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        codes,
        Counts,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    PAGE, //
};

/// A way to call on all files of a scene, and what is to be known of its answers.
pub struct Way {
    /// The call.
    pub call: fn(&Scene, Flags) -> Result<Outcome, SyncError>,
    /// What is done when all is done.
    pub done: fn(&Scene) -> u64,
    /// Where something can go wrong.
    pub places: fn(&Scene) -> Range<u64>,
}

/// By one range of addresses.
pub const ADDRESSES: Way = Way {
    call: |scene, flags| scene.map.sync(scene.mapping.all(), flags),
    done: |scene| scene.mapping.all().end as u64,
    places,
};

/// By a range for each file, and one more for all.
pub const VECTOR: Way = Way {
    call: |scene, flags| call(scene, &targets(scene), flags),
    done: |scene| scene.files.len() as u64 + 1,
    places,
};

/// By a descriptor for each file.
pub const DESCRIPTORS: Way = Way {
    call: |scene, flags| {
        let files = scene.files.iter();
        let targets: Vec<_> = files
            .map(|file| Target::file(file.file().as_fd(), ..))
            .collect();
        call(scene, &targets, flags)
    },
    done: |scene| scene.files.len() as u64,
    places: |_| 0..(PAGES * PAGE) as u64,
};

fn places(scene: &Scene) -> Range<u64> {
    let range = scene.mapping.all();
    range.start as u64..range.end as u64
}

fn targets(scene: &Scene) -> Vec<Target<'static>> {
    let parts = (0..scene.files.len()).map(|file| file * PAGES..(file + 1) * PAGES);
    let mut targets: Vec<_> = parts
        .map(|pages| Target::addresses(scene.mapping.range(pages)))
        .collect();
    targets.push(Target::addresses(scene.mapping.all()));
    targets
}

/// Calls on a vector, and looks at the sum only. It is that of the ranges.
fn call(scene: &Scene, targets: &[Target<'_>], flags: Flags) -> Result<Outcome, SyncError> {
    let outcomes = match scene.map.sync_vectored(targets, flags) {
        Ok(outcomes) => return Ok(outcomes.all),
        Err(VectorError::Failed { fault, ranges, .. }) => (fault, ranges),
        Err(VectorError::Refused(fault)) => return Err(SyncError::Refused(fault)),
        Err(VectorError::Call(error)) => return Err(SyncError::Call(error)),
        Err(error) => panic!("{error}"),
    };
    let (fault, ranges) = outcomes;
    let counts = ranges.iter().map(|range| match range {
        Ok(outcome) => Counts::from(*outcome),
        Err(fault) => Counts::from(fault.outcome),
    });
    assert_eq!(counts.sum::<Counts>(), Counts::from(fault.outcome));
    assert!(ranges.iter().any(Result::is_err), "{fault}");
    Err(SyncError::Failed(*fault))
}

fn calls(way: &Way, files: usize, pieces: usize, flags: Flags) -> Verdict {
    let injector = Injector::new()?;
    Scene::new(files, pieces)?.call(&injector, way, flags)
}

pub fn both_of_a_vector() -> Verdict {
    calls(&VECTOR, 2, 4, BOTH)
}

pub fn invalidate_and_spare_a_vector() -> Verdict {
    calls(&VECTOR, 1, 2, Flags::INVALIDATE | Flags::SPARE_SHARED)
}

pub fn both_of_descriptors() -> Verdict {
    calls(&DESCRIPTORS, 2, 1, BOTH)
}

/// A look is refused, or is a right one, and changes nothing in any case.
pub fn looking() -> Verdict {
    let injector = Injector::new()?;
    let mut scene = Scene::new(2, 4)?;
    scene.soil()?;
    let before = scene.cached()?;
    let targets = targets(&scene);
    for nth in 1..ENOUGH {
        let look = || scene.map.stat_vectored(&targets, Flags::empty());
        let (result, injected) = injector.fail(nth, look)?;
        assert_eq!(scene.cached()?, before, "fault {nth}: {result:?}");
        match result {
            Ok(stats) => {
                let found = stats.last().map(|all| (all.resident, all.dirty));
                assert_eq!(found, Some(before), "fault {nth}");
                if !injected {
                    return Ok(());
                }
            }
            Err(SyncError::Refused(fault)) => {
                assert!(injected, "nothing failed, but {fault}");
                assert_eq!(fault.reason, Reason::Memory, "fault {nth}");
                let found = (fault.errno, fault.kern_return);
                assert_eq!(found, codes(Reason::Memory), "fault {nth}");
            }
            Err(SyncError::Call(error)) => {
                assert!(injected && injector.fails_copies(), "fault {nth}: {error}");
            }
            Err(error) => panic!("fault {nth}: {error}"),
        }
    }
    Err(Failure::Failed("there is no end of allocations".into()))
}
