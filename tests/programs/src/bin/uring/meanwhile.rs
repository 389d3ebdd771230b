// SPDX-License-Identifier: GPL-2.0

//! Meanwhile: what becomes of a request when what it is about goes.

use super::scene::{
    Scene,
    ALL, //
};
use nix::errno::Errno;
use std::{
    fs::File,
    os::fd::{
        AsRawFd,
        OwnedFd, //
    },
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_range,
        vm_map_sync_vector, //
    },
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    gate::Held,
    harness::{
        Failure,
        Verdict, //
    },
    module::unload,
    process::{
        Child,
        Line, //
    },
    program,
    ring::{
        command,
        Ring, //
    },
};

/// Where the array of a vector is.
const ARRAY: usize = 2048;

/// A vector that has been begun has what it is about, whatever becomes of the mapping, of descriptors, and of
/// the handle.
pub fn the_map_and_its_files_go_meanwhile() -> Verdict {
    let scene = Scene::new(2)?;
    let _opener = scene.gate.opener();
    for page in 0..2 * ALL {
        scene.mapping.poke(page, 5);
    }
    let again = |number: usize| {
        File::options()
            .read(true)
            .write(true)
            .open(scene.files[number].path())
    };
    let descriptors = [again(2)?, again(3)?];
    let addresses = scene.range(0);
    let mut ranges = vec![vm_map_sync_range {
        start: addresses.start as u64,
        end: addresses.end as u64,
        ..Default::default()
    }];
    ranges.extend(descriptors.iter().map(|file| vm_map_sync_range {
        fd: file.as_raw_fd(),
        flags: uapi::VM_MAP_SYNC_FILE,
        ..Default::default()
    }));
    for (index, range) in ranges.iter().enumerate() {
        scene.desk.put(ARRAY + index * size_of_val(range), range);
    }
    let vector = vm_map_sync_vector {
        size: size_of::<vm_map_sync_vector>() as u32,
        flags: Flags::SYNCIO.bits(),
        ranges: scene.desk.address(ARRAY) as u64,
        count: ranges.len() as u32,
        range_size: size_of::<vm_map_sync_range>() as u32,
        ..Default::default()
    };
    scene.desk.put(0, &vector);
    let map = Map::current()?;
    let mut ring = Ring::new()?;
    scene.gate.close(Held::Flushes)?;
    ring.push(command(
        &map,
        uapi::VM_MAP_SYNC_VECTOR,
        scene.desk.address(0),
    ));
    ring.submit()?;
    scene.wait_until_begun()?;

    drop(descriptors);
    drop(map);
    scene.mapping.unmap(0..2 * ALL)?;
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    let vector: vm_map_sync_vector = scene.desk.get(0);
    assert_eq!(vector.result.done, 3, "ranges");
    assert_eq!(vector.result.pushed, 2 * ALL as u64);
    for file in &scene.files {
        for page in 0..file.pages() {
            assert_eq!(file.on_disk(page)?[..8], 5u64.to_ne_bytes());
        }
    }
    Ok(())
}

/// Everything is done, and there is nowhere to say so.
pub fn the_argument_goes_meanwhile() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let mut ring = Ring::new()?;
    scene.begin(&mut ring)?;
    scene.desk.memory().unmap(0..1)?;
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Err(Errno::EFAULT))]);
    for file in &scene.files {
        assert_eq!(file.on_disk(0)?[..8], 1u64.to_ne_bytes());
    }
    Ok(())
}

/// By a handle on the map of another process, which has it no more.
pub fn the_process_of_the_map_executes_another_program() -> Verdict {
    let scene = Scene::new(1)?;
    let _opener = scene.gate.opener();
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        theirs.send_descriptor(OwnedFd::from(Map::current()?))?;
        theirs.receive()?;
        match program::idle()? {}
    })?;
    drop(theirs);
    let handle = Map::from(ours.receive_descriptor()?);
    let mut ring = Ring::new()?;
    scene.gate.close(Held::Flushes)?;
    ring.push(scene.request_by(&handle, 0));
    ring.submit()?;
    scene.wait_until_begun()?;
    ours.send(0)?;
    ours.receive_end()?;
    scene.gate.open()?;
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    scene.assert_done(0);
    child.die()
}

/// A request under way keeps the module loaded, with no descriptor of it left.
pub fn no_unloading_meanwhile() -> Verdict {
    let mut scene = Scene::new(1)?;
    let map = Map::current()?;
    let mut ring = Ring::new()?;
    scene.gate.close(Held::Flushes)?;
    ring.push(scene.request_by(&map, 0));
    ring.submit()?;
    scene.wait_until_begun()?;
    drop(map);
    // The other handle as well.
    let null = OwnedFd::from(File::open("/dev/null")?);
    drop(std::mem::replace(&mut scene.map, Map::from(null)));
    let refused = unload();
    scene.gate.open()?;
    assert_eq!(refused, Err(Errno::EWOULDBLOCK));
    assert_eq!(ring.wait(1)?, [(0, Ok(0))]);
    scene.assert_done(0);
    Ok::<_, Failure>(())
}
