// SPDX-License-Identifier: GPL-2.0

//! Vectors: of many ranges, those fail of whose file something could not be written, and only those.

use crate::scene::*;
use std::ops::Range;
use vm_map_sync::{
    Flags,
    Reason,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
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
    },
    pipe::Pipe,
    vector::{
        all_succeed,
        all_succeed_somehow,
        of_addresses,
        some_fail,
        Fate, //
    },
    PAGE, //
};

/// Some pages of the bad file, mapped elsewhere.
fn part_of_bad(scene: &Scene, first: usize, pages: usize) -> Result<Mapping, Failure> {
    let part = Mapping::reserve(pages)?;
    part.map(0..pages, scene.bad.file(), first, Share::Shared)?;
    Ok(part)
}

/// A write fails in what is mapped at `range`, with these counts.
fn io(counts: Counts, range: Range<usize>) -> Fate {
    Fate {
        counts,
        fault: Some((Reason::Io, libc::EIO, range.start..=range.end)),
    }
}

/// What becomes of the good file.
fn good(flags: Flags) -> Counts {
    let freed = match flags.contains(Flags::INVALIDATE) {
        true => GOOD.len() as u64,
        false => 0,
    };
    check::counts(GOOD_DIRTY.len() as u64, freed)
}

/// What becomes of the bad file.
fn bad(flags: Flags) -> Counts {
    match flags.contains(Flags::INVALIDATE) {
        true => counts(PUSHED, LEFT),
        false => counts(PUSHED, 0),
    }
}

/// Wherever in the vector the bad file is.
pub fn only_ranges_of_the_bad_file_fail() -> Verdict {
    for flags in ALL.into_iter().filter(|flags| !flags.is_empty()) {
        for index in 0..3 {
            let scene = Scene::dirty(Share::Shared)?;
            let other = TestFile::new(2)?;
            let others = other.map()?;
            others.fill(1, [1]);
            let freed = good(flags).freed.min(2);
            let mut targets = of_addresses([scene.mapping.range(GOOD), others.all()]);
            let mut want = vec![good(flags).into(), check::counts(1, freed).into()];
            targets.insert(index, Target::addresses(scene.bad_range()));
            want.insert(index, io(bad(flags), scene.bad_range()));
            some_fail(&scene.map, &targets, flags, &want, index);
            scene.good.assert_on_disk(1, GOOD_DIRTY);
            other.assert_on_disk(1, [1]);
            scene.assert_kept();
            assert_told(scene.bad.file(), flags.contains(Flags::SYNCIO));
        }
    }
    Ok(())
}

/// Two ranges have pages of the bad file: which of them were not written cannot be known, so both are told.
/// The first is what is told of all.
pub fn all_ranges_of_the_bad_file_fail() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    let (head, tail) = (part_of_bad(&scene, 0, 4)?, part_of_bad(&scene, 4, 12)?);
    let targets = of_addresses([tail.all(), scene.mapping.range(GOOD), head.all()]);
    let want = [
        io(counts(2, 12), tail.all()),
        good(BOTH).into(),
        io(counts(1, 4), head.all()),
    ];
    some_fail(&scene.map, &targets, BOTH, &want, 0);
    scene.assert_kept();
    Ok(())
}

