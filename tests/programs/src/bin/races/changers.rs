// SPDX-License-Identifier: GPL-2.0

//! Changers: change what is mapped, while it is synced.

use crate::{
    callers,
    storm::{
        map_both,
        Stage,
        ALL,
        DIRECT,
        HOLES,
        MAIN,
        STEADY, //
    },
};
use nix::{
    sys::wait::{
        waitpid,
        WaitStatus, //
    },
    unistd::{
        fork as fork_process,
        ForkResult, //
    },
};
use std::{
    panic,
    process::Command,
    thread, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    dice::Dice,
    mapping::Share, //
};

/// Gives the kernel advice on the mapping that all others use.
pub fn advise(stage: &Stage, dice: &mut Dice) {
    const ADVICE: [i32; 6] = [
        libc::MADV_DONTNEED,
        libc::MADV_PAGEOUT,
        libc::MADV_COLD,
        libc::MADV_WILLNEED,
        libc::MADV_RANDOM,
        libc::MADV_NORMAL,
    ];
    while !stage.is_over() {
        let pages = dice.part(0..MAIN);
        let done = match dice.of(0..3) {
            0 => stage.mapping.msync(pages, libc::MS_ASYNC),
            1 => stage.mapping.msync(pages, libc::MS_SYNC),
            _ => stage
                .mapping
                .advise(pages, ADVICE[dice.of(0..ADVICE.len())]),
        };
        assert!(done.is_ok(), "{done:?}");
        thread::yield_now();
    }
}

/// Maps, unmaps and protects parts of another mapping of the files, while another thread syncs it.
/// To be run in a process without further threads.
pub fn remap(stage: &Stage, dice: &mut Dice) {
    let mapping = map_both(&stage.main, &stage.direct).expect("the files can be mapped");
    let map = Map::current().expect("the device can be opened");
    thread::scope(|scope| {
        let mut others = dice.fork();
        let (mapping, map) = (&mapping, &map);
        let caller = scope.spawn(move || {
            while !stage.is_over() {
                let range = mapping.range(others.part(0..ALL));
                callers::call(map, range, callers::flags(&mut others), true);
            }
        });
        while !stage.is_over() {
            let pages = dice.part(0..MAIN);
            let done = match dice.of(0..8) {
                0 => mapping.unmap(pages),
                1 => mapping.protect(pages, libc::PROT_NONE).or(Ok(())),
                2 => mapping.protect(pages, libc::PROT_READ).or(Ok(())),
                3 => mapping.map(
                    pages.clone(),
                    stage.main.file(),
                    pages.start,
                    Share::Private,
                ),
                4 => mapping.map_anonymous(pages, libc::MAP_PRIVATE),
                _ => mapping.map(pages.clone(), stage.main.file(), pages.start, Share::Shared),
            };
            assert!(done.is_ok(), "{done:?}");
            // What was mapped just now is there.
            let pages = dice.part(STEADY);
            let page = pages.start;
            let mapped = mapping.map(pages, stage.main.file(), page, Share::SharedRead);
            assert!(mapped.is_ok(), "{mapped:?}");
            stage
                .model
                .check(page, "a new mapping", || mapping.read(page));
        }
        if let Err(payload) = caller.join() {
            panic::resume_unwind(payload);
        }
    });
}

/// Forks children that look at the pages and sync them.
pub fn fork(stage: &Stage, dice: &mut Dice) {
    while !stage.is_over() {
        let mut others = dice.fork();
        // SAFETY: The child does nothing that a lock of another thread could keep it from, but for
        // memory, which the C library keeps usable across a fork.
        match unsafe { fork_process() }.expect("processes can be made") {
            ForkResult::Child => {
                panic::set_hook(Box::new(|panic| println!("# in a child: {panic}")));
                let done = panic::catch_unwind(panic::AssertUnwindSafe(|| {
                    live_briefly(stage, &mut others);
                }));
                // SAFETY: Ends this process, without what the parent wants to be done at its end.
                unsafe { libc::_exit(i32::from(done.is_err())) };
            }
            ForkResult::Parent { child } => {
                assert_eq!(waitpid(child, None), Ok(WaitStatus::Exited(child, 0)));
            }
        }
    }
}

fn live_briefly(stage: &Stage, dice: &mut Dice) {
    let own = Map::current().expect("the device can be opened");
    for _ in 0..dice.of(1..6) {
        for page in [dice.of(STEADY), dice.of(HOLES), dice.of(DIRECT)] {
            stage
                .model
                .check(page, "a child's mapping", || stage.mapping.read(page));
        }
        let range = stage.mapping.range(dice.part(0..ALL));
        // The parent's handle stays one on the parent's map.
        let map = if dice.of(0..2) == 0 { &own } else { &stage.map };
        callers::call(map, range, callers::flags(dice), false);
    }
}

/// Runs another program in a new process.
pub fn execute(stage: &Stage, _dice: &mut Dice) {
    while !stage.is_over() {
        let status = Command::new("/bin/true").status();
        assert!(
            status.as_ref().is_ok_and(|status| status.success()),
            "{status:?}"
        );
    }
}
