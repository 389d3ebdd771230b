// SPDX-License-Identifier: GPL-2.0

//! Overlays: what is mapped is the file below, and the file that the user sees is asked.

use nix::unistd::{
    chown,
    Uid, //
};
use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::MetadataExt,
    path::Path,
};
use vm_map_sync::{
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        BOTH, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    overlay::Overlay,
    pattern,
    process::{
        become_user,
        Child,
        NOBODY, //
    },
    residency::Cached,
};

const PAGES: usize = 4;
const SOMEBODY: u32 = 4712;

/// Runs `body` as a user who has the file mapped.
fn mapped_by(user: u32, path: &Path, body: impl FnOnce(&Map, &Mapping)) -> Verdict {
    let child = Child::spawn(|| {
        become_user(user, user)?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &File::open(path)?, 0, Share::SharedRead)?;
        mapping.touch(0..PAGES);
        body(&Map::current()?, &mapping);
        for page in 0..PAGES {
            assert!(mapping.read(page) == pattern(0, page));
        }
        Ok(())
    })?;
    child.join()
}

/// The owner of the file may free it, although the file below belongs to somebody else; nobody else may.
pub fn owner_of_a_file_of_an_overlay() -> Verdict {
    let overlay = Overlay::new(PAGES)?;
    let (merged, lower) = (overlay.path("merged"), overlay.path("lower"));
    let is_refused = |map: &Map, mapping: &Mapping| {
        let start = mapping.address(0);
        refused(map, mapping.all(), BOTH, Reason::Protection, start);
    };
    mapped_by(NOBODY, &merged, is_refused)?;

    chown(&merged, Some(Uid::from_raw(NOBODY)), None)?;
    assert_eq!(fs::metadata(&merged)?.uid(), NOBODY);
    assert_eq!(fs::metadata(&lower)?.uid(), 0);
    let above = fs::read(overlay.path("upper"))?;
    assert!(above.iter().all(|&byte| byte == 0), "copied up");
    mapped_by(SOMEBODY, &merged, is_refused)?;
    let cached = || Cached::of(&File::open(&lower)?, 0..PAGES);
    assert_eq!(cached()?.resident, PAGES as u64);
    mapped_by(NOBODY, &merged, |map, mapping| {
        succeeds(map, mapping.all(), BOTH, counts(0, PAGES as u64));
    })
}
