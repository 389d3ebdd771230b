// SPDX-License-Identifier: GPL-2.0

//! Bad input: an error in the completion, and nothing done.

use super::small::Small;
use io_uring::squeue::Entry;
use nix::errno::Errno;
use std::ops::Range;
use vm_map_sync::uapi::{
    self,
    vm_map_sync_args, //
};
use vm_map_sync_tests::{
    check::BOTH,
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        self,
        SIZE, //
    },
    ring::{
        command,
        with_byte, //
    },
    PAGE, //
};

const PAGES: usize = 2;

/// A dirty file, and an argument to make it durable and free it.
fn dirty() -> Result<Small, Failure> {
    let scene = Small::new(PAGES)?;
    scene.mapping.fill(1, 0..PAGES);
    scene
        .desk
        .put(0, &raw::args(&scene.mapping.all(), BOTH.bits()));
    Ok(scene)
}

impl Small {
    fn good(&self) -> Entry {
        command(&self.map, uapi::VM_MAP_SYNC_SYNC, self.desk.address(0))
    }

    /// Asserts that a request fails like that, and that nothing is done.
    #[track_caller]
    fn assert_fails(&mut self, request: Entry, errno: Errno, what: &str) {
        let code = self.ring.call(request).expect("the ring works");
        assert_eq!(code, Err(errno), "{what}");
        let dirty = self.file.cached().expect("it can be asked").dirty;
        assert_eq!(dirty, PAGES as u64, "{what}");
    }

    /// Asserts that the request as it should be is done.
    fn assert_well(&mut self) -> Verdict {
        self.desk
            .put(0, &raw::args(&self.mapping.all(), BOTH.bits()));
        let request = self.good();
        assert_eq!(self.ring.call(request)?, Ok(0));
        assert_eq!(self.file.cached()?.resident, 0);
        Ok(())
    }
}

pub fn unknown_commands() -> Verdict {
    let mut scene = dirty()?;
    let there = uapi::VM_MAP_SYNC_SYNC;
    // Another number, another direction, another device, and none of any.
    for number in [
        there & !0xff,
        there | 0xff,
        there ^ (1 << 31),
        there ^ (1 << 8),
        0,
        u32::MAX,
    ] {
        let request = command(&scene.map, number, scene.desk.address(0));
        scene.assert_fails(request, Errno::ENOTTY, &format!("command {number:#x}"));
    }
    scene.assert_well()
}

/// Bytes of `struct io_uring_sqe` that mean nothing here, and may mean something one day.
const UNUSED: [Range<usize>; 5] = [
    // addr, len
    16..28,
    // uring_cmd_flags
    28..32,
    // buf_index
    40..42,
    // file_index
    44..48,
    // cmd, behind the address
    56..64,
];

pub fn anything_else_in_the_entry() -> Verdict {
    let mut scene = dirty()?;
    for byte in UNUSED.into_iter().flatten() {
        for value in [1, 0x80] {
            let request = with_byte(scene.good(), byte, value);
            let what = format!("byte {byte} of the entry");
            scene.assert_fails(request, Errno::EINVAL, &what);
        }
    }
    scene.assert_well()
}

pub fn bad_pointers() -> Verdict {
    let mut scene = dirty()?;
    scene.desk.memory().unmap(1..2)?;
    let end = scene.desk.address(PAGE);
    for address in [0, end, end - SIZE + 8, 1 << 63, usize::MAX] {
        let args = raw::args(&scene.mapping.all(), BOTH.bits());
        scene.desk.put(0, &args);
        if address < end && address > 0 {
            // It says that it is longer than it is.
            scene.desk.memory().map_anonymous(1..2, libc::MAP_PRIVATE)?;
            scene.desk.put(PAGE - SIZE + 8, &args);
            scene.desk.memory().unmap(1..2)?;
        }
        let request = command(&scene.map, uapi::VM_MAP_SYNC_SYNC, address);
        scene.assert_fails(request, Errno::EFAULT, &format!("address {address:#x}"));
    }
    scene
        .desk
        .put(0, &raw::args(&scene.mapping.all(), BOTH.bits()));
    scene.desk.memory().protect(0..1, libc::PROT_READ)?;
    let request = scene.good();
    scene.assert_fails(request, Errno::EFAULT, "memory that cannot be answered to");
    scene
        .desk
        .memory()
        .protect(0..1, libc::PROT_READ | libc::PROT_WRITE)?;
    scene.assert_well()
}

pub fn bad_sizes() -> Verdict {
    let mut scene = dirty()?;
    for (size, errno) in [
        (0, Errno::EINVAL),
        (uapi::VM_MAP_SYNC_ARGS_SIZE_VER0 - 1, Errno::EINVAL),
        (SIZE as u32 + 8, Errno::E2BIG),
        (PAGE as u32 + 1, Errno::E2BIG),
    ] {
        let args = vm_map_sync_args {
            size,
            ..raw::args(&scene.mapping.all(), BOTH.bits())
        };
        scene.desk.put(0, &args);
        // What is behind it is not zero.
        scene.desk.set(SIZE, 1);
        let request = scene.good();
        scene.assert_fails(request, errno, &format!("size {size}"));
    }
    scene.assert_well()
}
