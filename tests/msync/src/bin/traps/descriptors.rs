// SPDX-License-Identifier: GPL-2.0

//! The descriptor that the library keeps, and a program that does not know of it.

use super::answers::{
    assert_gone,
    scene,
    BOTH,
    DIRTY, //
};
use libc::c_int;
use nix::unistd::{
    close,
    dup2, //
};
use std::{
    fs,
    os::{
        fd::AsRawFd,
        unix::fs::MetadataExt, //
    },
};
use vm_map_sync_msync_tests::{
    filter::{
        self,
        Verdict as Filtered, //
    },
    handles,
    sync, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict,
    mapping::Mapping, //
};

/// Asserts that a call frees, as only the module does.
fn frees(file: &TestFile, mapping: &Mapping) -> Verdict {
    mapping.fill(1, DIRTY);
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    assert_gone(file, mapping)
}

/// The one that is kept.
fn kept() -> Result<c_int, vm_map_sync_tests::harness::Failure> {
    let handles = handles()?;
    assert_eq!(handles.len(), 1, "{handles:?}");
    Ok(handles.first().copied().unwrap_or(-1))
}

pub fn closed() -> Verdict {
    let (file, mapping) = scene()?;
    assert_eq!(handles()?.len(), 0);
    for _ in 0..3 {
        frees(&file, &mapping)?;
        frees(&file, &mapping)?;
        let kept = kept()?;
        assert!(kept >= 200, "out of the way: {kept}");
        close(kept)?;
    }
    Ok(())
}

/// Another file under its number is not called: that would be the end.
pub fn replaced() -> Verdict {
    let (file, mapping) = scene()?;
    frees(&file, &mapping)?;
    let place = kept()?;
    filter::refuse(libc::SYS_ioctl, Some(place.unsigned_abs()), Filtered::Kill)?;
    dup2(file.file().as_raw_fd(), place)?;
    frees(&file, &mapping)?;
    assert_ne!(kept()?, place);
    let there = fs::metadata(format!("/proc/self/fd/{place}"))?;
    assert_eq!(there.ino(), file.file().metadata()?.ino(), "it was closed");
    Ok(())
}

/// With whom nothing stays, nothing is left behind in the end.
pub fn lost_all_the_time() -> Verdict {
    let (file, mapping) = scene()?;
    for _ in 0..40 {
        frees(&file, &mapping)?;
        for handle in handles()? {
            close(handle)?;
        }
    }
    frees(&file, &mapping)?;
    assert_eq!(handles()?.len(), 0);
    Ok(())
}
