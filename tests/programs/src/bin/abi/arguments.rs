// SPDX-License-Identifier: GPL-2.0

//! Arguments: flags, addresses, reserved fields, and the result.

use super::scene::{
    Scene,
    BOTH, //
};
use nix::errno::Errno;
use vm_map_sync::uapi::{
    self,
    vm_map_sync_args,
    vm_map_sync_result, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict,
    raw::{
        self,
        fields, //
    },
    PAGE,
};

pub fn known_flags() -> Verdict {
    for flags in 0..=BOTH {
        let scene = Scene::new()?;
        let args = vm_map_sync_args {
            flags,
            ..scene.args()
        };
        let (code, after) = scene.desk.call(&scene.map, &args);
        assert_eq!(code, Ok(()), "flags {flags:#x}");
        let want = vm_map_sync_result {
            done: args.end,
            pushed: 2,
            freed: if flags & uapi::VM_MAP_SYNC_INVALIDATE != 0 {
                4
            } else {
                0
            },
            ..Default::default()
        };
        assert_eq!(fields(&after.result), fields(&want), "flags {flags:#x}");
    }
    Ok(())
}

pub fn unknown_flags() -> Verdict {
    let scene = Scene::new()?;
    let valid = scene.args();
    for bit in 8..u32::BITS {
        for flags in [1 << bit, valid.flags | (1 << bit)] {
            scene.assert_invalid(&vm_map_sync_args { flags, ..valid });
        }
    }
    Ok(())
}

pub fn reserved_field() -> Verdict {
    let scene = Scene::new()?;
    for bit in 0..u32::BITS {
        scene.assert_invalid(&vm_map_sync_args {
            reserved: 1 << bit,
            ..scene.args()
        });
    }
    Ok(())
}

pub fn start_behind_end() -> Verdict {
    let scene = Scene::new()?;
    let valid = scene.args();
    let page = PAGE as u64;
    for (start, end) in [
        (valid.end, valid.start),
        (valid.start + page, valid.start),
        // Rounded outwards they would be a range.
        (valid.start + 2, valid.start + 1),
        (valid.start + page + 1, valid.start + page),
        (u64::MAX, valid.end),
        (u64::MAX, 0),
        (1, 0),
    ] {
        scene.assert_invalid(&vm_map_sync_args {
            start,
            end,
            ..valid
        });
    }
    Ok(())
}

/// Whatever becomes of the call, only the result is written to.
pub fn inputs_stay_as_they_are() -> Verdict {
    let scene = Scene::new()?;
    let valid = vm_map_sync_args {
        // To be rounded, and not to be written back so.
        start: scene.args().start + 1,
        end: scene.args().end - 1,
        ..scene.args()
    };
    for args in [
        valid,
        vm_map_sync_args { flags: 4, ..valid },
        vm_map_sync_args {
            start: 0,
            end: 1,
            ..valid
        },
    ] {
        let (_, after) = scene.desk.call(&scene.map, &args);
        let inputs =
            |args: &vm_map_sync_args| (args.size, args.flags, args.start, args.end, args.reserved);
        assert_eq!(inputs(&after), inputs(&args));
        assert_ne!(fields(&after.result), fields(&args.result));
        let behind: vm_map_sync_args = scene.desk.get(raw::SIZE);
        assert_eq!(behind.size, 0, "written to behind the structure");
    }
    Ok(())
}

pub fn result_of_a_refusal() -> Verdict {
    let scene = Scene::new()?;
    scene.mapping.unmap(3..4)?;
    let (code, after) = scene.desk.call(&scene.map, &scene.args());
    assert_eq!(code, Err(Errno::ENOMEM));
    let want = vm_map_sync_result {
        kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
        reason: uapi::VM_MAP_SYNC_REASON_HOLE,
        error: libc::ENOMEM,
        address: scene.mapping.address(3) as u64,
        done: scene.mapping.address(0) as u64,
        ..Default::default()
    };
    assert_eq!(fields(&after.result), fields(&want));
    scene.assert_nothing_done();
    Ok(())
}

pub fn one_structure_twice() -> Verdict {
    let scene = Scene::new()?;
    let (code, first) = scene.desk.call(&scene.map, &scene.args());
    assert_eq!((code, first.result.freed), (Ok(()), 4));
    scene.assert_all_done();
    let (code, second) = scene.desk.call(&scene.map, &first);
    assert_eq!((code, second.result.freed), (Ok(()), 0));
    Ok(())
}

/// The structure lies in a page that the call writes and frees.
pub fn structure_within_the_range() -> Verdict {
    let scene = Scene::new()?;
    let file = TestFile::new(2)?;
    scene.desk.memory().map(
        0..2,
        file.file(),
        0,
        vm_map_sync_tests::mapping::Share::Shared,
    )?;
    let args = raw::args(&scene.desk.memory().all(), BOTH);
    let (code, after) = scene.desk.call(&scene.map, &args);
    assert_eq!(code, Ok(()));
    let want = vm_map_sync_result {
        done: args.end,
        pushed: 1,
        freed: 2,
        ..Default::default()
    };
    assert_eq!(fields(&after.result), fields(&want));
    Ok(())
}
