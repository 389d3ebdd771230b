// SPDX-License-Identifier: GPL-2.0

//! What is done, and what is answered.

use libc::{
    MS_ASYNC,
    MS_INVALIDATE,
    MS_SYNC, //
};
use nix::errno::Errno;
use std::{
    env,
    fs::File, //
};
use vm_map_sync_msync_tests::{
    handles,
    kernel,
    msync,
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
    pipe::Pipe,
    process::{
        Child,
        Line, //
    },
    PAGE,
};

pub const PAGES: usize = 16;
/// What is written to, as version 1.
pub const DIRTY: [usize; 5] = [0, 3, 8, 9, 15];

/// What frees.
pub const BOTH: i32 = MS_SYNC | MS_INVALIDATE;

/// A file that is mapped, with dirty pages.
pub fn scene() -> Result<(TestFile, Mapping), Failure> {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, DIRTY);
    Ok((file, mapping))
}

/// Asserts that nothing of the scene is cached, that all is on the disk, and in the mapping.
pub fn assert_gone(file: &TestFile, mapping: &Mapping) -> Verdict {
    assert_eq!(file.picture(0..PAGES)?, ".".repeat(PAGES));
    file.assert_on_disk(1, DIRTY);
    mapping.assert_has(1, DIRTY);
    mapping.assert_has(0, (0..PAGES).filter(|page| !DIRTY.contains(page)));
    Ok(())
}

pub fn async_writes() -> Verdict {
    for flags in [MS_ASYNC, 0] {
        let (file, mapping) = scene()?;
        let range = mapping.all();
        assert_eq!(kernel(range.start, range.len(), flags), Ok(()));
        assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCDDCCCCCD");
        let flushes = file.disk().counters()?.flushes;
        assert_eq!(sync(range, flags), Ok(()));
        file.wait_until_written()?;
        file.assert_on_disk(1, DIRTY);
        assert_eq!(
            file.disk().counters()?.flushes,
            flushes,
            "nobody waits for a commit"
        );
        assert_eq!(file.picture(0..PAGES)?, "C".repeat(PAGES));
    }
    Ok(())
}

pub fn invalidate_frees() -> Verdict {
    for flags in [BOTH, MS_ASYNC | MS_INVALIDATE, MS_INVALIDATE] {
        let (file, mapping) = scene()?;
        assert_eq!(sync(mapping.all(), flags), Ok(()));
        assert_gone(&file, &mapping)?;
    }
    Ok(())
}

/// Each other page is a mapping of its own.
pub fn one_commit_for_all_mappings() -> Verdict {
    let (file, mapping) = scene()?;
    for page in (1..PAGES).step_by(2) {
        mapping.protect(page..page + 1, libc::PROT_READ)?;
    }
    let flushes = |sync: &dyn Fn() -> Result<(), Errno>| {
        mapping.fill(1, (0..PAGES).step_by(2));
        let before = file.disk().counters()?.flushes;
        assert_eq!(sync(), Ok(()));
        Ok::<_, Failure>(file.disk().counters()?.flushes - before)
    };
    let range = mapping.all();
    assert_eq!(flushes(&|| sync(range.clone(), MS_SYNC))?, 1);
    let kernel = flushes(&|| kernel(range.start, range.len(), MS_SYNC))?;
    assert_eq!(kernel, PAGES as u64, "one for each mapping");
    Ok(())
}

/// A hole in the middle, at the end, and at the start.
pub fn holes_are_passed_over() -> Verdict {
    for hole in [5..7, 12..15, 1..2] {
        for flags in [MS_SYNC, BOTH] {
            let (file, mapping) = scene()?;
            mapping.unmap(hole.clone())?;
            assert_eq!(sync(mapping.all(), flags), Err(Errno::ENOMEM));
            file.assert_on_disk(1, DIRTY);
            let mut freed = "C".repeat(PAGES);
            if flags == BOTH {
                freed = ".".repeat(PAGES);
                freed.replace_range(hole.clone(), &"C".repeat(hole.len()));
            }
            assert_eq!(file.picture(0..PAGES)?, freed);

            // One that begins with it.
            mapping.fill(2, [15]);
            let rest = mapping.range(hole.start..PAGES);
            assert_eq!(sync(rest, flags), Err(Errno::ENOMEM));
            file.assert_on_disk(2, [15]);
        }
    }
    let (_file, mapping) = scene()?;
    mapping.unmap(4..8)?;
    assert_eq!(sync(mapping.range(5..7), MS_SYNC), Err(Errno::ENOMEM));
    assert_eq!(sync(mapping.range(3..5), MS_ASYNC), Err(Errno::ENOMEM));
    Ok(())
}

