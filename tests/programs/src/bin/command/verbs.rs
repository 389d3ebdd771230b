// SPDX-License-Identifier: GPL-2.0

//! Files that are synced and evicted.

use super::scene::*;
use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::unix::fs::{
        FileExt,
        PermissionsExt, //
    },
};
use vm_map_sync_tests::{
    disk::Disk,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        Child,
        Line,
        NOBODY, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

const PAGES: usize = 16;
const DIRTY: [usize; 3] = [1, 5, 9];

/// A file with dirty pages in it.
fn soiled() -> io::Result<TestFile> {
    let file = TestFile::new(PAGES)?;
    file.map()?.fill(1, DIRTY);
    Ok(file)
}

pub fn dirty_file_is_synced() -> Verdict {
    let file = soiled()?;
    let ran = said(words("sync --json", file.path()))?.ends(0).quietly();
    assert_numbers(
        &ran.summary(),
        &[("files", 1), ("failed", 0), ("pushed", 3), ("freed", 0)],
    );
    let cached = file.cached()?;
    assert_eq!((cached.resident, cached.dirty), (PAGES as u64, 0));
    file.assert_on_disk(1, DIRTY);
    said(words("sync", file.path()))?
        .ends(0)
        .says("sync: 1 file, 64 KiB: 0 pages pushed, 0 freed, 0 left");
    Ok(())
}

pub fn writing_is_started_only() -> Verdict {
    let file = soiled()?;
    let before = file.disk().counters()?.flushes;
    let ran = said(words("sync --async --json", file.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("pushed", 3), ("freed", 0)]);
    file.wait_until_written()?;
    assert_eq!(file.disk().counters()?.flushes, before);
    file.assert_on_disk(1, DIRTY);
    Ok(())
}

pub fn file_is_evicted() -> Verdict {
    let file = soiled()?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let ran = said(words("evict --json", file.path()))?.ends(0).quietly();
    let numbers = [("pushed", 3), ("freed", PAGES as u64), ("left", 0)];
    assert_numbers(&ran.summary(), &numbers);
    assert_eq!(file.cached()?.resident, 0);
    file.assert_on_disk(1, DIRTY);
    mapping.assert_has(1, DIRTY);
    Ok(())
}

pub fn what_others_map_is_spared() -> Verdict {
    let file = soiled()?;
    let mapping = Mapping::reserve(4)?;
    mapping.map(0..4, file.file(), 0, Share::Shared)?;
    mapping.touch(0..4);
    let evict = words("evict --spare-shared --json", file.path());
    let summary = said(evict)?.ends(0).quietly().summary();
    assert_numbers(&summary, &[("pushed", 3), ("freed", 12), ("left", 4)]);
    assert_eq!(summary["why"]["mapped_by_others"]["pages"], 4);
    assert_eq!(file.picture(0..PAGES)?, "CCCC............");
    Ok(())
}

pub fn part_of_a_file() -> Verdict {
    let file = soiled()?;
    // Pages 1 to 5, since what is begun counts.
    let ran = said(words("evict --json --range 4097-20k", file.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("pushed", 1), ("freed", 4)]);
    assert_eq!(file.picture(0..PAGES)?, "C....DCCCDCCCCCC");
    let ran = said(words("evict --json --range 32K-", file.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("pushed", 1), ("freed", 8)]);
    assert_eq!(file.picture(0..PAGES)?, "C....DCC........");
    // Behind its end there is nothing.
    let ran = said(words("evict --json --range 1G-2G", file.path()))?.ends(0);
    assert_numbers(&ran.summary(), &[("files", 1), ("freed", 0)]);
    Ok(())
}

pub fn large_file_in_pieces() -> Verdict {
    let tree = Tree::new()?;
    let large = Large::new(tree.path())?;
    large.write(&Large::PLACES)?;
    let ran = said(words("evict --json", &large.path))?.ends(0);
    let bytes = Large::LENGTH;
    let numbers = [("files", 1), ("bytes", bytes), ("pushed", 3), ("freed", 3)];
    assert_numbers(&ran.summary(), &numbers);
    assert_eq!(large.resident()?, 0);
    Ok(())
}

/// In however many pieces it is written: with no more flushes than one `fdatasync()`.
pub fn large_file_is_committed_once() -> Verdict {
    let spare = Spare::new(32, &[("cache_size", "8")])?;
    let site = Site::new(spare.device())?;
    let disk = Disk::open(spare.device())?;
    let large = Large::new(site.directory())?;
    let flushes = |commit: &dyn Fn() -> Verdict| -> Result<u64, Failure> {
        large.write(&Large::PLACES)?;
        let before = disk.counters()?.flushes;
        commit()?;
        Ok(disk.counters()?.flushes - before)
    };
    let fdatasync = || Ok(large.file.sync_data()?);
    // What it takes to find places for them is none of it.
    flushes(&fdatasync)?;
    let reference = flushes(&fdatasync)?;
    assert!(reference > 0, "fdatasync() does not flush this disk");
    for verb in ["sync --json", "evict --forget-errors --json"] {
        let count = flushes(&|| {
            let ran = said(words(verb, &large.path))?.ends(0).quietly();
            let numbers = [("files", 1), ("bytes", Large::LENGTH), ("pushed", 3)];
            assert_numbers(&ran.summary(), &numbers);
            Ok(())
        })?;
        assert!((1..=reference).contains(&count), "{verb}: {count}");
    }
    Ok(())
}

pub fn before_and_after() -> Verdict {
    let file = soiled()?;
    let ran = said(words("evict -v", file.path()))?.ends(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    let bar = |text: &str| lines.iter().position(|line| line.starts_with(text));
    let before = bar("[O#OOO#OOO#OOOOOO] 16/16");
    let after = bar("[................] 0/16");
    assert!(before.is_some() && before < after, "{ran:?}");
    let ran = said(words("evict -v --json", file.path()))?.ends(0);
    let when: Vec<_> = ran
        .of_kind("cached")
        .iter()
        .map(|one| one["when"].clone())
        .collect();
    assert_eq!(when, ["before", "after"]);
    Ok(())
}

/// Such as a log of somebody else that one may append to.
pub fn file_for_writing_only() -> Verdict {
    let tree = Tree::new()?;
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755))?;
    let path = tree.file("log")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o222))?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        vm_map_sync_tests::process::become_user(NOBODY, NOBODY)?;
        said(words("evict", &path))?.ends(0);
        Ok(theirs.send(0)?)
    })?;
    child.join()?;
    ours.receive()?;
    assert_eq!(tree.resident("log")?, 0);
    Ok(())
}

pub fn block_device() -> Verdict {
    let spare = Spare::new(4, &[])?;
    let file = File::options()
        .read(true)
        .write(true)
        .open(spare.device())?;
    file.write_all_at(&[1; 4 * PAGE], 0)?;
    let ran = said(words("evict --json", spare.device()))?.ends(0);
    let numbers = [("bytes", 4 << 20), ("pushed", 4), ("freed", 4)];
    assert_numbers(&ran.summary(), &numbers);
    Ok(())
}
