// SPDX-License-Identifier: GPL-2.0

//! Arguments: of the commands that are not about ranges.

use super::target::{
    argument,
    attach_through, //
};
use nix::errno::Errno;
use std::process;
use vm_map_sync::{
    uapi,
    Map, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    raw::{
        ioctl,
        Desk, //
    },
    PAGE,
};

/// A command with the first published size of its argument.
struct Command {
    number: u32,
    /// The least that it can have.
    size: usize,
    /// As much as the module knows of.
    known: usize,
    /// Whether something is written to it.
    answers: bool,
}

const COMMANDS: [Command; 3] = [
    Command {
        number: uapi::VM_MAP_SYNC_ATTACH,
        size: uapi::VM_MAP_SYNC_ATTACH_SIZE_VER0 as usize,
        known: size_of::<uapi::vm_map_sync_attach>(),
        answers: false,
    },
    Command {
        number: uapi::VM_MAP_SYNC_INFO,
        size: uapi::VM_MAP_SYNC_INFO_SIZE_VER0 as usize,
        known: size_of::<uapi::vm_map_sync_info>(),
        answers: true,
    },
    Command {
        number: uapi::VM_MAP_SYNC_FEATURES,
        size: uapi::VM_MAP_SYNC_FEATURES_SIZE_VER0 as usize,
        known: size_of::<uapi::vm_map_sync_features>(),
        answers: true,
    },
];

/// Where the number of a process is in the argument of `VM_MAP_SYNC_ATTACH`; for the others that is
/// where something is written.
const PID: usize = 8;

/// Puts an argument that is valid but for its size at byte `offset`, with nothing but zeros in front of
/// it and behind it.
fn put(desk: &Desk, offset: usize, size: usize) {
    for at in 0..2 * PAGE {
        desk.set(at, 0);
    }
    let word = |at: usize, word: u32| {
        for (index, byte) in word.to_ne_bytes().into_iter().enumerate() {
            desk.set(at + index, byte);
        }
    };
    word(offset, size as u32);
    word(offset + PID, process::id());
}

pub fn fields_of_attach() -> Verdict {
    let door = Map::current()?;
    let valid = argument(process::id() as i32);
    attach_through(&door, &valid)?;
    for bit in 0..32 {
        for wrong in [
            uapi::vm_map_sync_attach {
                flags: 1 << bit,
                ..valid
            },
            uapi::vm_map_sync_attach {
                reserved: 1 << bit,
                ..valid
            },
        ] {
            let errno = attach_through(&door, &wrong).map(drop);
            assert_eq!(errno, Err(Errno::EINVAL), "{wrong:?}");
        }
    }
    Ok(())
}

/// What is refused is not answered.
pub fn fields_of_questions() -> Verdict {
    let map = Map::current()?;
    let desk = Desk::new()?;
    for bit in 0..32 {
        let info = uapi::vm_map_sync_info {
            size: uapi::VM_MAP_SYNC_INFO_SIZE_VER0,
            flags: 1 << bit,
            whose: 77,
            pid: 77,
        };
        let (errno, info) = desk.call_with(&map, uapi::VM_MAP_SYNC_INFO, &info);
        assert_eq!(errno, Err(Errno::EINVAL), "flag {bit}");
        assert_eq!((info.whose, info.pid), (77, 77));
        let features = uapi::vm_map_sync_features {
            size: uapi::VM_MAP_SYNC_FEATURES_SIZE_VER0,
            flags: 1 << bit,
            operations: 77,
            ..Default::default()
        };
        let (errno, features) = desk.call_with(&map, uapi::VM_MAP_SYNC_FEATURES, &features);
        assert_eq!(errno, Err(Errno::EINVAL), "flag {bit}");
        assert_eq!((features.operations, features.ranges_max), (77, 0));
    }
    Ok(())
}

pub fn sizes() -> Verdict {
    let map = Map::current()?;
    let desk = Desk::new()?;
    for Command {
        number,
        size,
        known,
        ..
    } in COMMANDS
    {
        for (length, want) in [
            (0, Err(Errno::EINVAL)),
            (4, Err(Errno::EINVAL)),
            (size - 1, Err(Errno::EINVAL)),
            (size, Ok(())),
            (size + 8, Ok(())),
            (PAGE, Ok(())),
            (PAGE + 1, Err(Errno::E2BIG)),
            (u32::MAX as usize, Err(Errno::E2BIG)),
        ] {
            put(&desk, 0, length);
            let code = ioctl(&map, number, desk.address(0));
            assert_eq!(code, want, "command {number:#x}, {length} bytes");
        }
        for odd in [known, known + 1, PAGE - 1] {
            put(&desk, 0, PAGE);
            desk.set(odd, 1);
            let code = ioctl(&map, number, desk.address(0));
            assert_eq!(code, Err(Errno::E2BIG), "command {number:#x}, byte {odd}");
        }
    }
    Ok(())
}

pub fn pointers() -> Verdict {
    let map = Map::current()?;
    let desk = Desk::new()?;
    for Command {
        number,
        size,
        answers,
        ..
    } in COMMANDS
    {
        desk.memory().map_anonymous(0..2, libc::MAP_PRIVATE)?;
        let end = PAGE - size;
        put(&desk, end, size);
        desk.memory().unmap(1..2)?;
        let code = |address: usize| ioctl(&map, number, address);
        assert_eq!(code(desk.address(end)), Ok(()), "command {number:#x}");
        for nowhere in [0, desk.address(PAGE), 1 << 63] {
            let errno = code(nowhere);
            assert_eq!(
                errno,
                Err(Errno::EFAULT),
                "command {number:#x}, {nowhere:#x}"
            );
        }
        // It says that it is longer than it is.
        desk.memory().map_anonymous(1..2, libc::MAP_PRIVATE)?;
        put(&desk, PAGE - 8, size);
        desk.memory().unmap(1..2)?;
        let errno = code(desk.address(PAGE - 8));
        assert_eq!(errno, Err(Errno::EFAULT), "command {number:#x}, cut off");

        desk.memory().map_anonymous(1..2, libc::MAP_PRIVATE)?;
        put(&desk, end, size);
        desk.memory().protect(0..1, libc::PROT_READ)?;
        let want = if answers { Err(Errno::EFAULT) } else { Ok(()) };
        assert_eq!(code(desk.address(end)), want, "command {number:#x}");
    }
    Ok(())
}
