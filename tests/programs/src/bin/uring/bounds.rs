// SPDX-License-Identifier: GPL-2.0

//! Bounds: how much of what a ring was given is done at a time, and what becomes of the rest.

use super::scene::{
    sorted,
    Scene,
    ALL, //
};
use io_uring::{
    opcode,
    types::Fd, //
};
use nix::{
    errno::Errno,
    unistd::dup2, //
};
use std::{
    fs::File,
    os::fd::AsRawFd, //
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    patience::wait_until,
    process::Child,
    raw,
    ring::{
        command,
        Ring, //
    },
};

/// Where the argument about a descriptor is.
const ARGUMENT: usize = 2048;

/// What an argument names is looked up when a worker begins with it, which may be late: another file has got
/// the number meanwhile.
pub fn descriptors_are_those_at_the_beginning() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    ring.ring()
        .submitter()
        .register_iowq_max_workers(&mut [1, 0])?;
    scene.begin(&mut ring)?;
    let file = File::open(scene.files[0].path())?;
    let args = vm_map_sync_args {
        fd: file.as_raw_fd(),
        ..raw::args(&(0..0), Flags::SYNCIO.bits() | uapi::VM_MAP_SYNC_FILE)
    };
    scene.desk.put(ARGUMENT, &args);
    let argument = scene.desk.address(ARGUMENT);
    ring.push(command(&scene.map, uapi::VM_MAP_SYNC_SYNC, argument).user_data(1));
    ring.submit()?;
    assert_eq!(ring.completed(), []);
    let other = File::open("/dev/null")?;
    dup2(other.as_raw_fd(), file.as_raw_fd())?;
    scene.gate.open()?;
    let all = sorted(ring.wait(2)?);
    assert_eq!(all, [(0, Ok(0)), (1, Err(Errno::ENODEV))]);
    let args: vm_map_sync_args = scene.desk.get(ARGUMENT);
    assert_eq!(args.result.reason, uapi::VM_MAP_SYNC_REASON_DESCRIPTOR);
    Ok(())
}

/// A ring with few entries has as few workers, and no request is lost for that.
pub fn no_more_than_there_are_workers() -> Verdict {
    const WORKERS: usize = 2;
    const REQUESTS: usize = 6;
    let scene = Scene::new(REQUESTS)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::with(WORKERS as u32, |_| {})?;
    scene.begin(&mut ring)?;
    for request in 1..REQUESTS {
        ring.push(scene.request(request));
        ring.submit()?;
    }
    let begun = || {
        let is_dirty = |file: &vm_map_sync_tests::file::TestFile| {
            file.cached().is_ok_and(|cached| cached.dirty == 0)
        };
        scene.files.iter().filter(|file| is_dirty(file)).count() / 2
    };
    wait_until("begun", || Ok::<_, std::io::Error>(begun() == WORKERS))?;
    // Whoever is at the gate does not come back.
    assert_eq!(ring.completed(), []);
    assert_eq!(begun(), WORKERS);
    scene.gate.open()?;
    let all = sorted(ring.wait(REQUESTS)?);
    let want: Vec<_> = (0..REQUESTS as u64).map(|number| (number, Ok(0))).collect();
    assert_eq!(all, want);
    (0..REQUESTS).for_each(|request| scene.assert_done(request));
    Ok(())
}

/// Requests of one process do not keep those of another.
pub fn others_have_workers_of_their_own() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::with(1, |_| {})?;
    scene.begin(&mut ring)?;
    let other = Child::spawn(|| {
        // On the disk that all have.
        std::env::set_var("VMS_DIR", std::env::temp_dir());
        let map = Map::current()?;
        let args = raw::args(&scene.range(0), Flags::INVALIDATE.bits());
        scene.desk.put(ARGUMENT, &args);
        let argument = scene.desk.address(ARGUMENT);
        let mut ring = Ring::with(1, |_| {})?;
        // What is cached of it is freed by a worker.
        let request = command(&map, uapi::VM_MAP_SYNC_SYNC, argument);
        assert_eq!(ring.call(request)?, Ok(0));
        Ok(())
    })?;
    other.join()?;
    let args: vm_map_sync_args = scene.desk.get(ARGUMENT);
    assert_eq!(args.result.freed, ALL as u64);
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    Ok(())
}

/// With all workers taken, others that need none are done: a read of what is cached, a refusal.
pub fn what_takes_no_worker_goes_on() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::with(2, |_| {})?;
    ring.ring()
        .submitter()
        .register_iowq_max_workers(&mut [1, 0])?;
    scene.begin(&mut ring)?;
    let word = scene.desk.address(ARGUMENT) as *mut u8;
    let file = Fd(scene.files[0].file().as_raw_fd());
    let read = opcode::Read::new(file, word, 8).build().user_data(7);
    assert_eq!(ring_call(&mut ring, read)?, (7, Ok(8)));
    assert_eq!(scene.desk.get::<vm_map_sync_args>(ARGUMENT).size, 1);
    let refused = command(&scene.map, uapi::VM_MAP_SYNC_SYNC, 0).user_data(8);
    assert_eq!(ring_call(&mut ring, refused)?, (8, Err(Errno::EFAULT)));
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    Ok(())
}

/// The one request that completes next.
fn ring_call(
    ring: &mut Ring,
    request: io_uring::squeue::Entry,
) -> std::io::Result<vm_map_sync_tests::ring::Completion> {
    ring.push(request);
    Ok(ring.wait(1)?[0])
}
