// SPDX-License-Identifier: GPL-2.0

//! What is left to the `msync()` of the kernel.

use super::answers::{
    scene,
    BOTH,
    DIRTY,
    PAGES, //
};
use libc::{
    MS_ASYNC,
    MS_SYNC, //
};
use nix::{
    errno::Errno,
    sys::resource::{
        setrlimit,
        Resource, //
    },
};
use std::{
    env,
    fs::{
        self,
        File,
        OpenOptions,
        Permissions, //
    },
    io,
    ops::Range,
    os::{
        fd::{
            FromRawFd, //
        },
        unix::fs::{
            chroot,
            PermissionsExt, //
        },
    },
};
use vm_map_sync_msync_tests::{
    filter::{
        self,
        Verdict as Filtered, //
    },
    handles,
    kernel,
    program,
    run,
    sync, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    maps::entry,
    process::{
        become_user,
        Child,
        NOBODY, //
    },
    sysctl::Sysctl,
    PAGE,
};

/// Asserts that the scene is durable, and that nothing of it was freed.
fn assert_kept(file: &TestFile) -> Verdict {
    file.assert_on_disk(1, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
    Ok(())
}

/// Asserts that the answer is the kernel's for all flags. Returns the one to `MS_SYNC`.
#[track_caller]
fn answers_as_the_kernel(range: &Range<usize>) -> Result<(), Errno> {
    for flags in [MS_ASYNC, BOTH, MS_SYNC] {
        let wanted = kernel(range.start, range.len(), flags);
        assert_eq!(sync(range.clone(), flags), wanted, "flags {flags}");
    }
    kernel(range.start, range.len(), MS_SYNC)
}

/// A file, and behind it pages of memory of a device: the BIOS, which may be looked at everywhere.
pub fn before_a_device(file: &TestFile) -> Result<Mapping, Failure> {
    let memory = OpenOptions::new().read(true).write(true).open("/dev/mem")?;
    let mapping = Mapping::reserve(PAGES + 2)?;
    mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
    mapping.map(PAGES..PAGES + 2, &memory, 0xf0, Share::SharedRead)?;
    Ok(mapping)
}

/// For memory of a device the kernel has an error of its own.
pub fn special_mappings() -> Verdict {
    assert_eq!(answers_as_the_kernel(&entry("[vdso]")?), Ok(()));
    assert_eq!(answers_as_the_kernel(&entry("[vvar]")?), Ok(()));

    const HUGE: usize = 512;
    let _reserved = Sysctl::set("vm/nr_hugepages", "1")?;
    let room = Mapping::reserve(2 * HUGE)?;
    let first = (room.address(0).next_multiple_of(HUGE * PAGE) - room.address(0)) / PAGE;
    room.map_anonymous(first..first + HUGE, libc::MAP_SHARED | libc::MAP_HUGETLB)?;
    let huge = room.range(first..first + HUGE);
    assert_eq!(answers_as_the_kernel(&huge), Ok(()));

    let (file, mapping) = scene()?;
    let beside = before_a_device(&file)?;
    let device = beside.range(PAGES..PAGES + 1);
    assert_eq!(answers_as_the_kernel(&device), Err(Errno::EINVAL));
    assert_eq!(sync(beside.all(), BOTH), Err(Errno::EINVAL));
    assert_kept(&file)?;
    mapping.assert_has(1, DIRTY);
    Ok(())
}

/// Memory that has no file is no matter, but memory in a file can be in one that knows no `fsync()`.
pub fn memory_beside_a_file() -> Verdict {
    let (file, mapping) = scene()?;
    let beside = Mapping::reserve(PAGES + 2)?;
    beside.map(0..PAGES, file.file(), 0, Share::Shared)?;
    beside.map_anonymous(PAGES..PAGES + 1, libc::MAP_PRIVATE)?;
    beside.map_anonymous(PAGES + 1..PAGES + 2, libc::MAP_SHARED)?;
    assert_eq!(sync(beside.all(), BOTH), Ok(()));
    super::answers::assert_gone(&file, &mapping)?;

    // SAFETY: The call takes flags only.
    let code = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    if code < 0 {
        return Err(Failure::skip(io::Error::last_os_error()));
    }
    // SAFETY: It was just made, and is nobody else's.
    let secret = unsafe { File::from_raw_fd(code as i32) };
    secret.set_len(PAGE as u64)?;
    beside.map(PAGES..PAGES + 1, &secret, 0, Share::Shared)?;
    let secret = beside.range(PAGES..PAGES + 1);
    assert_eq!(answers_as_the_kernel(&secret), Err(Errno::EINVAL));
    mapping.fill(1, DIRTY);
    assert_eq!(sync(beside.all(), BOTH), Err(Errno::EINVAL));
    file.assert_on_disk(1, DIRTY);
    Ok(())
}

/// Has a user call for a file of root's that everybody may read.
pub fn sync_for_somebody(file: &TestFile) -> Verdict {
    fs::set_permissions(file.path(), Permissions::from_mode(0o644))?;
    let reading = File::open(file.path())?;
    Child::spawn(|| {
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &reading, 0, Share::SharedRead)?;
        become_user(NOBODY, NOBODY)?;
        assert_eq!(sync(mapping.all(), BOTH), Ok(()));
        Ok(())
    })?
    .join()
}

