// SPDX-License-Identifier: GPL-2.0

//! Rights: those of the submitter, or of whom a request says that it is for.

use nix::errno::Errno;
use std::{
    fs::{
        set_permissions,
        File,
        Permissions, //
    },
    os::unix::fs::PermissionsExt, //
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args, //
    },
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    file::TestFile,
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
        Desk, //
    },
    ring::{
        command,
        Ring, //
    },
};

const PAGES: usize = 4;

/// A file of root's, and somebody who was root when he registered that with the ring.
pub fn rights_are_those_of_the_submitter() -> Verdict {
    let file = TestFile::new(PAGES)?;
    set_permissions(file.path(), Permissions::from_mode(0o644))?;
    let only_read = File::open(file.path())?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &only_read, 0, Share::SharedRead)?;
    mapping.touch(0..PAGES);
    let child = Child::spawn(|| {
        let mut ring = Ring::new()?;
        let root = ring.ring().submitter().register_personality()?;
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let desk = Desk::new()?;
        let mut call = |personality: Option<u16>| {
            desk.put(0, &raw::args(&mapping.all(), Flags::INVALIDATE.bits()));
            let request = command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0));
            let code = ring.call(match personality {
                Some(number) => request.personality(number),
                None => request,
            });
            code.map(|code| (code, desk.get::<vm_map_sync_args>(0).result))
        };
        let (code, result) = call(None)?;
        assert_eq!(code, Err(Errno::EPERM));
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_PROTECTION);
        assert_eq!(file.cached()?.resident, PAGES as u64);
        let (code, result) = call(Some(root))?;
        assert_eq!((code, result.freed), (Ok(0), PAGES as u64));
        Ok(())
    })?;
    child.join()?;
    assert_eq!(file.cached()?.resident, 0);
    Ok(())
}
