// SPDX-License-Identifier: GPL-2.0

//! Submissions: requests by the crate, as its users make them.

use super::{
    example::durable_meanwhile,
    scene::{
        Scene,
        ALL, //
    }, //
};
use io_uring::opcode::AsyncCancel;
use nix::errno::Errno;
use std::os::fd::AsFd;
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError,
    Target, //
};
use vm_map_sync_tests::{
    check::BOTH,
    file::TestFile,
    gate::Held,
    harness::Verdict,
    ring::Ring, //
};

const PAGES: usize = 4;

/// The example of the documentation.
pub fn example_of_the_crate() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, 1..3);
    let map = Map::current()?;
    let range = mapping.all();
    // SAFETY: It is mapped, and nobody writes to it meanwhile.
    let bytes = unsafe { std::slice::from_raw_parts(range.start as *const u8, range.len()) };
    let mut was_there = false;
    let pushed = durable_meanwhile(&map, bytes, || was_there = true);
    assert_eq!(pushed.map_err(|error| error.to_string()), Ok(2));
    assert!(was_there);
    file.assert_on_disk(1, 1..3);
    Ok(())
}

pub fn submissions_of_many() -> Verdict {
    let files = [TestFile::new(PAGES)?, TestFile::new(PAGES)?];
    let mapping = files[0].map()?;
    mapping.fill(1, 0..PAGES);
    files[1].map()?.fill(1, [2]);
    let map = Map::current()?;
    let targets = [
        Target::addresses(mapping.range(0..2)),
        Target::slice::<u8>(&[]),
        Target::file(files[1].file().as_fd(), ..),
    ];
    let mut ring = Ring::new()?;
    let (submission, entry) = map.submit_vectored(&targets, BOTH)?;
    let code = ring.call(entry)?;
    assert_eq!(code, Ok(0));
    // SAFETY: It has completed.
    let done = unsafe { submission.finish(0) }?;
    let pushed: Vec<u64> = done.ranges.iter().map(|range| range.pushed).collect();
    assert_eq!(pushed, [2, 0, 1]);
    files[0].assert_on_disk(1, 0..2);
    files[1].assert_on_disk(1, [2]);
    Ok(())
}

pub fn submissions_that_are_cancelled() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    for page in 0..ALL {
        scene.mapping.poke(page, 1);
    }
    scene.gate.close(Held::Flushes)?;
    let mut ring = Ring::new()?;
    let (submission, entry) = scene.map.submit(scene.range(0), Flags::SYNCIO)?;
    ring.push(entry);
    ring.submit()?;
    scene.wait_until_begun()?;
    ring.push(AsyncCancel::new(0).build().user_data(1));
    let all = ring.wait(2)?;
    let code = all.iter().find(|&&(number, _)| number == 0);
    assert_eq!(code, Some(&(0, Err(Errno::EINTR))));
    // SAFETY: It has completed.
    match unsafe { submission.finish(-libc::EINTR) } {
        Err(SyncError::Failed(fault)) => assert_eq!(fault.reason, Reason::Killed),
        other => panic!("not cancelled: {other:?}"),
    }
    Ok(())
}

/// What the kernel writes to is there, though nobody else has it any more.
pub fn submissions_that_are_dropped() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let mut ring = Ring::new()?;
    let mut boxes = Vec::new();
    for round in 0..32 {
        mapping.poke(0, round);
        let (_, entry) = map.submit(mapping.all(), Flags::SYNCIO)?;
        ring.push(entry);
        ring.submit()?;
        // It would be in the memory of one of these.
        boxes.push(Box::new([round; 24]));
    }
    let all = ring.wait(32)?;
    assert!(all.iter().all(|&(_, code)| code == Ok(0)), "{all:?}");
    for (round, bytes) in (0..).zip(&boxes) {
        assert_eq!(**bytes, [round; 24]);
    }
    Ok(())
}
