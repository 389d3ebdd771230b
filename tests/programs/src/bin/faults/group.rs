// SPDX-License-Identifier: GPL-2.0

//! Memory groups: one that is full is no reason to be killed.

use nix::mount::{
    mount,
    umount2,
    MntFlags,
    MsFlags, //
};
use std::{
    env,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    process, //
};
use vm_map_sync::{
    Map,
    Reason,
    VectorError, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        succeeds_somehow,
        BOTH, //
    },
    file::TestFile,
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::Child,
    vector::of_addresses,
    PAGE,
};

/// A memory group; it goes when this is dropped, if nobody is in it any more.
struct Group {
    root: PathBuf,
    owner: u32,
}

impl Group {
    fn new() -> Result<Self, Failure> {
        let root = env::temp_dir().join(format!("groups-{}", process::id()));
        fs::create_dir_all(&root)?;
        let none = None::<&str>;
        mount(Some("none"), &root, Some("cgroup2"), MsFlags::empty(), none)?;
        let this = Self {
            root,
            owner: process::id(),
        };
        let there = fs::read_to_string(this.root.join("cgroup.controllers"))?;
        if !there.split_whitespace().any(|name| name == "memory") {
            return Err(Failure::skip(
                "this kernel has no memory groups (CONFIG_MEMCG)",
            ));
        }
        fs::write(this.root.join("cgroup.subtree_control"), "+memory")?;
        fs::create_dir_all(this.directory())?;
        Ok(this)
    }

    fn directory(&self) -> PathBuf {
        self.root.join("test")
    }

    /// Lets the calling process in.
    fn enter(&self) -> Verdict {
        self.set("cgroup.procs", process::id() as usize)
    }

    fn set(&self, name: &str, value: usize) -> Verdict {
        Ok(fs::write(self.directory().join(name), value.to_string())?)
    }

    fn get(&self, name: &str) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.directory().join(name))?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if process::id() == self.owner {
            let _ = fs::remove_dir(self.directory());
            let _ = umount2(Path::new(&self.root), MntFlags::MNT_DETACH);
            let _ = fs::remove_dir(&self.root);
        }
    }
}

/// A range of many pieces in a group that has no room for a list of them: it is refused, and nobody is
/// killed.
pub fn full_memory_group() -> Verdict {
    /// What the group has room for, in bytes: less than a list takes.
    const ROOM: usize = 256 << 10;
    /// More than that.
    const MORE_ROOM: usize = 64 << 20;
    /// What is in it before, in pages.
    const FULL: usize = 2048;

    let pieces = fewer(60_000);
    let file = TestFile::new(1)?;
    file.file().set_len((pieces * PAGE) as u64)?;
    let mapping = Mapping::reserve(pieces)?;
    for place in 0..pieces {
        // Backwards, so that they do not follow each other in the file.
        mapping.map(
            place..place + 1,
            file.file(),
            pieces - 1 - place,
            Share::Shared,
        )?;
    }
    mapping.poke(pieces - 1, 1);
    assert_eq!(file.picture(0..1)?, "D");

    let group = Group::new()?;
    let child = Child::spawn(|| {
        group.enter()?;
        let memory = Mapping::reserve(FULL)?;
        memory.map_anonymous(0..FULL, libc::MAP_PRIVATE)?;
        for page in 0..FULL {
            memory.poke(page, 1);
        }
        let map = Map::current()?;
        let used: usize = group.get("memory.current")?.trim().parse()?;
        group.set("memory.max", used + ROOM)?;
        refused(&map, mapping.all(), BOTH, Reason::Memory, 0);
        // One range of many has as many.
        let targets = of_addresses([mapping.range(0..1), mapping.all()]);
        match map.sync_vectored(&targets, BOTH) {
            Err(VectorError::Refused(fault)) => {
                assert_eq!((fault.reason, fault.errno), (Reason::Memory, libc::ENOMEM));
            }
            other => panic!("not refused: {other:?}"),
        }
        assert_eq!(file.picture(0..1)?, "D", "something was done");
        // What needs no list is still done, and all is when there is room.
        let last = mapping.range(pieces - 1..pieces);
        succeeds(&map, last, BOTH, counts(1, 1));
        mapping.poke(pieces - 1, 2);
        group.set("memory.max", used + MORE_ROOM)?;
        let outcome = succeeds_somehow(&map, mapping.all(), BOTH);
        assert_eq!(outcome.pushed, 1);
        assert_eq!(file.on_disk(0)?[..8], 2u64.to_ne_bytes());
        Ok(())
    })?;
    child.join()?;
    let events = group.get("memory.events")?;
    assert!(events.contains("oom_kill 0"), "{events}");
    Ok(())
}
