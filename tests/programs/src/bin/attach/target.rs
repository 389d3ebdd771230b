// SPDX-License-Identifier: GPL-2.0

//! Targets: processes to attach to, and what it takes to attach to them.

use nix::errno::Errno;
use std::{
    convert::Infallible,
    io,
    ops::Range,
    os::fd::{
        AsFd,
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
    path::Path,
    ptr,
};
use vm_map_sync::{
    uapi,
    Flags,
    Map,
    Reason,
    Whose, //
};
use vm_map_sync_tests::{
    check::refused,
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
        become_user_with,
        Child,
        Line, //
    },
    sysctl::Sysctl,
};

/// Somebody without rights, as [`NOBODY`](vm_map_sync_tests::process::NOBODY) is.
pub const SOMEBODY: u32 = 4711;

/// A process that waits until it is let go of, or dropped.
pub struct Target {
    child: Child,
    line: Line,
}

impl Target {
    /// Forks one. It does `first` before it waits.
    pub fn new(first: impl FnOnce() -> Verdict) -> Result<Self, Failure> {
        let target = Self::spawn(|line| {
            first()?;
            line.send(0)?;
            Ok(line.receive().map(drop)?)
        })?;
        target.line.receive()?;
        Ok(target)
    }

    /// Forks one that belongs to a user.
    pub fn of_user(user: u32) -> Result<Self, Failure> {
        Self::new(|| Ok(become_user(user, user)?))
    }

    /// Forks one that maps all of `file` and has page 3 of it dirty. Also where that is in it.
    pub fn with(file: &TestFile) -> Result<(Self, Range<usize>), Failure> {
        let mapping = Mapping::reserve(file.pages())?;
        let target = Self::new(|| {
            mapping.map(0..file.pages(), file.file(), 0, Share::Shared)?;
            mapping.fill(1, [3]);
            Ok(())
        })?;
        Ok((target, mapping.all()))
    }

    /// Forks one that belongs to a user and executes a program.
    pub fn executing(
        user: u32,
        execute: impl FnOnce() -> io::Result<Infallible>,
    ) -> Result<Self, Failure> {
        let target = Self::spawn(|_| {
            become_user(user, user)?;
            execute()?;
            Ok(())
        })?;
        // The execution closes the line, and so does its failure.
        target.line.receive_end()?;
        Ok(target)
    }

    /// Forks one that does `body`, with its end of the line.
    pub fn spawn(body: impl FnOnce(&Line) -> Verdict) -> Result<Self, Failure> {
        let (line, theirs) = Line::pair()?;
        let child = Child::spawn(|| body(&theirs))?;
        Ok(Self { child, line })
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.child.pid().as_raw().unsigned_abs()
    }

    /// The process.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// The line to it.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Lets go of it.
    pub fn release(&self) -> io::Result<()> {
        self.line.send(0)
    }

    /// Lets go of it, and waits until it has ended.
    pub fn end(self) -> Verdict {
        self.release()?;
        self.child.join()
    }
}

/// Does something as a user with these capabilities only.
pub fn as_user(user: u32, capabilities: &[u32], body: impl FnOnce() -> Verdict) -> Verdict {
    let child = Child::spawn(|| {
        become_user_with(user, user, capabilities)?;
        body()
    })?;
    child.join()
}

/// Has Yama say nothing, if it is there.
pub fn without_yama() -> Result<Option<Sysctl>, Failure> {
    if !Path::new("/proc/sys").join(YAMA).exists() {
        return Ok(None);
    }
    Ok(Some(Sysctl::set(YAMA, "0")?))
}

/// The sysctl of Yama.
pub const YAMA: &str = "kernel/yama/ptrace_scope";

/// A pidfd of a process, or with `PIDFD_THREAD` of a thread.
pub fn pidfd_of(number: u32, flags: libc::c_uint) -> Result<OwnedFd, Errno> {
    // SAFETY: It has no other arguments than numbers.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, number, flags) };
    let descriptor = Errno::result(descriptor)? as i32;
    // SAFETY: It was just made, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// `PIDFD_THREAD` of linux/pidfd.h.
const PIDFD_THREAD: libc::c_uint = libc::O_EXCL as libc::c_uint;

/// Asks for a descriptor of a process that it has not: who may not have it is told so, by the rule of
/// ptrace.
fn ask_for_descriptor(number: u32) -> Errno {
    const NONE: libc::c_int = 1 << 20;
    let pidfd = match pidfd_of(number, PIDFD_THREAD) {
        Ok(pidfd) => pidfd,
        Err(errno) => return errno,
    };
    // SAFETY: It has no other arguments than numbers.
    let code = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), NONE, 0) };
    assert_eq!(code, -1, "process {number} has such a descriptor");
    Errno::last()
}

/// Attaches to a process. Who may, and nobody else, may also have its descriptors.
#[track_caller]
pub fn attach(number: u32) -> Result<Map, i32> {
    let map = Map::attach(number).map_err(|error| {
        error
            .errno()
            .unwrap_or_else(|| panic!("no error number: {error}"))
    });
    let want = match map.as_ref().err() {
        None => Errno::EBADF,
        Some(&libc::EACCES) => Errno::EPERM,
        Some(_) => return map,
    };
    assert_eq!(ask_for_descriptor(number), want, "to attach: {map:?}");
    map
}

/// Asserts that one can attach to a process, and that the handle is on the map of `process`.
#[track_caller]
pub fn attaches_to_process_of(number: u32, process: u32) -> Map {
    let map = match attach(number) {
        Ok(map) => map,
        Err(errno) => panic!("error {errno} for process {number}"),
    };
    assert_whose(&map, Whose::Other, Some(process));
    refused(&map, 0..1, Flags::SYNCIO, Reason::Hole, 0);
    map
}

/// Asserts that one can attach to a process.
#[track_caller]
pub fn attaches(number: u32) -> Map {
    attaches_to_process_of(number, number)
}

/// Asserts that one cannot attach to a process, for want of rights.
#[track_caller]
pub fn is_forbidden(number: u32) {
    assert_eq!(attach(number).err(), Some(libc::EACCES), "process {number}");
}

/// Asserts what a handle says of itself.
#[track_caller]
pub fn assert_whose(map: &Map, whose: Whose, process: Option<u32>) {
    let info = map.info().expect("a handle says what it is");
    assert_eq!((info.whose, info.process), (whose, process));
}

/// A valid argument.
pub fn argument(pid: i32) -> uapi::vm_map_sync_attach {
    uapi::vm_map_sync_attach {
        size: uapi::VM_MAP_SYNC_ATTACH_SIZE_VER0,
        pid,
        ..Default::default()
    }
}

/// Attaches with an argument of any kind, through a handle of any kind.
pub fn attach_through(door: &Map, argument: &uapi::vm_map_sync_attach) -> Result<Map, Errno> {
    // SAFETY: The argument is only read.
    let code = unsafe {
        libc::ioctl(
            door.as_fd().as_raw_fd(),
            libc::Ioctl::from(uapi::VM_MAP_SYNC_ATTACH),
            ptr::from_ref(argument),
        )
    };
    // SAFETY: The descriptor was just made, and nobody else knows of it.
    Errno::result(code).map(|descriptor| unsafe { OwnedFd::from_raw_fd(descriptor) }.into())
}
