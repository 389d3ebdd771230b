// SPDX-License-Identifier: GPL-2.0

//! What is no file that could be mapped: refused by name, alone and in a vector.

use super::scene::{
    assert_nothing_done,
    refused,
    scene, //
};
use nix::{
    errno::Errno,
    sys::{
        memfd::{
            memfd_create,
            MemFdCreateFlag, //
        },
        socket::{
            socketpair,
            AddressFamily,
            SockFlag,
            SockType, //
        },
    },
    unistd::pipe,
};
use std::{
    env,
    fs::File,
    io,
    ops::RangeFull,
    os::{
        fd::{
            AsFd,
            BorrowedFd,
            FromRawFd,
            OwnedFd, //
        },
        unix::fs::OpenOptionsExt,
    },
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Map,
    Reason,
    Target,
    DEVICE, //
};
use vm_map_sync_tests::{
    check::{
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        args,
        Desk, //
    },
    vector::all_refused, //
};

const NO_FILE: (Reason, i32) = (Reason::Descriptor, libc::ENODEV);
const NOT_OPEN: (Reason, i32) = (Reason::Descriptor, libc::EBADF);

/// Asserts that a descriptor is refused for `why`, alone and beside a file for which there is no reason.
#[track_caller]
fn refuses((map, file): &(Map, TestFile), descriptor: impl AsFd, why: (Reason, i32)) {
    for flags in ALL {
        refused(map, &descriptor, .., flags, why, 0);
        refused(map, &descriptor, 4096..8192, flags, why, 0);
        let targets = [
            Target::file(file.file().as_fd(), RangeFull),
            Target::file(descriptor.as_fd(), RangeFull),
        ];
        all_refused(map, &targets, flags, why, (1, 0));
        assert_nothing_done(file);
    }
}

pub fn what_cannot_be_mapped() -> Verdict {
    let scene = scene()?;
    refuses(&scene, File::open(env::temp_dir())?, NO_FILE);
    let (out, into) = pipe()?;
    refuses(&scene, out, NO_FILE);
    refuses(&scene, into, NO_FILE);
    let (one, _two) = socketpair(
        AddressFamily::Unix,
        SockType::Stream,
        None,
        SockFlag::empty(),
    )?;
    refuses(&scene, one, NO_FILE);
    refuses(&scene, File::open("/dev/null")?, NO_FILE);
    refuses(&scene, File::open("/dev/zero")?, NO_FILE);
    refuses(&scene, File::open(DEVICE)?, NO_FILE);
    refuses(&scene, File::open("/proc/self/maps")?, NO_FILE);
    // SAFETY: The calls take numbers only, and what they return is nobody else's.
    let (event, epoll) = unsafe {
        (
            owned(libc::eventfd(0, 0), "eventfd")?,
            owned(libc::epoll_create1(0), "epoll")?,
        )
    };
    refuses(&scene, event, NO_FILE);
    refuses(&scene, epoll, NO_FILE);
    Ok(())
}

/// # Safety
///
/// The descriptor, if it is one, must be nobody's.
unsafe fn owned(descriptor: libc::c_int, name: &str) -> Result<OwnedFd, Failure> {
    if descriptor < 0 {
        let error = io::Error::last_os_error();
        return Err(Failure::Failed(format!("{name}: {error}")));
    }
    // SAFETY: The caller promises it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

pub fn what_is_not_open() -> Verdict {
    let scene = scene()?;
    for number in [1000, i32::MAX] {
        // SAFETY: Nobody uses it but the kernel, which finds that it is not open.
        let closed = unsafe { BorrowedFd::borrow_raw(number) };
        refuses(&scene, closed, NOT_OPEN);
    }
    let (_, file) = &scene;
    let name = File::options()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(file.path())?;
    refuses(&scene, name, NOT_OPEN);
    Ok(())
}

/// Files of huge pages are what mappings of them are.
pub fn file_of_huge_pages() -> Verdict {
    let scene = scene()?;
    let flags = MemFdCreateFlag::MFD_HUGETLB;
    let huge = memfd_create(c"huge", flags)
        .map_err(|errno| Failure::skip(format!("no file of huge pages can be had: {errno}")))?;
    refuses(&scene, huge, (Reason::Special, libc::EOPNOTSUPP));
    Ok(())
}

/// Negative numbers, and a number where none is expected.
pub fn numbers_that_are_none() -> Verdict {
    let (map, file) = scene()?;
    let desk = Desk::new()?;
    let both = BOTH.bits();
    for fd in [-1, i32::MIN, libc::AT_FDCWD] {
        let of_file = vm_map_sync_args {
            fd,
            ..args(&(0..0), both | uapi::VM_MAP_SYNC_FILE)
        };
        let (code, after) = desk.call(&map, &of_file);
        assert_eq!(code, Err(Errno::EBADF), "{fd}");
        let reason = uapi::VM_MAP_SYNC_REASON_DESCRIPTOR;
        assert_eq!(after.result.reason, reason, "{fd}");
        assert_eq!(after.result.error, libc::EBADF, "{fd}");
    }
    let mapping = file.map()?;
    for fd in [1, -1, i32::MAX] {
        let of_addresses = vm_map_sync_args {
            fd,
            ..args(&mapping.all(), both)
        };
        let (code, after) = desk.call(&map, &of_addresses);
        assert_eq!(code, Err(Errno::EINVAL), "{fd}");
        let reason = uapi::VM_MAP_SYNC_REASON_ARGUMENT;
        assert_eq!(after.result.reason, reason, "{fd}");
    }
    assert_nothing_done(&file);
    Ok(())
}
