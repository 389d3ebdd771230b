// SPDX-License-Identifier: GPL-2.0

//! Wired memory: locked pages are written, but not freed.

use super::scene::{
    Scene,
    FILE, //
};
use vm_map_sync::{
    Flags,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        BOTH, //
    },
    harness::Verdict,
};

/// Locks page 2 of the file by `lock`, and asserts what follows from it.
fn refuses_locked(lock: impl FnOnce(&Scene) -> Verdict) -> Verdict {
    let scene = Scene::new(0)?;
    lock(&scene)?;
    let range = scene.mapping.all();
    let locked = scene.mapping.address(2);
    for flags in [Flags::INVALIDATE, BOTH] {
        scene.assert_refused(range.clone(), flags, Reason::Wired, locked);
        scene.assert_refused(locked..locked, flags, Reason::Wired, locked);
        scene.assert_refused(locked + 1..locked + 2, flags, Reason::Wired, locked);
    }

    // It is no obstacle to writing.
    succeeds(&scene.map, range, Flags::SYNCIO, counts(2, 0));
    assert_eq!(scene.file.picture(0..FILE)?, "CCCC");
    Ok(())
}

pub fn wired_page() -> Verdict {
    refuses_locked(|scene| Ok(scene.mapping.lock(2..3)?))
}

pub fn wired_on_fault() -> Verdict {
    refuses_locked(|scene| {
        let range = scene.mapping.range(2..3);
        // SAFETY: Nothing changes but what the kernel does with the page.
        let code = unsafe {
            libc::mlock2(
                range.start as *const _,
                range.len(),
                libc::MLOCK_ONFAULT as libc::c_uint,
            )
        };
        assert_eq!(code, 0, "{}", std::io::Error::last_os_error());
        Ok(())
    })
}

/// That nothing of it would be freed anyway does not matter: the map says that it is locked.
pub fn wired_anonymous_memory() -> Verdict {
    let scene = Scene::new(2)?;
    scene
        .mapping
        .map_anonymous(FILE..FILE + 2, libc::MAP_PRIVATE)?;
    scene.mapping.lock(FILE + 1..FILE + 2)?;
    let locked = scene.mapping.address(FILE + 1);
    scene.assert_refused(scene.mapping.all(), BOTH, Reason::Wired, locked);
    succeeds(&scene.map, scene.mapping.all(), Flags::SYNCIO, counts(2, 0));
    Ok(())
}

pub fn wired_page_outside_of_the_range() -> Verdict {
    let scene = Scene::new(0)?;
    scene.mapping.lock(3..4)?;
    succeeds(&scene.map, scene.mapping.range(0..3), BOTH, counts(2, 3));
    assert_eq!(scene.file.picture(0..FILE)?, "...C");
    Ok(())
}
