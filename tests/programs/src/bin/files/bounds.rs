// SPDX-License-Identifier: GPL-2.0

//! Bounds: where a range of a file begins and ends, as the device takes them.

use super::scene::{
    assert_nothing_done,
    scene,
    DIRTY,
    PAGES, //
};
use nix::errno::Errno;
use std::os::fd::AsRawFd;
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args,
        vm_map_sync_result, //
    },
    Map,
};
use vm_map_sync_tests::{
    check::BOTH,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        args,
        fields,
        Desk, //
    },
    PAGE, //
};

/// Calls on a range of a file.
fn call(
    map: &Map,
    file: &TestFile,
    start: u64,
    end: u64,
) -> Result<(Result<(), Errno>, vm_map_sync_result), Failure> {
    let flags = BOTH.bits() | uapi::VM_MAP_SYNC_FILE;
    let argument = vm_map_sync_args {
        start,
        end,
        fd: file.file().as_raw_fd(),
        ..args(&(0..0), flags)
    };
    let (code, after) = Desk::new()?.call(map, &argument);
    Ok((code, after.result))
}

/// Empty ranges are no entries of anything, and ends before starts are as wrong as elsewhere.
pub fn empty_and_backward_ranges() -> Verdict {
    let (map, file) = scene()?;
    let page = PAGE as u64;
    for (start, end) in [
        (1, 1),
        (page, page),
        (page + 1, page + 1),
        (2, 1),
        (page, page - 1),
        (1 << 40, 1 << 40),
        (u64::MAX, u64::MAX),
        (u64::MAX, 1),
        (u64::MAX, u64::MAX - 1),
    ] {
        let (code, result) = call(&map, &file, start, end)?;
        assert_eq!(code, Err(Errno::EINVAL), "{start:#x}..{end:#x}");
        let want = vm_map_sync_result {
            kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
            reason: uapi::VM_MAP_SYNC_REASON_ARGUMENT,
            error: libc::EINVAL,
            ..Default::default()
        };
        assert_eq!(fields(&result), fields(&want), "{start:#x}..{end:#x}");
    }
    assert_nothing_done(&file);
    Ok(())
}

/// Where no file has anything there is nothing to do.
pub fn huge_offsets() -> Verdict {
    let (map, file) = scene()?;
    let most = i64::MAX as u64;
    for (start, end) in [
        (most, 0),
        (most, most + 1),
        (most - 1, most),
        (most + 1, 0),
        (most + 1, u64::MAX),
        (1 << 44, 1 << 45),
        (u64::MAX - PAGE as u64, u64::MAX),
        (u64::MAX - 1, u64::MAX),
        (u64::MAX - 1, 0),
        (u64::MAX, 0),
    ] {
        let (code, result) = call(&map, &file, start, end)?;
        assert_eq!(code, Ok(()), "{start:#x}..{end:#x}: {result:x?}");
        let want = vm_map_sync_result {
            done: result.done,
            ..Default::default()
        };
        assert_eq!(fields(&result), fields(&want), "{start:#x}..{end:#x}");
        let first = start / PAGE as u64 * PAGE as u64;
        assert!(result.done >= first, "{start:#x}..{end:#x}: {result:x?}");
        assert_nothing_done(&file);
    }
    for end in [most, most + 1, u64::MAX - 1, u64::MAX] {
        let (map, file) = scene()?;
        let (code, result) = call(&map, &file, 0, end)?;
        assert_eq!(code, Ok(()), "0..{end:#x}");
        let counts = (result.pushed, result.freed);
        assert_eq!(counts, (DIRTY.len() as u64, PAGES as u64), "0..{end:#x}");
        assert_eq!(file.picture(0..PAGES)?, ".".repeat(PAGES));
    }
    Ok(())
}
