// SPDX-License-Identifier: GPL-2.0

//! Commands: the numbers of ioctls, and all calls that are not ioctls.

use super::scene::Scene;
use nix::errno::Errno;
use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io::{
        Read,
        Write, //
    },
    os::{
        fd::OwnedFd,
        unix::fs::OpenOptionsExt, //
    },
};
use vm_map_sync::{
    uapi::{
        VM_MAP_SYNC_FEATURES,
        VM_MAP_SYNC_IOCTL_MAGIC,
        VM_MAP_SYNC_SYNC, //
    },
    Map, DEVICE,
};
use vm_map_sync_tests::{
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        become_user,
        Child,
        NOBODY, //
    },
    raw::{
        self,
        ioctl,
        SIZE, //
    },
};

const READ_WRITE: u32 = 3;

/// The number of a command, as `_IOC()` makes it.
fn command(direction: u32, magic: u32, number: u32, size: usize) -> u32 {
    (direction << 30) | ((size as u32) << 16) | (magic << 8) | number
}

fn number(command: u32) -> u32 {
    command & 0xff
}

impl Scene {
    #[track_caller]
    fn assert_no_command(&self, command: u32) {
        self.desk.put(0, &self.args());
        let code = ioctl(&self.map, command, self.desk.address(0));
        assert_eq!(code, Err(Errno::ENOTTY), "command {command:#x}");
    }
}

pub fn unknown_commands() -> Verdict {
    let scene = Scene::new()?;
    let sync = number(VM_MAP_SYNC_SYNC);
    let last = number(VM_MAP_SYNC_FEATURES);
    for other in (0..=0xff).filter(|other| !(sync..=last).contains(other)) {
        scene.assert_no_command(command(READ_WRITE, VM_MAP_SYNC_IOCTL_MAGIC, other, SIZE));
    }
    for magic in (0..=0xff).filter(|&magic| magic != VM_MAP_SYNC_IOCTL_MAGIC) {
        scene.assert_no_command(command(READ_WRITE, magic, sync, SIZE));
    }
    // Whether it is a terminal.
    scene.assert_no_command(0x5401);
    scene.assert_nothing_done();
    Ok(())
}

pub fn wrong_directions() -> Verdict {
    let scene = Scene::new()?;
    for direction in (0..=3).filter(|&direction| direction != READ_WRITE) {
        scene.assert_no_command(command(
            direction,
            VM_MAP_SYNC_IOCTL_MAGIC,
            number(VM_MAP_SYNC_SYNC),
            SIZE,
        ));
    }
    scene.assert_nothing_done();
    Ok(())
}

/// The size in the command number is that of the caller's header, and says nothing.
pub fn size_of_the_command() -> Verdict {
    for size in [0, 8, SIZE - 8, SIZE + 8, 0x3fff] {
        let scene = Scene::new()?;
        scene.desk.put(0, &scene.args());
        let command = command(
            READ_WRITE,
            VM_MAP_SYNC_IOCTL_MAGIC,
            number(VM_MAP_SYNC_SYNC),
            size,
        );
        let code = ioctl(&scene.map, command, scene.desk.address(0));
        assert_eq!(code, Ok(()), "size {size}");
        scene.assert_all_done();
    }
    Ok(())
}

pub fn other_calls() -> Verdict {
    let mut device = OpenOptions::new().read(true).write(true).open(DEVICE)?;
    let errno = |error: std::io::Error| error.raw_os_error();
    let read = device.read(&mut [0]).map_err(errno);
    assert_eq!(read, Err(Some(libc::EINVAL)), "read");
    let written = device.write(&[0]).map_err(errno);
    assert_eq!(written, Err(Some(libc::EINVAL)), "write");
    let mapping = Mapping::reserve(1)?;
    let mapped = mapping.map(0..1, &device, 0, Share::Shared).map_err(errno);
    assert_eq!(mapped, Err(Some(libc::ENODEV)), "mmap");
    Ok(())
}

pub fn any_way_to_open() -> Verdict {
    let scene = Scene::new()?;
    let range = scene.mapping.all();
    let try_it = |device: File| {
        let map = Map::from(OwnedFd::from(device));
        map.sync(range.clone(), vm_map_sync::Flags::SYNCIO)
    };
    try_it(OpenOptions::new().read(true).open(DEVICE)?)?;
    try_it(OpenOptions::new().write(true).open(DEVICE)?)?;
    try_it(OpenOptions::new().read(true).write(true).open(DEVICE)?)?;

    // A name for the device, no handle on anything.
    let path = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(DEVICE)?;
    scene.desk.put(0, &scene.args());
    let code = raw::sync_at(&path, scene.desk.address(0));
    assert_eq!(code, Err(Errno::EBADF));

    let nobody = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        try_it(File::open(DEVICE)?)?;
        Ok(())
    })?;
    nobody.join()
}