/// A page that is pinned is told in the ranges that have it, and counted once.
pub fn busy_page_in_some_ranges() -> Verdict {
    const PINNED: usize = 3;

    let scene = Scene::new(Share::Shared)?;
    scene.good.map()?.fill(1, GOOD_DIRTY);
    let again = Mapping::reserve(GOOD.len())?;
    again.map(0..GOOD.len(), scene.good.file(), 0, Share::SharedRead)?;
    let other = TestFile::new(2)?;
    let others = other.map()?;
    let pipe = Pipe::holding(&scene.mapping, PINNED..PINNED + 1)?;
    let targets = of_addresses([
        others.all(),
        scene.mapping.range(0..2),
        scene.mapping.range(2..6),
        again.range(PINNED..PINNED + 1),
        again.range(4..8),
    ]);
    let outcome = scene.map.sync_vectored(&targets, BOTH);
    let Err(VectorError::Failed { fault, ranges, .. }) = outcome else {
        panic!("not failed: {outcome:?}")
    };
    assert_eq!((fault.reason, fault.range), (Reason::Busy, Some(2)));
    assert_eq!(fault.address, scene.mapping.address(PINNED) as u64);
    let (left, freed) = (fault.outcome.left, fault.outcome.freed);
    assert_eq!((left, freed), (1, 7 + 2));
    assert!(ranges[0].is_ok() && ranges[1].is_ok() && ranges[4].is_ok());
    for (index, place) in [(2, &scene.mapping), (3, &again)] {
        let fault = ranges[index].as_ref().expect_err("its page is pinned");
        assert_eq!((fault.reason, fault.errno), (Reason::Busy, libc::EBUSY));
        assert_eq!(fault.address, place.address(PINNED) as u64);
    }
    let all: u64 = ranges
        .iter()
        .map(|range| {
            range
                .as_ref()
                .map_or_else(|fault| fault.outcome.left, |outcome| outcome.left)
        })
        .sum();
    assert_eq!(all, 1, "it is one page");
    assert_eq!(scene.good.picture(0..GOOD.len())?, "...C....");
    scene.good.assert_on_disk(1, GOOD_DIRTY);
    drop(pipe);
    all_succeed(
        &scene.map,
        &targets[2..3],
        BOTH,
        &[check::counts(0, 1)], //
    );
    Ok(())
}

/// Of all that goes wrong the worst is told, in whichever range it is.
pub fn worst_fault_is_that_of_all() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    let pipe = Pipe::holding(&scene.mapping, 0..1)?;
    let targets = of_addresses([scene.mapping.range(GOOD), scene.bad_range()]);
    let busy = Counts {
        left: 1,
        freed: GOOD.len() as u64 - 1,
        ..good(BOTH)
    };
    let want = [
        Fate::busy(busy, scene.mapping.address(0)),
        io(bad(BOTH), scene.bad_range()),
    ];
    some_fail(&scene.map, &targets, BOTH, &want, 1);
    drop(pipe);

    // Afterwards the pages of the bad file are kept for what has failed before.
    let kept = Fate {
        counts: counts(0, LEFT),
        fault: Some((
            Reason::Unwritten,
            libc::EIO,
            scene.bad_range().start..=scene.bad_range().start,
        )),
    };
    let freed = check::counts(0, 1);
    some_fail(&scene.map, &targets, BOTH, &[freed.into(), kept], 1);
    Ok(())
}

/// All files of the ranges must have been told of what is to be forgotten, not only those of one range.
pub fn errors_are_forgotten_by_all_ranges() -> Verdict {
    let scene = Scene::dirty(Share::Shared)?;
    let untold = scene.another()?;
    let elsewhere = Mapping::reserve(2)?;
    elsewhere.map(0..2, &untold, 1, Share::Shared)?;
    let flags = Flags::INVALIDATE | Flags::FORGET_ERRORS;
    scene.fails_in(scene.bad_range(), Flags::SYNCIO, counts(PUSHED, 0));

    let end = scene.bad_range().start + 4 * PAGE;
    let both = of_addresses([scene.bad_range().start..end, elsewhere.all()]);
    match scene.map.sync_vectored(&both, flags) {
        Err(VectorError::Failed { fault, ranges, .. }) => {
            assert_eq!(fault.reason, Reason::Unwritten);
            assert_eq!((fault.outcome.left, fault.outcome.freed), (4, 0));
            assert!(ranges.iter().all(Result::is_err), "both have its pages");
        }
        other => panic!("freed: {other:?}"),
    }
    scene.assert_kept();
    assert_told(&untold, false);
    let outcomes = all_succeed_somehow(&scene.map, &both, flags);
    assert_eq!(Counts::from(outcomes.all), check::counts(0, 4));
    Ok(())
}
