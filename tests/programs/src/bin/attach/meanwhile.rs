// SPDX-License-Identifier: GPL-2.0

//! Meanwhile: processes that end or execute a program while somebody attaches to them, or afterwards.

use super::target::{
    as_user,
    assert_whose,
    attach,
    attaches,
    pidfd_of,
    without_yama,
    Target,
    SOMEBODY, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError,
    Whose, //
};
use vm_map_sync_tests::{
    check::{
        refused,
        BOTH, //
    },
    file::TestFile,
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    process::Child,
    program,
};

pub fn process_that_has_ended() -> Verdict {
    let file = TestFile::new(8)?;
    let (target, range) = Target::with(&file)?;
    let number = target.number();
    let map = attaches(number);
    target.release()?;
    target.child().wait_for_state('Z')?;
    assert_eq!(attach(number).err(), Some(libc::ESRCH));
    // It has a number still.
    assert_whose(&map, Whose::Dead, Some(number));
    refused(&map, range.clone(), BOTH, Reason::Dead, 0);
    drop(target);
    assert_eq!(attach(number).err(), Some(libc::ESRCH));
    assert_whose(&map, Whose::Dead, None);
    refused(&map, range, BOTH, Reason::Dead, 0);
    assert_eq!(file.picture(0..8)?, "CCCDCCCC", "something was done");
    Ok(())
}

/// A handle is on a map, and not on a process, which has another one afterwards.
pub fn process_that_executes_a_program() -> Verdict {
    let file = TestFile::new(8)?;
    let mapping = Mapping::reserve(8)?;
    let range = mapping.all();
    let target = Target::spawn(|line| {
        mapping.map(0..8, file.file(), 0, Share::Shared)?;
        mapping.fill(1, [3]);
        line.send(0)?;
        line.receive()?;
        program::idle()?;
        Ok(())
    })?;
    target.line().receive()?;
    let number = target.number();
    let old = attaches(number);
    target.release()?;
    target.line().receive_end()?;
    wait_until("dead", || {
        Ok::<_, Failure>(old.info()?.whose == Whose::Dead)
    })?;
    assert_whose(&old, Whose::Dead, Some(number));
    refused(&old, range.clone(), BOTH, Reason::Dead, 0);
    let new = attaches(number);
    refused(&new, range.clone(), BOTH, Reason::Hole, range.start);
    assert_eq!(file.picture(0..8)?, "CCCDCCCC", "something was done");
    assert_whose(&old, Whose::Dead, Some(number));
    Ok(())
}

/// Whether a map is there still, for all that one can tell: nothing is ever mapped at its first page.
#[track_caller]
fn is_alive(map: &Map) -> bool {
    match map.sync(0..1, Flags::empty()) {
        Err(SyncError::Refused(fault)) if fault.reason == Reason::Hole => true,
        Err(SyncError::Refused(fault)) if fault.reason == Reason::Dead => false,
        other => panic!("{other:?}"),
    }
}

/// Between the look at a process's map and the question whether one may have it the process can have
/// got another one. That is noticed, and everybody else has a handle on one map, until it goes.
pub fn executing_meanwhile() -> Verdict {
    let _yama = without_yama()?;
    let target = Target::executing(SOMEBODY, program::restless)?;
    let number = target.number();
    as_user(SOMEBODY, &[], || {
        let (mut attached, mut dead, mut noticed) = (0, 0, 0);
        wait_until("all that can happen", || {
            for _ in 0..20 {
                match Map::attach(number) {
                    Ok(map) => {
                        attached += 1;
                        if !is_alive(&map) {
                            dead += 1;
                            // Once it is dead it stays so.
                            assert_whose(&map, Whose::Dead, Some(number));
                        }
                    }
                    Err(error) if error.errno() == Some(libc::EAGAIN) => noticed += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            Ok::<_, Failure>(attached >= 50 && dead >= 1 && noticed >= 1)
        })?;
        println!(
            "# {attached} attached, {dead} of them to a map that went at once, {noticed} failed"
        );
        Ok(())
    })
}

/// Whoever comes too late is told so; whoever does not has a handle.
pub fn ending_meanwhile() -> Verdict {
    let (mut attached, mut late) = (0, 0);
    for round in 0..fewer(300) {
        let mut child = Child::spawn(|| Ok(()))?;
        let number = child.pid().as_raw().unsigned_abs();
        // Some are given the time to get to their end.
        for _ in 0..round % 20 {
            std::thread::yield_now();
        }
        let map = match Map::attach(number) {
            Ok(map) => Some(map),
            Err(error) if error.errno() == Some(libc::ESRCH) => None,
            Err(error) => panic!("{error}"),
        };
        child.wait()?;
        match map {
            Some(map) => {
                attached += 1;
                assert_whose(&map, Whose::Dead, None);
                assert!(!is_alive(&map));
            }
            None => late += 1,
        }
        assert_eq!(attach(number).err(), Some(libc::ESRCH));
    }
    println!("# {attached} attached, {late} came too late");
    Ok(())
}

/// A pidfd is of one process, whoever gets its number later.
pub fn pidfd() -> Verdict {
    let target = Target::new(|| Ok(()))?;
    let number = target.number();
    let pidfd = pidfd_of(number, 0)?;
    let map = Map::attach_to(&pidfd)?;
    assert_whose(&map, Whose::Other, Some(number));
    target.end()?;
    let late = Map::attach_to(&pidfd).map_err(|error| error.errno());
    assert_eq!(late.err(), Some(Some(libc::ESRCH)));
    Ok(())
}
