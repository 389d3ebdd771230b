// SPDX-License-Identifier: GPL-2.0

//! Credentials: whoever does the work of a call, it is the caller who asks the server.

use super::{
    mount::{
        spawn_apart,
        Mount, //
    },
    server::Temper,
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        become_user,
        Child,
        Line, //
    },
};

/// Enough for the commit of a single file to be left to a helper.
const LARGE: usize = 1100;

const USER: u32 = 1234;

/// A file of so many pages, all of which are dirty.
fn dirty(mount: &Mount, pages: usize) -> Result<Mapping, Failure> {
    let file = mount.create("large", pages)?;
    let mapping = Mapping::reserve(pages)?;
    mapping.map(0..pages, &file, 0, Share::Shared)?;
    // To close it is to write it.
    drop(file);
    mapping.fill(1, 0..pages);
    Ok(mapping)
}

/// In a user namespace there is nobody but who was let in. The helpers of the kernel were not.
pub fn commit_in_a_user_namespace() -> Verdict {
    let user = spawn_apart(|| {
        let mount = Mount::new(Temper::default())?;
        let map = Map::current()?;
        let mapping = mount.map_new(0..2)?;
        for files in [0..1, 1..2, 0..2] {
            let range = mapping.range(files);
            succeeds(&map, range, Flags::SYNCIO, counts(0, 0));
        }
        let large = dirty(&mount, LARGE)?;
        succeeds(&map, large.all(), Flags::SYNCIO, counts(LARGE as u64, 0));
        large.assert_has(1, 0..LARGE);
        Ok(())
    })?;
    user.join()
}

/// The server sees who has called, and nobody else.
pub fn commit_with_the_callers_credentials() -> Verdict {
    let (ours, theirs) = Line::pair()?;
    let mount = Mount::with(
        Temper::default(),
        Box::new(|user| theirs.send(user as usize).map_err(|_| libc::EIO)),
    )?;
    let mapping = mount.map_new(0..2)?;
    let large = dirty(&mount, LARGE)?;
    let caller = Child::spawn(|| {
        become_user(USER, USER)?;
        let map = Map::current()?;
        let want = counts(0, 0);
        succeeds(&map, mapping.range(0..1), Flags::SYNCIO, want);
        succeeds(&map, mapping.all(), Flags::SYNCIO, want);
        let want = counts(LARGE as u64, 0);
        succeeds(&map, large.all(), Flags::SYNCIO, want);
        Ok(())
    })?;
    caller.join()?;
    for number in 0..4 {
        assert_eq!(ours.receive()?, USER as usize, "commit {number}");
    }
    Ok(())
}
