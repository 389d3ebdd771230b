// SPDX-License-Identifier: GPL-2.0

//! Cancellation: requests that are given up while a disk keeps them from being done.

use super::scene::{
    sorted,
    Scene, //
};
use io_uring::{
    opcode::{
        AsyncCancel,
        AsyncCancel2, //
    },
    types::CancelBuilder, //
};
use nix::{
    errno::Errno,
    sys::signal::{
        kill,
        Signal, //
    },
};
use std::time::Instant;
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
    harness::{
        fewer,
        Verdict, //
    },
    process::{
        Child,
        Line, //
    },
    raw::{
        self,
        Desk, //
    },
    residency::Cached,
    ring::{
        command,
        Ring, //
    },
    slow::Slow,
};

/// The number of the request to cancel others.
const CANCEL: u64 = 99;

/// One of two is given up, says how far it came, and completes once; the other is done.
pub fn cancel_one() -> Verdict {
    let scene = Scene::new(2)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    scene.begin(&mut ring)?;
    ring.push(scene.request(1));
    ring.submit()?;
    ring.push(AsyncCancel::new(0).build().user_data(CANCEL));
    let all = sorted(ring.wait(2)?);
    assert_eq!(all[0], (0, Err(Errno::EINTR)));
    // It was found at work.
    assert_eq!(all[1], (CANCEL, Err(Errno::EALREADY)));
    scene.assert_killed(0);
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(1, Ok(0))]);
    scene.assert_done(1);
    assert_eq!(ring.completed(), [], "none completes twice");
    Ok(())
}

pub fn cancel_all() -> Verdict {
    let scene = Scene::new(3)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    scene.begin(&mut ring)?;
    for request in 1..3 {
        ring.push(scene.request(request));
        ring.submit()?;
    }
    ring.push(
        AsyncCancel2::new(CancelBuilder::any())
            .build()
            .user_data(CANCEL),
    );
    let all = sorted(ring.wait(4)?);
    for (number, &(found, code)) in all.iter().take(3).enumerate() {
        assert_eq!(found, number as u64);
        match code {
            Err(Errno::EINTR) => {
                // It may have been stopped before it had pushed anything.
                let result = scene.result(number);
                assert_eq!(result.error, libc::EINTR, "request {number}");
            }
            // No worker had come to it.
            Err(Errno::ECANCELED) => scene.assert_untouched(number),
            other => panic!("request {number}: {other:?}"),
        }
    }
    scene.assert_killed(0);
    assert_eq!(all[3].0, CANCEL);
    Ok(())
}

/// With one worker, which is at the first of two requests.
pub fn cancel_what_was_not_begun() -> Verdict {
    let scene = Scene::new(2)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    ring.ring()
        .submitter()
        .register_iowq_max_workers(&mut [1, 0])?;
    scene.begin(&mut ring)?;
    ring.push(scene.request(1));
    ring.submit()?;
    ring.push(AsyncCancel::new(1).build().user_data(CANCEL));
    let all = sorted(ring.wait(2)?);
    assert_eq!(all, [(1, Err(Errno::ECANCELED)), (CANCEL, Ok(0))]);
    scene.assert_untouched(1);
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    scene.assert_done(0);
    Ok(())
}

/// Who is stopped, and goes on, has cancelled nothing.
pub fn a_stopped_process_goes_on() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let map = vm_map_sync::Map::current()?;
        let mut ring = Ring::new()?;
        scene.gate.close(vm_map_sync_tests::gate::Held::Flushes)?;
        ring.push(scene.request_by(&map, 0));
        ring.submit()?;
        theirs.send(0)?;
        assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
        Ok(())
    })?;
    ours.receive()?;
    scene.wait_until_begun()?;
    kill(child.pid(), Signal::SIGSTOP)?;
    child.wait_for_state('T')?;
    scene.gate.open()?;
    kill(child.pid(), Signal::SIGCONT)?;
    child.join()?;
    scene.assert_done(0);
    Ok(())
}

/// Gives up a request that has much to write, on a disk that writes it in small requests: nothing is waited
/// for but the one that the disk is at, and what it was not asked for yet is left alone.
fn cancelled_in(flags: Flags) -> Verdict {
    let pages = fewer(32768);
    let slow = Slow::new(pages)?;
    {
        let (file, mapping) = slow.file("big", pages)?;
        // Page by page, so that each is a folio of its own: no folio is written in part.
        for page in 0..pages {
            mapping.poke(page, 1);
        }
        let map = Map::current()?;
        let desk = Desk::new()?;
        desk.put(0, &raw::args(&mapping.all(), flags.bits()));
        let mut ring = Ring::new()?;
        ring.push(command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0)).user_data(0));
        ring.submit()?;
        slow.wait_for_writes(pages / 16)?;
        let given_up = Instant::now();
        ring.push(AsyncCancel::new(0).build().user_data(CANCEL));
        let all = sorted(ring.wait(2)?);
        println!(
            "# cancelled in {:.1} ms",
            given_up.elapsed().as_secs_f64() * 1e3
        );
        let cached = Cached::of(&file, 0..pages)?;
        // Gives up what is still to be written.
        file.set_len(0)?;
        assert_eq!(
            all,
            [(0, Err(Errno::EINTR)), (CANCEL, Err(Errno::EALREADY))]
        );
        let result = desk.get::<vm_map_sync_args>(0).result;
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_KILLED);
        assert_eq!((result.pushed, result.freed), (pages as u64, 0));
        assert!(
            cached.dirty + cached.writeback > pages as u64 / 2,
            "it was given up when most was written: {cached:?}"
        );
    }
    slow.assert_well("small")
}

pub fn cancel_in_syncio() -> Verdict {
    cancelled_in(Flags::SYNCIO)
}

pub fn cancel_in_both() -> Verdict {
    cancelled_in(BOTH)
}
