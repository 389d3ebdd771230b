// SPDX-License-Identifier: GPL-2.0

//! Pointers: memory that cannot be read or written.

use super::scene::Scene;
use nix::errno::Errno;
use vm_map_sync_tests::{
    harness::Verdict,
    raw::{
        sync_at,
        SIZE, //
    },
    PAGE,
};

pub fn bad_pointers() -> Verdict {
    let scene = Scene::new()?;
    scene.desk.memory().unmap(0..1)?;
    for address in [
        0,
        1,
        // Unmapped.
        scene.desk.address(0),
        // Not canonical; the kernel's; the last ones of all.
        0x0000_8000_0000_0000,
        0x8000_0000_0000_0000,
        0xffff_8000_0000_0000,
        0xffff_ffff_8000_0000,
        0xffff_ffff_ffff_f000,
        usize::MAX - SIZE + 1,
        usize::MAX,
    ] {
        let code = sync_at(&scene.map, address);
        assert_eq!(code, Err(Errno::EFAULT), "address {address:#x}");
    }
    scene.assert_nothing_done();
    Ok(())
}

/// The structure begins in memory and ends where none is.
pub fn pointer_to_a_border() -> Verdict {
    let scene = Scene::new()?;
    let valid = scene.args();
    // Behind the desk's first page, so that what is left of the structure is in place.
    for inside in (8..SIZE).step_by(8) {
        scene.desk.put(PAGE - inside, &valid);
        scene.desk.memory().unmap(1..2)?;
        let code = sync_at(&scene.map, scene.desk.address(PAGE - inside));
        assert_eq!(code, Err(Errno::EFAULT), "{inside} bytes of it are there");
        scene.desk.memory().map_anonymous(1..2, libc::MAP_PRIVATE)?;
    }
    scene.assert_nothing_done();

    // All of it is there, but not all that it says it has behind it.
    let longer = vm_map_sync::uapi::vm_map_sync_args {
        size: (SIZE + 8) as u32,
        ..valid
    };
    scene.desk.put(PAGE - SIZE, &longer);
    scene.desk.memory().unmap(1..2)?;
    let code = sync_at(&scene.map, scene.desk.address(PAGE - SIZE));
    assert_eq!(code, Err(Errno::EFAULT), "a tail that is not there");
    scene.assert_nothing_done();

    // The very last bytes of memory are enough, and need no alignment.
    scene.desk.put(PAGE - SIZE, &valid);
    let code = sync_at(&scene.map, scene.desk.address(PAGE - SIZE));
    assert_eq!(code, Ok(()));
    scene.assert_all_done();
    Ok(())
}

/// A result that cannot be delivered is noticed before anything is done.
pub fn pointer_to_memory_that_is_read_only() -> Verdict {
    let scene = Scene::new()?;
    scene.desk.put(0, &scene.args());
    scene.desk.memory().protect(0..2, libc::PROT_READ)?;
    let code = sync_at(&scene.map, scene.desk.address(0));
    assert_eq!(code, Err(Errno::EFAULT));
    scene.assert_nothing_done();
    Ok(())
}
