// SPDX-License-Identifier: GPL-2.0

//! Submit: what a thread pays for a request of a ring, until `io_uring_enter()` returns.

use crate::{
    calls,
    clock::Clock,
    contest::{
        scene,
        Contest,
        Peer, //
    },
    place::{
        Place,
        Speed,
        EXT4, //
    },
    Done,
};
use io_uring::{
    opcode,
    squeue::{
        Entry,
        Flags as Way, //
    },
    types::{
        Fd,
        FsyncFlags, //
    },
};
use std::{
    cell::{
        Cell,
        RefCell, //
    },
    io,
    os::fd::AsRawFd, //
};
use vm_map_sync::{
    uapi,
    Flags,
    Map, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::{
    mapping::{
        Mapping,
        Share, //
    },
    raw::{
        self,
        Desk, //
    },
    ring::{
        command,
        Ring, //
    },
};

const SUBJECT: &str = "submit";

const PAGES: usize = 256;
/// Pages that are dirty where any are.
const DIRTY: usize = 16;
const ROUNDS: usize = 50;

pub fn measure() -> Done {
    let clock = Clock::instructions()?;
    go_first()?;
    let place = Place::new(EXT4, Speed::Instant, 512)?;
    let file = place.file(PAGES, 1)?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::Shared)?;
    let map = Map::current()?;
    let desk = Desk::new()?;
    let ring = RefCell::new(Ring::new()?);

    let sync = |flags: Flags| {
        desk.put(0, &raw::args(&mapping.all(), flags.bits()));
        command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0))
    };
    let fsync = || {
        let file = Fd(file.as_raw_fd());
        opcode::Fsync::new(file).flags(FsyncFlags::DATASYNC).build()
    };
    let push = |entry: Entry| -> Done {
        let mut ring = ring.borrow_mut();
        ring.push(entry);
        ring.submit()?;
        Ok(())
    };
    // What is still under way is none of the next one's business.
    let under_way = Cell::new(0);
    let submit = |entry: Entry| {
        under_way.set(under_way.get() + 1);
        push(entry)
    };
    let finish = || -> Done {
        ring.borrow_mut().wait(under_way.replace(0))?;
        Ok(())
    };
    for dirty in [0, DIRTY] {
        let peers = vec![
            Peer::new("io_uring fsync, submitted", || submit(fsync())),
            Peer::new(names::SUBMITTED, || submit(sync(Flags::SYNCIO))),
            Peer::new("vm_map_sync(SYNCIO), submitted with IOSQE_ASYNC", || {
                submit(sync(Flags::SYNCIO).flags(Way::ASYNC))
            }),
            Peer::new("vm_map_sync(0), submitted", || submit(sync(Flags::empty()))),
            Peer::new(names::ASYNC, || {
                calls::ours(&map, mapping.all(), Flags::empty())
            }),
        ];
        let contest = Contest {
            scene: scene(SUBJECT, place.name(), dirty, "dirty pages"),
            reference: "io_uring fsync, submitted",
            clock,
            rounds: ROUNDS,
            disk: place.disk(),
        };
        let mut word = 0;
        let prepare = || {
            finish()?;
            file.sync_data()?;
            word += 1;
            for page in 0..dirty {
                mapping.poke(page, word);
            }
            Ok(())
        };
        contest.run(peers, prepare, || Ok(Vec::new()))?;
        finish()?;
    }
    Ok(())
}

/// Has this thread run before all others, so that what it has others do does not count. There is one processor.
fn go_first() -> Done {
    let first = libc::sched_param { sched_priority: 1 };
    // Not so the workers that come of it.
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: The structure is that of the call.
    if unsafe { libc::sched_setscheduler(0, policy, &raw const first) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(())
}
