// SPDX-License-Identifier: GPL-2.0

//! Sizes: structures from older and newer headers.

use super::scene::Scene;
use nix::errno::Errno;
use std::mem::{
    self,
    offset_of, //
};
use vm_map_sync::uapi::{
    vm_map_sync_args,
    vm_map_sync_result,
    VM_MAP_SYNC_ARGS_SIZE_VER0, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    raw::{
        fields,
        junk,
        SIZE, //
    },
    PAGE,
};

fn sized(scene: &Scene, size: usize) -> Result<vm_map_sync_args, Failure> {
    Ok(vm_map_sync_args {
        size: u32::try_from(size)?,
        ..scene.args()
    })
}

pub fn size_too_small() -> Verdict {
    let scene = Scene::new()?;
    let least = VM_MAP_SYNC_ARGS_SIZE_VER0 as usize;
    for size in 0..least {
        scene.assert_rejected(&sized(&scene, size)?, Errno::EINVAL);
    }
    scene.assert_nothing_done();
    let (code, after) = scene.desk.call(&scene.map, &sized(&scene, least)?);
    assert_eq!((code, after.result.freed), (Ok(()), 4));
    scene.assert_all_done();
    Ok(())
}

/// A caller that was compiled before a field was added is answered as far as his structure goes.
pub fn size_of_older_headers() -> Verdict {
    for size in VM_MAP_SYNC_ARGS_SIZE_VER0 as usize..=SIZE {
        let scene = Scene::new()?;
        let args = sized(&scene, size)?;
        let (code, after) = scene.desk.call(&scene.map, &args);
        assert_eq!((code, after.result.freed), (Ok(()), 4), "size {size}");
        scene.assert_all_done();
        let (bytes, asked) = (scene.desk.memory().read(0), junk());
        // SAFETY: A structure of integers without padding is as many bytes.
        let asked: [u8; size_of::<vm_map_sync_result>()] = unsafe { mem::transmute(asked) };
        let behind = size - offset_of!(vm_map_sync_args, result);
        assert_eq!(
            bytes[size..SIZE],
            asked[behind..],
            "size {size}: written to behind it"
        );
    }
    Ok(())
}

pub fn size_longer_with_zeros() -> Verdict {
    for size in [SIZE + 1, SIZE + 8, SIZE + 64, PAGE - 1, PAGE] {
        let scene = Scene::new()?;
        // What lies behind the structure is not the kernel's to look at.
        scene.desk.set(size, 1);
        let (code, after) = scene.desk.call(&scene.map, &sized(&scene, size)?);
        assert_eq!((code, after.result.freed), (Ok(()), 4), "size {size}");
        scene.assert_all_done();
        let tail = scene.desk.memory().read(0);
        assert!(
            tail[SIZE..size.min(PAGE)].iter().all(|&byte| byte == 0),
            "size {size}: written to behind the result"
        );
    }
    Ok(())
}

pub fn size_longer_with_more() -> Verdict {
    let scene = Scene::new()?;
    let mut args = scene.args();
    for size in [SIZE + 1, SIZE + 8, PAGE] {
        for offset in SIZE..size {
            args.size = size as u32;
            scene.desk.set(offset, 1);
            let (code, after) = scene.desk.call(&scene.map, &args);
            scene.desk.set(offset, 0);
            assert_eq!(code, Err(Errno::E2BIG), "size {size}, offset {offset}");
            assert_eq!(fields(&after.result), fields(&args.result));
        }
    }
    scene.assert_nothing_done();
    Ok(())
}

pub fn size_above_a_page() -> Verdict {
    let scene = Scene::new()?;
    for size in [PAGE + 1, PAGE + SIZE, u32::MAX as usize] {
        scene.assert_rejected(&sized(&scene, size)?, Errno::E2BIG);
    }
    scene.assert_nothing_done();
    Ok(())
}
