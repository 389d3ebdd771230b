// SPDX-License-Identifier: GPL-2.0

//! Directories, and what can be in them besides files.

use super::scene::*;
use nix::{
    mount::{
        mount,
        MsFlags, //
    },
    sys::stat::Mode,
    unistd::mkfifo,
};
use std::{
    fs,
    os::unix::{
        fs::symlink,
        net::UnixListener, //
    },
};
use vm_map_sync_tests::harness::Verdict;

pub fn directories_are_gone_through() -> Verdict {
    let tree = Tree::new()?;
    let files = ["a", ".hidden", "d/b", "d/e/c", ".d/x"];
    for name in files {
        tree.file(name)?;
    }
    mkfifo(&tree.path().join("d/pipe"), Mode::S_IRWXU)?;
    let _socket = UnixListener::bind(tree.path().join("socket"))?;
    let ran = said(words("evict -r --json", tree.path()))?
        .ends(0)
        .quietly();
    let numbers = [
        ("files", 5),
        ("directories", 4),
        ("pushed", 5),
        ("freed", 5),
    ];
    assert_numbers(&ran.summary(), &numbers);
    assert_eq!(ran.summary()["passed_over"]["special_files"], 2);
    for name in files {
        assert_eq!(tree.resident(name)?, 0, "{name}");
    }
    said(words("status -r", tree.path()))?
        .ends(0)
        .says("status: 5 files, 0 B of 20 KiB cached (0 %)")
        .says("passed over: 2 special files");
    Ok(())
}

pub fn directory_needs_the_option() -> Verdict {
    let tree = Tree::new()?;
    tree.file("a")?;
    said(words("sync", tree.path()))?
        .ends(1)
        .says("it is a directory; pass -r to go through it");
    assert_eq!(tree.resident("a")?, 1);
    Ok(())
}

/// As for vmtouch: they are not followed, unless with -f.
pub fn symbolic_links() -> Verdict {
    let tree = Tree::new()?;
    let other = Tree::new()?;
    let (file, inside) = (other.file("f")?, other.file("d/g")?);
    symlink(&file, tree.path().join("link"))?;
    symlink(other.path().join("d"), tree.path().join("directory"))?;
    symlink("/nowhere", tree.path().join("dangling"))?;
    symlink(".", tree.path().join("loop"))?;

    let ran = said(words("evict -r --json", tree.path()))?
        .ends(0)
        .quietly();
    assert_numbers(&ran.summary(), &[("files", 0), ("directories", 1)]);
    assert_eq!(ran.summary()["passed_over"]["symbolic_links"], 4);
    said(words("evict", &tree.path().join("link")))?
        .ends(1)
        .says("it is a symbolic link; pass -f to follow it");
    assert_eq!(other.resident("f")?, 1);

    let ran = said(words("evict -rf --json", tree.path()))?
        .ends(0)
        .quietly();
    assert_numbers(&ran.summary(), &[("files", 2), ("directories", 2)]);
    assert_eq!(ran.summary()["passed_over"]["symbolic_links"], 2);
    assert_eq!((other.resident("f")?, other.resident(&inside)?), (0, 0));
    let ran = said(words("evict -f --json", &tree.path().join("link")))?.ends(0);
    assert_numbers(&ran.summary(), &[("files", 1)]);
    said(words("evict -f", &tree.path().join("dangling")))?
        .ends(1)
        .says("it is not there");
    Ok(())
}

pub fn hard_links() -> Verdict {
    let tree = Tree::new()?;
    let path = tree.file("a")?;
    fs::hard_link(&path, tree.path().join("b"))?;
    fs::hard_link(&path, tree.path().join("c"))?;
    let ran = said(words("sync -r --json", tree.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("files", 1), ("pushed", 1)]);
    assert_eq!(ran.summary()["passed_over"]["hard_links"], 2);
    let ran = said(words("evict -rH --json", tree.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("files", 3), ("freed", 1)]);
    Ok(())
}

pub fn other_file_systems() -> Verdict {
    own_mounts()?;
    let tree = Tree::new()?;
    tree.file("here")?;
    let other = tree.path().join("other");
    fs::create_dir(&other)?;
    let nowhere = None::<&str>;
    mount(
        Some("none"),
        &other,
        Some("tmpfs"),
        MsFlags::empty(),
        nowhere,
    )?;
    tree.file("other/there")?;
    // A single file can be mounted, too.
    let bound = tree.file("bound")?;
    mount(
        Some(&other.join("there")),
        &bound,
        nowhere,
        MsFlags::MS_BIND,
        nowhere,
    )?;

    let ran = said(words("sync -r --json", tree.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("files", 3), ("unpaged", 2)]);
    for option in ["-F", "-x"] {
        let ran = said(words(&format!("sync -r --json {option}"), tree.path()))?.ends(0);
        assert_numbers(&ran.summary(), &[("files", 1), ("unpaged", 0)]);
        assert_eq!(ran.summary()["passed_over"]["other_file_systems"], 1);
    }
    nix::mount::umount(&bound)?;
    nix::mount::umount(&other)?;
    Ok(())
}
