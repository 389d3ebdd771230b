// SPDX-License-Identifier: GPL-2.0

//! Targets: processes to attach to, and what it takes to attach to them.

use nix::{
    errno::Errno,
    sys::uio::{
        process_vm_readv,
        RemoteIoVec, //
    },
    unistd::Pid,
};
use std::{
    convert::Infallible,
    io::{
        self,
        IoSliceMut, //
    },
    ops::Range,
    os::fd::{
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
    Info,
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

/// What is read of a process to see whether one may: it is there in all that are forks of this one.
static WORD: u64 = 0x5eed;

/// Attaches to a process. Who may, and nobody else, may also read its memory.
#[track_caller]
pub fn attach(number: u32) -> Result<Map, i32> {
    let map = Map::attach(number).map_err(|error| {
        error
            .errno()
            .unwrap_or_else(|| panic!("no error number: {error}"))
    });
    let mut bytes = [0];
    let here = RemoteIoVec {
        base: ptr::from_ref(&WORD).addr(),
        len: bytes.len(),
    };
    let process = Pid::from_raw(i32::try_from(number).expect("a number is positive"));
    let read = process_vm_readv(process, &mut [IoSliceMut::new(&mut bytes)], &[here]);
    let forbidden = matches!(read, Err(Errno::EPERM));
    assert_eq!(
        map.as_ref().err() == Some(&libc::EACCES),
        forbidden,
        "to attach: {map:?}, to read: {read:?}"
    );
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
    assert_eq!(info, Info { whose, process });
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
    use std::os::fd::AsFd;
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
