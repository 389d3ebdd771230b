// SPDX-License-Identifier: GPL-2.0

//! The manner of BSD.

use super::{
    answers::{
        assert_gone,
        scene,
        BOTH,
        DIRTY,
        PAGES, //
    },
    fallbacks::{
        before_a_device,
        sync_for_somebody, //
    },
};
use libc::{
    MS_ASYNC,
    MS_INVALIDATE,
    MS_SYNC, //
};
use nix::errno::Errno;
use std::{
    env,
    os::unix::fs::chroot, //
};
use vm_map_sync_msync_tests::{
    msync,
    program,
    run,
    sync, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    maps::entry,
    process::Child,
    PAGE, //
};

/// The manner is one of the whole process.
pub fn bsd_manner() -> Verdict {
    run(&mut program("bsd", &["--bsd"])).map(drop)
}

pub fn in_the_manner_of_bsd() -> Verdict {
    lengths()?;
    flags()?;
    refusals()?;
    files_of_others()?;
    without_the_module()
}

fn lengths() -> Verdict {
    // No length is all of the mapping, at any page of it.
    let (file, mapping) = scene()?;
    assert_eq!(msync(mapping.address(5), 0, BOTH), Ok(()));
    assert_gone(&file, &mapping)?;

    // What is not on a page begins with the page it is on, and is never nothing.
    let (file, mapping) = scene()?;
    assert_eq!(msync(mapping.address(3) + 7, 0, BOTH), Ok(()));
    assert_eq!(file.picture(0..PAGES)?, "DCC.CCCCDDCCCCCD");
    assert_eq!(msync(mapping.address(8) + PAGE - 1, 2, BOTH), Ok(()));
    assert_eq!(file.picture(0..PAGES)?, "DCC.CCCC..CCCCCD");
    file.assert_on_disk(1, [3, 8, 9]);
    file.assert_on_disk(0, [0, 15]);

    let wraps = usize::MAX - mapping.address(0);
    assert_eq!(
        msync(mapping.address(0), wraps, MS_SYNC),
        Err(Errno::EINVAL)
    );
    Ok(())
}

fn flags() -> Verdict {
    // MS_SYNC is nothing there, so it waits whenever it is not told not to.
    for flags in [0, MS_SYNC, 64] {
        let (file, mapping) = scene()?;
        assert_eq!(sync(mapping.all(), flags), Ok(()));
        file.assert_on_disk(1, DIRTY);
        assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
    }
    let (file, mapping) = scene()?;
    let both = sync(mapping.all(), MS_ASYNC | MS_INVALIDATE);
    assert_eq!(both, Err(Errno::EINVAL));
    assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCDDCCCCCD");
    let flushes = file.disk().counters()?.flushes;
    assert_eq!(sync(mapping.all(), MS_ASYNC), Ok(()));
    file.wait_until_written()?;
    file.assert_on_disk(1, DIRTY);
    assert_eq!(
        file.disk().counters()?.flushes,
        flushes,
        "nobody waits for a commit"
    );
    Ok(())
}

/// Nothing is done then.
fn refusals() -> Verdict {
    let (file, mapping) = scene()?;
    mapping.lock(9..10)?;
    assert_eq!(sync(mapping.all(), BOTH), Err(Errno::EBUSY));
    mapping.unlock(9..10)?;
    mapping.unmap(10..11)?;
    assert_eq!(sync(mapping.all(), BOTH), Err(Errno::ENOMEM));
    file.assert_on_disk(0, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCDDCCCCCD");
    // There these are objects like others.
    assert_eq!(sync(entry("[vdso]")?, BOTH), Ok(()));
    let (file, mapping) = scene()?;
    assert_eq!(sync(before_a_device(&file)?.all(), BOTH), Ok(()));
    assert_gone(&file, &mapping)
}

/// There everybody may free everybody's pages. Here they are written at least.
fn files_of_others() -> Verdict {
    let (file, _mapping) = scene()?;
    sync_for_somebody(&file)?;
    file.assert_on_disk(1, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
    Ok(())
}

/// What the kernel cannot do is no success.
fn without_the_module() -> Verdict {
    let (file, mapping) = scene()?;
    Child::spawn(|| {
        // The handle is there already, and not in a chroot only.
        for handle in vm_map_sync_msync_tests::handles()? {
            nix::unistd::close(handle)?;
        }
        chroot(env::var_os("VMS_DIR").unwrap_or_default())?;
        assert_eq!(msync(mapping.address(0), 0, MS_SYNC), Err(Errno::EIO));
        file.assert_on_disk(0, DIRTY);
        assert_eq!(msync(mapping.address(0) + 1, 1, 0), Ok(()));
        file.assert_on_disk(1, [0]);
        file.assert_on_disk(0, [3]);
        Ok(())
    })?
    .join()
}
