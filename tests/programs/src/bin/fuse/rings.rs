// SPDX-License-Identifier: GPL-2.0

//! Rings: requests about files whose server does not answer, or gives an answer that means something else to
//! a ring.

use super::{
    connection::Connection,
    mount::Mount,
    server::{
        Temper,
        Trigger,
        TRIGGER, //
    },
    stuck::stuck, //
};
use io_uring::opcode::AsyncCancel;
use nix::{
    errno::Errno,
    fcntl::{
        posix_fadvise,
        PosixFadviseAdvice, //
    },
};
use std::{
    fs::File,
    os::fd::AsRawFd,
    thread,
    time::Duration, //
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
    check::BOTH,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    raw::{
        self,
        ioctl,
        Desk, //
    },
    ring::{
        command,
        Ring, //
    },
};

const PAGES: usize = 2;
/// The number of the request to cancel the other.
const CANCEL: u64 = 99;

/// A server of its own for a test, with a file that is mapped, and not open: to close it would be to wait for
/// its server.
struct Scene {
    mount: Mount,
    mapping: Mapping,
    map: Map,
    desk: Desk,
}

impl Scene {
    fn new(mount: Mount) -> Result<Self, Failure> {
        let file = mount.create("file", PAGES)?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &file, 0, Share::Shared)?;
        mapping.touch(0..PAGES);
        Ok(Self {
            mount,
            mapping,
            map: Map::current()?,
            desk: Desk::new()?,
        })
    }

    fn argument(&self, flags: Flags) -> usize {
        self.desk
            .put(0, &raw::args(&self.mapping.all(), flags.bits()));
        self.desk.address(0)
    }

    fn result(&self) -> uapi::vm_map_sync_result {
        self.desk.get::<vm_map_sync_args>(0).result
    }

    /// Asserts that a request ends when it is cancelled, while the server has not answered.
    fn assert_cancelled(&self, flags: Flags) -> Verdict {
        let connection = Connection::numbered(self.mount.connection())?;
        let mut ring = Ring::new()?;
        let argument = self.argument(flags);
        ring.push(command(&self.map, uapi::VM_MAP_SYNC_SYNC, argument));
        ring.submit()?;
        connection.wait_for(1)?;
        ring.push(AsyncCancel::new(0).build().user_data(CANCEL));
        let mut all = ring.wait(2)?;
        all.sort_by_key(|&(number, _)| number);
        assert_eq!(
            all,
            [(0, Err(Errno::EINTR)), (CANCEL, Err(Errno::EALREADY))],
            "{flags:?}"
        );
        let result = self.result();
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_KILLED, "{flags:?}");
        assert_eq!(result.done, self.mapping.all().start as u64);
        Ok(())
    }
}

/// Whether it is a single file that the server is to commit, or to write to.
pub fn stuck_server_and_a_cancel() -> Verdict {
    {
        let scene = Scene::new(Mount::with(Temper::default(), stuck())?)?;
        scene.assert_cancelled(Flags::SYNCIO)?;
    }
    for flags in [Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let scene = Scene::new(Mount::new(Temper {
            trigger: Trigger::Stop,
            ..Temper::default()
        })?)?;
        scene.mapping.poke(1, TRIGGER);
        scene.assert_cancelled(flags)?;
    }
    Ok(())
}

/// Somebody's page fault waits for the server, and with that has a lock which keeps pages from being freed.
pub fn page_fault_and_a_cancel() -> Verdict {
    let mount = Mount::with(Temper::default(), stuck())?;
    let file = mount.create("file", PAGES)?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::Shared)?;
    // Page 0 is cached, and page 1 is not.
    mapping.advise(0..PAGES, libc::MADV_RANDOM)?;
    posix_fadvise(
        file.as_raw_fd(),
        0,
        0,
        PosixFadviseAdvice::POSIX_FADV_DONTNEED,
    )?;
    mapping.touch(0..1);
    assert_eq!(mapping.resident(0..PAGES)?, [true, false]);
    let connection = Connection::numbered(mount.connection())?;
    let committing = Child::spawn(|| {
        // That the server has died is no news.
        let _ = file.sync_data();
        Ok(())
    })?;
    connection.wait_for(1)?;
    let faulting = Child::spawn(|| {
        mapping.touch(1..2);
        Ok(())
    })?;
    connection.wait_for(2)?;

    let map = Map::current()?;
    let desk = Desk::new()?;
    let mut ring = Ring::new()?;
    loop {
        desk.put(0, &raw::args(&mapping.all(), Flags::INVALIDATE.bits()));
        ring.push(command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0)));
        ring.submit()?;
        thread::sleep(Duration::from_millis(50));
        ring.push(AsyncCancel::new(0).build().user_data(CANCEL));
        let mut all = ring.wait(2)?;
        all.sort_by_key(|&(number, _)| number);
        // No worker may have come to it yet.
        if all != [(0, Err(Errno::ECANCELED)), (CANCEL, Ok(0))] {
            assert_eq!(
                all,
                [(0, Err(Errno::EINTR)), (CANCEL, Err(Errno::EALREADY))]
            );
            break;
        }
    }
    assert_eq!(mapping.resident(0..PAGES)?, [true, false]);
    mount.end()?;
    drop((committing, faulting));
    Ok(())
}

