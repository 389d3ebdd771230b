// SPDX-License-Identifier: GPL-2.0

//! Ends: of the ring, and of those who have submitted to it, with work under way. That ends with them, while
//! a disk would still keep it from being done.

use super::scene::Scene;
use nix::sys::{
    signal::Signal,
    wait::WaitStatus, //
};
use std::{
    process,
    thread, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    gate::Held,
    harness::{
        Failure,
        Verdict, //
    },
    process::{
        Child,
        Line, //
    },
    program,
    ring::Ring, //
};

pub fn the_ring_is_closed() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    scene.begin(&mut ring)?;
    drop(ring);
    scene.wait_until_killed(0)
}

/// Somebody submits a request of his own, and ends like that when it has been begun.
fn submitter(
    scene: &Scene,
    end: impl FnOnce(&Line) -> Result<(), Failure>,
) -> Result<(Child, Line), Failure> {
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let map = Map::current()?;
        let mut ring = Ring::new()?;
        scene.gate.close(Held::Flushes)?;
        ring.push(scene.request_by(&map, 0));
        ring.submit()?;
        theirs.send(0)?;
        theirs.receive()?;
        end(&theirs)
    })?;
    ours.receive()?;
    scene.wait_until_begun()?;
    Ok((child, ours))
}

pub fn the_submitter_is_killed() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let (child, _line) = submitter(&scene, |_| Ok(()))?;
    child.die()?;
    scene.wait_until_killed(0)
}

pub fn the_submitter_exits() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let (child, line) = submitter(&scene, |_| process::exit(0))?;
    line.send(0)?;
    child.join()?;
    scene.wait_until_killed(0)
}

pub fn the_submitter_executes_another_program() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let (mut child, line) = submitter(&scene, |_| match program::idle()? {})?;
    line.send(0)?;
    // It is another program now, which has nothing to do with this, and sleeps.
    scene.wait_until_killed(0)?;
    child.wait_for_state('S')?;
    child.kill()?;
    let status = child.wait()?;
    assert!(
        matches!(status, WaitStatus::Signaled(_, Signal::SIGKILL, _)),
        "{status:?}"
    );
    Ok(())
}

pub fn the_thread_that_submitted_ends() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    scene.gate.close(Held::Flushes)?;
    ring.push(scene.request(0));
    let (ours, theirs) = Line::pair()?;
    thread::scope(|threads| {
        let submitter = threads.spawn(|| {
            assert_eq!(ring.submit()?, 1);
            theirs.receive()
        });
        scene.wait_until_begun()?;
        ours.send(0)?;
        let ended = submitter.join();
        assert!(matches!(ended, Ok(Ok(_))), "{ended:?}");
        Ok::<_, Failure>(())
    })?;
    scene.wait_until_killed(0)
}
