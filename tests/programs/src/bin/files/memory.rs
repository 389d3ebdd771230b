// SPDX-License-Identifier: GPL-2.0

//! Files that are memory: there is nothing to be done, and how much of them that is is told.

use super::scene::{
    bytes,
    succeeds, //
};
use nix::sys::memfd::{
    memfd_create,
    MemFdCreateFlag, //
};
use std::{
    fs::{
        self,
        File, //
    },
    os::unix::fs::FileExt,
    process,
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        counts,
        ALL, //
    },
    harness::Verdict,
    pattern,
    PAGE, //
};

fn has_nothing_to_do(file: &File) -> Verdict {
    const PAGES: usize = 5;

    file.set_len((PAGES * PAGE) as u64)?;
    file.write_all_at(&pattern(1, 2), (2 * PAGE) as u64)?;
    let map = Map::current()?;
    let none = counts(0, 0);
    for flags in ALL {
        let whole = succeeds(&map, file, .., flags, none, PAGES * PAGE);
        assert_eq!(whole.unpaged, PAGES as u64, "{flags:?}");
        let part = succeeds(&map, file, bytes(1..3), flags, none, 3 * PAGE);
        assert_eq!(part.unpaged, 2, "{flags:?}");
        let across = succeeds(&map, file, bytes(4..9), flags, none, 9 * PAGE);
        assert_eq!(
            across.unpaged, 1,
            "{flags:?}: what is behind the end is no page"
        );
    }
    let mut found = [0; PAGE];
    file.read_exact_at(&mut found, (2 * PAGE) as u64)?;
    assert!(found == pattern(1, 2), "it is gone");
    Ok(())
}

pub fn memfd() -> Verdict {
    let file = memfd_create(c"files", MemFdCreateFlag::empty())?;
    has_nothing_to_do(&File::from(file))
}

pub fn tmpfs() -> Verdict {
    let path = format!("/dev/shm/files-{}", process::id());
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    fs::remove_file(&path)?;
    has_nothing_to_do(&file)
}