/// The lock of the map is taken by a thread that unmaps what its server does not write. Who submits does not
/// wait for it, although there is nothing to do.
pub fn the_lock_of_a_map_is_not_waited_for() -> Verdict {
    let mount = Mount::new(Temper {
        trigger: Trigger::Stop,
        ..Temper::default()
    })?;
    let remote = Mapping::reserve(PAGES)?;
    {
        let file = mount.create("file", PAGES)?;
        remote.map(0..PAGES, &file, 0, Share::Shared)?;
    }
    remote.poke(1, TRIGGER);
    // Two entries: for one the lock of the map is not needed.
    let file = TestFile::new(PAGES)?;
    let mapping = Mapping::reserve(2 * PAGES)?;
    for half in [0..PAGES, PAGES..2 * PAGES] {
        mapping.map(half.clone(), file.file(), 0, Share::Shared)?;
        mapping.touch(half);
    }
    let connection = Connection::numbered(mount.connection())?;
    let map = Map::current()?;
    let desk = Desk::new()?;
    let mut ring = Ring::new()?;
    desk.put(0, &raw::args(&mapping.all(), 0));
    let request = || command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0));
    ring.push(request());
    ring.submit()?;
    assert_eq!(ring.completed(), [(0, Ok(0))], "it takes no waiting");

    thread::scope(|threads| {
        let unmapping = threads.spawn(|| remote.map_anonymous(0..PAGES, libc::MAP_PRIVATE));
        connection.wait_for(1)?;
        ring.push(request());
        ring.submit()?;
        let at_once = ring.completed();
        connection.abort()?;
        assert_eq!(at_once, []);
        assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
        let unmapped = unmapping.join();
        assert!(matches!(unmapped, Ok(Ok(()))), "{unmapped:?}");
        Ok(())
    })
}

/// To a ring `EAGAIN` means to bring the request again.
pub fn servers_that_answer_again() -> Verdict {
    let again = Box::new(|_| Err(libc::EAGAIN));
    let scene = Scene::new(Mount::with(Temper::default(), again)?)?;
    let mut ring = Ring::new()?;
    for by_ring in [false, true] {
        let argument = scene.argument(Flags::SYNCIO);
        let code = if by_ring {
            let request = command(&scene.map, uapi::VM_MAP_SYNC_SYNC, argument);
            ring.call(request)?.map(drop)
        } else {
            ioctl(&scene.map, uapi::VM_MAP_SYNC_SYNC, argument)
        };
        assert_eq!(code, Err(Errno::EIO), "by ring: {by_ring}");
        let result = scene.result();
        assert_eq!(
            (result.reason, result.error),
            (uapi::VM_MAP_SYNC_REASON_IO, libc::EIO)
        );
    }
    Ok(())
}

/// Who submits is not kept until a server has said who may do what.
pub fn servers_are_not_asked_at_once() -> Verdict {
    let temper = Temper {
        fickle: true,
        ..Temper::default()
    };
    let mount = Mount::with(temper, stuck())?;
    let file = mount.create("file", PAGES)?;
    let only_read = File::open(mount.directory().join("file"))?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &only_read, 0, Share::SharedRead)?;
    mapping.touch(0..PAGES);
    let (ours, theirs) = Line::pair()?;
    let submitter = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let desk = Desk::new()?;
        let mut ring = Ring::new()?;
        desk.put(0, &raw::args(&mapping.all(), Flags::INVALIDATE.bits()));
        theirs.receive()?;
        ring.push(command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0)));
        ring.submit()?;
        theirs.send(0)?;
        let all = ring.wait(1)?;
        assert_eq!(all, [(0, Err(Errno::EPERM))], "nobody can be asked");
        Ok(())
    })?;
    let connection = Connection::numbered(mount.connection())?;
    let stuck = Child::spawn(|| {
        // That the server has died is no news.
        let _ = file.sync_data();
        Ok(())
    })?;
    connection.wait_for(1)?;
    ours.send(0)?;
    ours.receive()?;
    mount.end()?;
    submitter.join()?;
    drop(stuck);
    Ok(())
}
