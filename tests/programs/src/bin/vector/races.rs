// SPDX-License-Identifier: GPL-2.0

//! Races: what becomes of the map during a call.

use super::scene::{
    Scene,
    DIRTY,
    PAGES, //
};
use std::thread;
use vm_map_sync::{
    Map,
    Reason,
    VectorError, //
};
use vm_map_sync_tests::{
    check::BOTH,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::{
        wait_until,
        Crowd, //
    },
    process::{
        Child,
        Line, //
    },
    program,
    vector::{
        all_succeed_somehow,
        of_addresses, //
    }, //
};

/// How often each of those who disturb each other has a go, at least.
const OFTEN: usize = 50;

/// The one in the middle comes and goes: each call has all of the three, or none.
pub fn range_that_comes_and_goes() -> Verdict {
    let scene = Scene::new(3)?;
    let place = Mapping::reserve(PAGES)?;
    let targets = of_addresses([
        scene.mappings[0].all(),
        place.all(),
        scene.mappings[2].all(),
    ]);
    let (crowd, mut refused, mut passed) = (Crowd::<2>::new(OFTEN), 0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            crowd.act(0, || {
                let file = scene.files[1].file();
                let mapped = place.map(0..PAGES, file, 0, Share::Shared);
                mapped.expect("the file can be mapped");
                place.touch(0..PAGES);
                place.unmap(0..PAGES).expect("it can be unmapped");
                true
            });
        });
        crowd.act(1, || {
            scene.soil(1);
            let dirty = |file: usize| scene.files[file].cached().expect("cachestat works").dirty;
            match scene.map.sync_vectored(&targets, BOTH) {
                Ok(outcomes) => {
                    for index in [0, 2] {
                        assert_eq!(outcomes.ranges[index].pushed, DIRTY.len() as u64);
                    }
                    passed += 1;
                }
                // The other one is touching it.
                Err(VectorError::Failed { fault, ranges, .. }) => {
                    assert_eq!((fault.reason, fault.range), (Reason::Busy, Some(1)));
                    assert!(ranges[0].is_ok() && ranges[2].is_ok());
                    passed += 1;
                }
                Err(VectorError::Refused(fault)) => {
                    assert_eq!((fault.reason, fault.range), (Reason::Hole, Some(1)));
                    assert_eq!(fault.address, place.address(0) as u64);
                    for file in [0, 2] {
                        assert_eq!(dirty(file), DIRTY.len() as u64, "something was done");
                    }
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
            refused > 0 && passed > 0
        });
    });
    for file in &scene.files {
        file.file().sync_all()?;
        file.assert_on_disk(1, DIRTY);
    }
    Ok(())
}

/// Somebody else's map, who forks and unmaps and maps all the time, until the map is gone.
fn until_the_owner(ends: impl Fn() -> Verdict) -> Verdict {
    let scene = Scene::new(2)?;
    let rounds = Mapping::reserve(1)?;
    rounds.map_anonymous(0..1, libc::MAP_SHARED)?;
    let (ours, theirs) = Line::pair()?;
    let owner = Child::spawn(|| {
        theirs.send_descriptor(Map::current()?)?;
        let mapping = &scene.mappings[1];
        while rounds.peek(0) < OFTEN as u64 {
            mapping.fill(1, DIRTY);
            Child::spawn(|| Ok(mapping.touch(0..PAGES)))?.join()?;
            mapping.unmap(0..PAGES)?;
            mapping.map(0..PAGES, scene.files[1].file(), 0, Share::Shared)?;
            rounds.poke(0, rounds.peek(0) + 1);
        }
        ends()
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let targets = scene.targets();
    let mut passed = 0;
    let gone = wait_until("gone", || {
        Ok::<_, Failure>(match map.sync_vectored(&targets, BOTH) {
            Ok(outcomes) => {
                assert_eq!(outcomes.all.done, 2);
                passed += 1;
                false
            }
            Err(VectorError::Failed { fault, .. }) => {
                assert_eq!((fault.reason, fault.range), (Reason::Busy, Some(1)));
                false
            }
            Err(VectorError::Refused(fault)) if fault.reason == Reason::Hole => {
                // The owner has it unmapped just now, or all of it is, at the end.
                assert!(fault.range.is_some());
                false
            }
            Err(VectorError::Refused(fault)) => {
                assert_eq!((fault.reason, fault.errno), (Reason::Dead, libc::ESRCH));
                true
            }
            Err(error) => panic!("{error}"),
        })
    });
    gone?;
    assert!(passed > 0, "no call was in time");
    drop(owner);
    // What is left of the files is what was written to them.
    let map = Map::current()?;
    let outcomes = all_succeed_somehow(&map, &scene.targets(), BOTH);
    assert_eq!(outcomes.all.left, 0);
    scene.assert_all_done();
    Ok(())
}

pub fn owner_forks_and_exits() -> Verdict {
    until_the_owner(|| Ok(()))
}

pub fn owner_forks_and_executes() -> Verdict {
    until_the_owner(|| {
        program::idle()?;
        Ok(())
    })
}
