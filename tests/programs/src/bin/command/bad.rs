// SPDX-License-Identifier: GPL-2.0

//! Files that cannot be dealt with: each is named and counted, and the others are done.

use super::scene::*;
use nix::{
    mount::{
        mount,
        umount,
        MsFlags, //
    },
    sys::stat::Mode,
    unistd::{
        chown,
        mkfifo,
        Uid, //
    },
};
use std::{
    ffi::OsStr,
    fs::{
        self,
        File,
        Permissions, //
    },
    os::unix::{
        ffi::OsStrExt,
        fs::PermissionsExt,
        process::CommandExt, //
    },
    path::Path,
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    process::{
        Child,
        Line,
        NOBODY, //
    },
    PAGE, //
};

pub fn several_bad_ones() -> Verdict {
    let tree = Tree::new()?;
    let (one, two) = (tree.file("one")?, tree.file("two")?);
    let gone = tree.path().join("gone");
    let arguments = [
        "evict".as_ref(),
        one.as_os_str(),
        gone.as_ref(),
        two.as_ref(),
    ];
    let ran = said(arguments)?.ends(1);
    let sentence = format!(
        "vmsync: {}: it is not there, or not any more; look whether the name is right\n",
        gone.display()
    );
    assert_eq!(ran.err, sentence);
    ran.says("evict: 2 files, 8 KiB: 2 pages pushed, 2 freed, 0 left")
        .says("gone: 1 file not done");
    Ok(())
}

/// Nothing waits for somebody to write to the pipe.
pub fn special_files() -> Verdict {
    let tree = Tree::new()?;
    let pipe = tree.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU)?;
    for path in [&pipe, Path::new("/dev/null"), Path::new("/proc/self/fd/0")] {
        for verb in ["status -f", "sync -f", "evict -f"] {
            said(words(verb, path))?.ends(1).says("no file with pages");
        }
    }
    Ok(())
}

pub fn huge_pages() -> Verdict {
    let tree = Tree::new()?;
    let nothing = None::<&str>;
    let huge = tree.path().join("huge");
    fs::create_dir(&huge)?;
    if let Err(errno) = mount(
        Some("none"),
        &huge,
        Some("hugetlbfs"),
        MsFlags::empty(),
        nothing,
    ) {
        return Err(Failure::skip(format!("no hugetlbfs: {errno}")));
    }
    File::create(huge.join("f"))?.set_len(2 << 20)?;
    tree.file("small")?;
    let ran = said(words("evict -r", tree.path()))?;
    umount(&huge)?;
    ran.ends(1)
        .says("huge/f: it is made of huge pages")
        .says("evict: 1 file, ");
    Ok(())
}

/// As somebody who owns nothing.
fn as_nobody(options: &str, path: &Path) -> Result<Ran, Failure> {
    run(vmsync(words(options, path))?.uid(NOBODY).gid(NOBODY))
}

pub fn not_ones_own_to_free() -> Verdict {
    let tree = Tree::new()?;
    fs::set_permissions(tree.path(), Permissions::from_mode(0o755))?;
    let (readable, closed) = (tree.file("readable")?, tree.file("closed")?);
    fs::set_permissions(&readable, Permissions::from_mode(0o644))?;
    fs::set_permissions(&closed, Permissions::from_mode(0o600))?;
    let own = tree.file("own")?;
    chown(&own, Some(Uid::from_raw(NOBODY)), None)?;
    let ran = as_nobody("evict -r", tree.path())?
        .ends(1)
        .says("readable: its pages are not yours to free")
        .says("closed: you may not open it; run this as its owner or as root")
        .says("permission: 2 files not done");
    assert!(ran.out.starts_with("evict: 1 file, "), "{ran:?}");
    let resident = |name| tree.resident(name);
    assert_eq!((resident("own")?, resident("readable")?), (0, 1));
    // What one may read one may make durable.
    as_nobody("sync", &readable)?.ends(0);
    as_nobody("sync", &closed)?.ends(1);
    Ok(())
}

/// However many they are, and wherever those are that can be freed.
pub fn many_are_not_ones_own() -> Verdict {
    const MANY: usize = 200;
    let tree = Tree::new()?;
    fs::set_permissions(tree.path(), Permissions::from_mode(0o755))?;
    for number in 0..MANY {
        let path = tree.file(number.to_string())?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        if number % 20 == 7 {
            chown(&path, Some(Uid::from_raw(NOBODY)), None)?;
        }
    }
    let ran = as_nobody("evict -r --json", tree.path())?.ends(1);
    let numbers = [("files", 10), ("failed", 190), ("freed", 10), ("left", 0)];
    assert_numbers(&ran.summary(), &numbers);
    let mut named: Vec<String> = ran
        .of_kind("problem")
        .iter()
        .map(|problem| problem["path"].to_string())
        .collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), 190);
    for number in 0..MANY {
        let left = u64::from(number % 20 != 7);
        assert_eq!(tree.resident(number.to_string())?, left, "{number}");
    }
    Ok(())
}

/// Nothing is mapped, so nothing can go wrong.
pub fn truncated_meanwhile() -> Verdict {
    let tree = Tree::new()?;
    let path = tree.file("f")?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let file = File::options().write(true).open(&path)?;
        theirs.send(0)?;
        loop {
            for pages in [64, 0, 1] {
                file.set_len(pages * PAGE as u64)?;
            }
        }
    })?;
    ours.receive()?;
    for verb in ["evict", "status", "sync", "evict -v", "evict --range 8K-"] {
        for _ in 0..5 {
            said(words(verb, &path))?.ends(0).quietly();
        }
    }
    child.die()
}

/// What is gone when its turn comes is named, and nothing else happens.
pub fn vanishing_meanwhile() -> Verdict {
    let tree = Tree::new()?;
    let stays = tree.file("stays")?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        theirs.send(0)?;
        loop {
            for number in 0..50 {
                fs::remove_file(tree.file(number.to_string())?)?;
            }
        }
    })?;
    ours.receive()?;
    for _ in 0..20 {
        fs::write(&stays, [3; PAGE])?;
        let ran = said(words("evict -r --json", tree.path()))?;
        let problems = ran.of_kind("problem");
        assert!(
            problems.iter().all(|one| one["reason"] == "gone"),
            "{ran:?}"
        );
        let code = i32::from(!problems.is_empty());
        ran.ends(code).quietly();
        assert_eq!(tree.resident("stays")?, 0);
    }
    child.die()
}

pub fn names_that_do_harm() -> Verdict {
    let tree = Tree::new()?;
    let name = OsStr::from_bytes(b"\x1b[31m\n\xff");
    let path = tree.file(name)?;
    let ran = said(words("status", &path))?.ends(0);
    assert!(ran.out.contains("/\\u{1b}[31m\\n\\xff\n"), "{ran:?}");
    let ran = said(words("status --json", &path))?.ends(0);
    assert_eq!(ran.of_kind("cached").len(), 1);
    Ok(())
}