/// Who may not write to a file cannot free its pages, and is not to be told so. The kernel does nothing for a mapping
/// that nobody can write by.
pub fn files_of_others() -> Verdict {
    let (file, _mapping) = scene()?;
    sync_for_somebody(&file)?;
    assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCDDCCCCCD");
    Ok(())
}

/// A root without a `/dev`.
pub fn no_device() -> Verdict {
    let (file, mapping) = scene()?;
    chroot(env::var_os("VMS_DIR").unwrap_or_default())?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    assert_kept(&file)
}

pub fn no_descriptors() -> Verdict {
    let (file, mapping) = scene()?;
    setrlimit(Resource::RLIMIT_NOFILE, 0, 0)?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    assert_kept(&file)
}

/// Programs that allow themselves few calls.
pub fn filtered() -> Verdict {
    for (calls, errno) in [
        (&[libc::SYS_openat][..], libc::EPERM),
        (&[libc::SYS_ioctl], libc::ENOSYS),
        (&[libc::SYS_ioctl], libc::EBUSY),
        // One of these is what libc has for fstat().
        (&[libc::SYS_fstat, libc::SYS_newfstatat], libc::EACCES),
    ] {
        let (file, mapping) = scene()?;
        let pages = mapping.range(0..1);
        Child::spawn(|| {
            // The handle may be there already.
            if !calls.contains(&libc::SYS_openat) {
                assert_eq!(sync(pages, MS_ASYNC), Ok(()));
            }
            for &call in calls {
                filter::refuse(call, None, Filtered::Error(errno))?;
            }
            assert_eq!(sync(mapping.all(), BOTH), Ok(()));
            assert_kept(&file)
        })?
        .join()?;
    }
    Ok(())
}

/// What this program says on the standard error when it does not find a device, twice.
pub fn said_once() -> Verdict {
    let said = |settings| {
        let output = run(&mut program(settings, &["--verbose"]))?;
        Ok::<_, Failure>(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(said("")?, "");
    assert_eq!(said("linux")?, "");
    let why = said("verbose,linux")?;
    assert!(
        why.contains("/dev/vm_map_sync") && why.contains("(errno 2)"),
        "{why}"
    );
    assert_eq!(why.lines().count(), 1, "{why}");
    let unknown = said("solaris")?;
    assert!(unknown.contains("'solaris'"), "{unknown}");
    assert_eq!(unknown.lines().count(), 1, "{unknown}");
    Ok(())
}

pub fn says_why() -> Verdict {
    let (_file, mapping) = scene()?;
    chroot(env::var_os("VMS_DIR").unwrap_or_default())?;
    for _ in 0..2 {
        assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    }
    assert!(handles().is_err(), "there is no /proc either");
    Ok(())
}
