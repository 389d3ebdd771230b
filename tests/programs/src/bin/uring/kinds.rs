// SPDX-License-Identifier: GPL-2.0

//! Kinds: rings that are set up in all ways, and requests that go together.

use super::scene::sorted;
use io_uring::{
    cqueue::Entry32,
    opcode,
    squeue::{
        Entry,
        Entry128,
        Flags as Link, //
    },
    types::{
        Fd,
        FsyncFlags, //
    },
};
use nix::errno::Errno;
use std::{
    io,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Map,
};
use vm_map_sync_tests::{
    check::BOTH,
    file::TestFile,
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    patience::wait_until,
    raw::{
        self,
        Desk, //
    },
    ring::{
        command,
        command_of_registered,
        Ring, //
    },
};

const PAGES: usize = 4;
/// Bytes between the arguments.
const ARGUMENT: usize = 128;

/// Files of which each request makes one durable and frees it.
struct Files {
    map: Map,
    mapped: Vec<(TestFile, Mapping)>,
    desk: Desk,
}

impl Files {
    fn new(count: usize) -> Result<Self, Failure> {
        let mapped = (0..count).map(|number| {
            let file = TestFile::new(PAGES)?;
            let mapping = file.map()?;
            mapping.fill(number as u64 + 1, 0..PAGES);
            Ok((file, mapping))
        });
        Ok(Self {
            map: Map::current()?,
            mapped: mapped.collect::<Result<_, Failure>>()?,
            desk: Desk::with_room(2)?,
        })
    }

    /// The argument for a file.
    fn argument(&self, number: usize) -> usize {
        let at = number * ARGUMENT;
        let (_, mapping) = &self.mapped[number];
        self.desk.put(at, &raw::args(&mapping.all(), BOTH.bits()));
        self.desk.address(at)
    }

    /// The request for a file.
    fn request(&self, number: usize) -> Entry {
        let argument = self.argument(number);
        command(&self.map, uapi::VM_MAP_SYNC_SYNC, argument).user_data(number as u64)
    }

    #[track_caller]
    fn assert_done(&self, number: usize) {
        let args: vm_map_sync_args = self.desk.get(number * ARGUMENT);
        let pages = PAGES as u64;
        assert_eq!(
            (args.result.reason, args.result.pushed, args.result.freed),
            (uapi::VM_MAP_SYNC_REASON_NONE, pages, pages)
        );
        self.mapped[number]
            .0
            .assert_on_disk(number as u64 + 1, 0..PAGES);
    }
}

pub fn many_at_once() -> Verdict {
    let many = fewer(48);
    let files = Files::new(many)?;
    let mut ring = Ring::new()?;
    for number in 0..many {
        ring.push(files.request(number));
    }
    let all = sorted(ring.wait(many)?);
    let want: Vec<_> = (0..many as u64).map(|number| (number, Ok(0))).collect();
    assert_eq!(all, want, "each completes once");
    (0..many).for_each(|number| files.assert_done(number));
    Ok(())
}

/// Requests that wait for each other: one before it, of another kind, and one behind it.
pub fn links() -> Verdict {
    let files = Files::new(1)?;
    let fsync = |number| {
        opcode::Fsync::new(Fd(files.mapped[0].0.file().as_raw_fd()))
            .flags(FsyncFlags::DATASYNC)
            .build()
            .user_data(number)
    };
    let mut ring = Ring::new()?;
    ring.push(fsync(7).flags(Link::IO_LINK));
    ring.push(files.request(0).flags(Link::IO_LINK));
    ring.push(fsync(8));
    let all = ring.wait(3)?;
    assert_eq!(all, [(7, Ok(0)), (0, Ok(0)), (8, Ok(0))]);
    let args: vm_map_sync_args = files.desk.get(0);
    // It was clean when its turn came.
    assert_eq!((args.result.pushed, args.result.freed), (0, PAGES as u64));
    Ok(())
}

/// What is linked to a request that fails is not done.
pub fn failed_links() -> Verdict {
    let files = Files::new(1)?;
    let mut ring = Ring::new()?;
    ring.push(
        command(&files.map, uapi::VM_MAP_SYNC_SYNC, 0)
            .user_data(7)
            .flags(Link::IO_LINK),
    );
    ring.push(files.request(0));
    let all = ring.wait(2)?;
    assert_eq!(all, [(7, Err(Errno::EFAULT)), (0, Err(Errno::ECANCELED))]);
    assert_eq!(files.mapped[0].0.cached()?.dirty, PAGES as u64);
    Ok(())
}

/// A thread of the kernel's takes what is in the queue.
pub fn the_kernel_submits() -> Verdict {
    let files = Files::new(2)?;
    let mut ring = Ring::with(8, |builder| {
        builder.setup_sqpoll(60_000);
    })?;
    ring.push(files.request(0));
    ring.push(files.request(1));
    // Wakes it up if it sleeps already.
    ring.submit()?;
    let mut all = Vec::new();
    wait_until("done", || {
        all.append(&mut ring.completed());
        io::Result::Ok(all.len() == 2)
    })?;
    assert_eq!(sorted(all), [(0, Ok(0)), (1, Ok(0))]);
    files.assert_done(0);
    files.assert_done(1);
    Ok(())
}

pub fn registered_devices() -> Verdict {
    let files = Files::new(1)?;
    let mut ring = Ring::new()?;
    let device = files.map.as_fd().as_raw_fd();
    ring.ring().submitter().register_files(&[device])?;
    let request = command_of_registered(0, uapi::VM_MAP_SYNC_SYNC, files.argument(0));
    assert_eq!(ring.call(request)?, Ok(0));
    files.assert_done(0);
    let missing = command_of_registered(1, uapi::VM_MAP_SYNC_SYNC, files.argument(0));
    assert_eq!(ring.call(missing)?, Err(Errno::EBADF));
    Ok(())
}

/// Rings whose entries and completions are larger than need be.
pub fn large_entries() -> Verdict {
    let files = Files::new(1)?;
    let mut ring = Ring::<Entry128, Entry32>::of_kind(8, |_| {})?;
    assert_eq!(ring.call(files.request(0))?, Ok(0));
    files.assert_done(0);
    Ok(())
}

/// Rings whose completions are brought when they are waited for.
pub fn one_issuer() -> Verdict {
    let files = Files::new(1)?;
    let mut ring = Ring::with(8, |builder| {
        builder.setup_single_issuer().setup_defer_taskrun();
    })?;
    assert_eq!(ring.call(files.request(0))?, Ok(0));
    files.assert_done(0);
    Ok(())
}