/// What lies before it is written, and what lies behind it is not.
pub fn locked_memory_ends_it() -> Verdict {
    let (file, mapping) = scene()?;
    mapping.lock(8..9)?;
    assert_eq!(sync(mapping.all(), BOTH), Err(Errno::EBUSY));
    file.assert_on_disk(1, [0, 3]);
    file.assert_on_disk(0, [8, 9, 15]);
    assert_eq!(file.picture(0..PAGES)?, "........DDCCCCCD");
    // All of what is asked for.
    assert_eq!(sync(mapping.range(8..16), BOTH), Err(Errno::EBUSY));
    assert_eq!(sync(mapping.range(8..9), BOTH), Err(Errno::EBUSY));
    file.assert_on_disk(0, [8, 9, 15]);
    // Rather that than a hole in front of it.
    mapping.fill(2, [3]);
    mapping.unmap(5..6)?;
    assert_eq!(sync(mapping.range(2..16), BOTH), Err(Errno::EBUSY));
    file.assert_on_disk(2, [3]);
    file.assert_on_disk(0, [8, 9, 15]);
    // Nothing is to be freed.
    assert_eq!(sync(mapping.range(6..16), MS_SYNC), Ok(()));
    file.assert_on_disk(1, [8, 9, 15]);
    Ok(())
}

pub fn others_hold_pages() -> Verdict {
    let (file, mapping) = scene()?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        mapping.lock(8..10)?;
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    ours.receive()?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    file.assert_on_disk(1, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "........CC......");
    ours.send(0)?;
    child.join()
}

pub fn pinned_pages() -> Verdict {
    let (file, mapping) = scene()?;
    let _pipe = Pipe::holding(&mapping, 8..9)?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    file.assert_on_disk(1, DIRTY);
    assert_eq!(file.picture(0..PAGES)?, "........C.......");
    Ok(())
}

/// The pages of a disk that the file system on it holds.
pub fn mounted_device() -> Verdict {
    let device = File::open(env::var_os("VMS_DEV").unwrap_or_default())?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &device, 0, Share::SharedRead)?;
    mapping.touch(0..PAGES);
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    Ok(())
}

pub fn bad_arguments() -> Verdict {
    let (file, mapping) = scene()?;
    let start = mapping.address(0);
    let half = 1 << 47;
    for (start, length, flags) in [
        (start + 1, PAGE, MS_SYNC),
        (start + 1, 0, MS_SYNC),
        (start, PAGE, MS_SYNC | MS_ASYNC),
        (start, 0, MS_SYNC | MS_ASYNC),
        (start, PAGE, 8),
        (start, PAGE, -1),
        (start, 0, MS_SYNC),
        (start, 0, BOTH),
        (start, usize::MAX, MS_SYNC),
        (start, usize::MAX - PAGE, MS_SYNC),
        (start, usize::MAX - start, MS_SYNC),
        (0, 0, MS_SYNC),
        (0, PAGE, BOTH),
        (0, PAGE, MS_ASYNC),
        (half - PAGE, PAGE, MS_SYNC),
        (half, PAGE, MS_SYNC),
        (usize::MAX - PAGE + 1, PAGE, MS_SYNC),
        (usize::MAX - PAGE + 1, 1, MS_ASYNC),
    ] {
        let wanted = kernel(start, length, flags);
        let answer = msync(start, length, flags);
        assert_eq!(answer, wanted, "msync({start:#x}, {length:#x}, {flags})");
    }
    assert_eq!(file.picture(0..PAGES)?, "DCCDCCCCDDCCCCCD");
    // All that there is, and more: it is done, but for the holes.
    for (start, length) in [(0, half), (0, half << 8), (start, half - start + PAGE)] {
        mapping.fill(1, DIRTY);
        assert_eq!(kernel(start, length, MS_SYNC), Err(Errno::ENOMEM));
        mapping.fill(2, DIRTY);
        assert_eq!(msync(start, length, MS_SYNC), Err(Errno::ENOMEM));
        file.assert_on_disk(2, DIRTY);
    }
    Ok(())
}

/// Whatever goes wrong within a call that succeeds.
pub fn errno_is_kept() -> Verdict {
    let (_file, mapping) = scene()?;
    let keeps = |flags| {
        Errno::set_raw(77);
        let answer = sync(mapping.all(), flags);
        assert_eq!((answer, Errno::last_raw()), (Ok(()), 77));
    };
    keeps(MS_ASYNC);
    // Its descriptor is not open any more.
    for handle in handles()? {
        nix::unistd::close(handle)?;
    }
    keeps(BOTH);
    // The module leaves a page, and says so.
    mapping.touch(0..PAGES);
    let _pipe = Pipe::holding(&mapping, 8..9)?;
    keeps(BOTH);
    let answer = msync(mapping.address(0) + 1, PAGE, MS_SYNC);
    assert_eq!((answer, Errno::last()), (Err(Errno::EINVAL), Errno::EINVAL));
    Ok(())
}
