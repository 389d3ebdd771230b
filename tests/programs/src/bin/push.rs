// SPDX-License-Identifier: GPL-2.0

//! Push: dirty pages get to the disk, durably if asked.

use std::{
    fs::{
        remove_file,
        File, //
    },
    os::unix::fs::FileExt,
    process::ExitCode,
    thread,
    time::Duration, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        ALL,
        BOTH, //
    },
    disk::{
        Counters,
        Extents, //
    },
    file::TestFile,
    harness::{
        self,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    place,
    tests,
    PAGE, //
};

fn main() -> ExitCode {
    harness::run(tests![
        syncio_puts_it_on_the_disk,
        invalidate_puts_it_on_the_disk,
        neither_starts_writing,
        neither_does_not_wait_for_the_commit,
        syncio_flushes,
        invalidate_does_not_flush,
        one_commit_for_all_entries,
        one_commit_for_all_pieces,
        one_commit_for_each_file,
        nothing_dirty,
        dirty_through_a_write,
        dirty_outside_of_the_range,
        dirty_at_the_edges,
        dirty_again,
        private_mapping,
        file_that_was_opened_for_reading,
        new_file,
        many_dirty_pages,
    ])
}

/// A file of 8 pages with 3 of them dirty, mapped.
fn scene() -> Result<(Map, TestFile, Mapping), Failure> {
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    mapping.touch(0..8);
    mapping.fill(1, [1, 2, 6]);
    assert_eq!(file.picture(0..8)?, "CDDCCCDC");
    file.assert_on_disk(0, 0..8);
    Ok((Map::current()?, file, mapping))
}

fn syncio_puts_it_on_the_disk() -> Verdict {
    let (map, file, mapping) = scene()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(3, 0));
    file.assert_on_disk(1, [1, 2, 6]);
    assert_eq!(file.picture(0..8)?, "CCCCCCCC");
    assert!(mapping.present(0..8)?.iter().all(|&present| present));
    Ok(())
}

fn invalidate_puts_it_on_the_disk() -> Verdict {
    let (map, file, mapping) = scene()?;
    succeeds(&map, mapping.all(), Flags::INVALIDATE, counts(3, 8));
    file.assert_on_disk(1, [1, 2, 6]);
    Ok(())
}

fn neither_starts_writing() -> Verdict {
    let (map, file, mapping) = scene()?;
    // So that nothing but the call can be what writes them.
    thread::sleep(Duration::from_millis(300));
    assert_eq!(file.picture(0..8)?, "CDDCCCDC", "written by somebody else");
    succeeds(&map, mapping.all(), Flags::empty(), counts(3, 0));
    assert!(!file.picture(0..8)?.contains('D'), "writing has not begun");
    file.wait_until_written()?;
    file.assert_on_disk(1, [1, 2, 6]);
    assert_eq!(file.picture(0..8)?, "CCCCCCCC");
    assert!(mapping.resident(0..8)?.iter().all(|&resident| resident));
    Ok(())
}

/// How often a call has the disk flush its cache: of a few calls, each in a scene of its own, the
/// least and the one in the middle, for the file system commits now and then by itself.
fn flushes(
    flags: Flags,
    scenes: impl Fn() -> Result<Shown, Failure>,
) -> Result<(u64, u64), Failure> {
    let mut counts = [0; 5];
    for count in &mut counts {
        let (map, files, mapping) = scenes()?;
        let disk = files[0].disk();
        if !disk.has_cache()? {
            return Err(Failure::skip("the disk has no write-back cache"));
        }
        let before = disk.counters()?;
        let outcome = map.sync(mapping.all(), flags)?;
        let after = disk.counters()?;
        assert_ne!(outcome.pushed, 0);
        if flags != Flags::empty() {
            assert!(after.writes > before.writes, "nothing was written");
        }
        *count = flushed(before, after);
    }
    counts.sort_unstable();
    Ok((counts[0], counts[2]))
}

type Shown = (Map, Vec<TestFile>, Mapping);

fn flushed(before: Counters, after: Counters) -> u64 {
    after.flushes - before.flushes
}

fn one_file() -> Result<Shown, Failure> {
    let (map, file, mapping) = scene()?;
    Ok((map, vec![file], mapping))
}

fn neither_does_not_wait_for_the_commit() -> Verdict {
    let (least, _) = flushes(Flags::empty(), one_file)?;
    assert_eq!(least, 0);
    Ok(())
}

fn syncio_flushes() -> Verdict {
    for flags in [Flags::SYNCIO, BOTH] {
        let (_, usual) = flushes(flags, one_file)?;
        assert_eq!(usual, 1, "{flags:?}");
    }
    Ok(())
}

fn invalidate_does_not_flush() -> Verdict {
    let (least, _) = flushes(Flags::INVALIDATE, one_file)?;
    assert_eq!(least, 0);
    Ok(())
}

/// Where `msync()` would commit once for each of them.
fn one_commit_for_all_entries() -> Verdict {
    let (_, usual) = flushes(Flags::SYNCIO, || {
        let file = TestFile::new(64)?;
        let mapping = file.map()?;
        mapping.fill(1, 0..64);
        for page in (0..64).step_by(2) {
            mapping.protect(page..page + 1, libc::PROT_READ)?;
        }
        Ok((Map::current()?, vec![file], mapping))
    })?;
    assert_eq!(usual, 1);
    Ok(())
}

/// Neither for parts of a file that do not follow each other.
fn one_commit_for_all_pieces() -> Verdict {
    const PIECES: usize = 64;

    let (_, usual) = flushes(Flags::SYNCIO, || {
        let file = TestFile::new(2 * PIECES)?;
        let mapping = Mapping::reserve(PIECES)?;
        for piece in 0..PIECES {
            mapping.map(piece..piece + 1, file.file(), 2 * piece, Share::Shared)?;
            mapping.poke(piece, 1);
        }
        Ok((Map::current()?, vec![file], mapping))
    })?;
    assert_eq!(usual, 1);
    Ok(())
}

/// And not for each of its entries. Commits that are under way together may share a flush.
fn one_commit_for_each_file() -> Verdict {
    let (_, usual) = flushes(Flags::SYNCIO, || {
        let files = [TestFile::new(2)?, TestFile::new(2)?, TestFile::new(2)?];
        let mapping = Mapping::reserve(12)?;
        for place in 0..6 {
            let file = &files[place % files.len()];
            mapping.map(2 * place..2 * place + 2, file.file(), 0, Share::Shared)?;
            mapping.poke(2 * place, 1);
        }
        Ok((Map::current()?, files.into(), mapping))
    })?;
    assert!((1..=3).contains(&usual), "{usual} flushes");
    Ok(())
}

fn nothing_dirty() -> Verdict {
    for flags in ALL {
        let file = TestFile::new(8)?;
        let mapping = file.map()?;
        mapping.touch(0..8);
        let freed = if flags.contains(Flags::INVALIDATE) {
            8
        } else {
            0
        };
        succeeds(&Map::current()?, mapping.all(), flags, counts(0, freed));
    }
    Ok(())
}

/// Pages that are dirty but in no page table.
fn dirty_through_a_write() -> Verdict {
    let (map, file, mapping) = scene()?;
    let page = pattern(2, 4);
    file.file().write_all_at(&page, 4 * PAGE as u64)?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(4, 0));
    file.assert_on_disk(2, [4]);
    Ok(())
}

fn dirty_outside_of_the_range() -> Verdict {
    for flags in ALL {
        let (map, file, mapping) = scene()?;
        let range = mapping.range(2..6);
        let freed = if flags.contains(Flags::INVALIDATE) {
            4
        } else {
            0
        };
        succeeds(&map, range, flags, counts(1, freed));
        assert_eq!(file.picture(0..2)?, "CD", "{flags:?}");
        assert_eq!(file.picture(6..8)?, "DC", "{flags:?}");
        file.assert_on_disk(0, [1, 6]);
    }
    Ok(())
}

fn dirty_at_the_edges() -> Verdict {
    let (map, file, mapping) = scene()?;
    succeeds(&map, mapping.range(1..7), Flags::SYNCIO, counts(3, 0));
    file.assert_on_disk(1, [1, 2, 6]);
    Ok(())
}

/// What was written once is noticed when it is written to once more.
fn dirty_again() -> Verdict {
    let (map, file, mapping) = scene()?;
    for version in 2..6 {
        succeeds(&map, mapping.all(), Flags::SYNCIO, counts(3, 0));
        succeeds(&map, mapping.all(), Flags::SYNCIO, counts(0, 0));
        mapping.fill(version, [1, 2, 6]);
    }
    succeeds(&map, mapping.all(), BOTH, counts(3, 8));
    file.assert_on_disk(5, [1, 2, 6]);
    mapping.assert_has(5, [1, 2, 6]);
    Ok(())
}

/// The pager of a private mapping is the file: its pages are dealt with, the copies are not.
fn private_mapping() -> Verdict {
    let (map, file, _shared) = scene()?;
    let mapping = Mapping::reserve(8)?;
    mapping.map(0..8, file.file(), 0, Share::Private)?;
    mapping.fill(9, [0, 1]);
    mapping.touch(0..8);
    let untouched = file.picture(0..8)?;
    assert_eq!(untouched, "CDDCCCDC", "a copy is not the file");

    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(3, 0));
    file.assert_on_disk(1, [1, 2, 6]);
    succeeds(&map, mapping.all(), BOTH, counts(0, 8));
    assert_eq!(file.picture(0..8)?, "........");
    let copies = mapping.present(0..8)?;
    let want = [true, true, false, false, false, false, false, false];
    assert_eq!(copies, want, "in the page tables");

    mapping.assert_has(9, [0, 1]);
    mapping.assert_has(1, [2, 6]);
    mapping.assert_has(0, [3, 4, 5, 7]);
    file.assert_on_disk(0, [0]);
    file.assert_on_disk(1, [1]);
    Ok(())
}

fn file_that_was_opened_for_reading() -> Verdict {
    for share in [Share::SharedRead, Share::PrivateRead] {
        let (map, file, _shared) = scene()?;
        let mapping = Mapping::reserve(8)?;
        mapping.map(0..8, &File::open(file.path())?, 0, share)?;
        let disk = file.disk();
        let before = disk.counters()?;
        succeeds(&map, mapping.all(), Flags::SYNCIO, counts(3, 0));
        if disk.has_cache()? {
            assert_ne!(flushed(before, disk.counters()?), 0, "{share:?}");
        }
        file.assert_on_disk(1, [1, 2, 6]);
    }
    Ok(())
}

/// Blocks that were never allocated before: the call makes them findable, too.
fn new_file() -> Verdict {
    let path = place::directory()?.join("new");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)?;
    remove_file(&path)?;
    file.set_len(8 * PAGE as u64)?;
    let mapping = Mapping::reserve(8)?;
    mapping.map(0..8, &file, 0, Share::Shared)?;
    mapping.fill(3, 0..8);
    let disk = place::disk()?;
    let before = disk.counters()?;
    let map = Map::current()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(8, 0));
    if disk.has_cache()? {
        assert_ne!(flushed(before, disk.counters()?), 0);
    }
    let extents = Extents::of(&file)?;
    for page in 0..8 {
        let found = disk.page(extents.locate(page)?)?;
        assert!(found == pattern(3, page), "page {page}");
    }
    Ok(())
}

/// More than are handed over at once, and not in a row.
fn many_dirty_pages() -> Verdict {
    const MANY: usize = 5000;

    let file = TestFile::new(MANY)?;
    let mapping = file.map()?;
    let dirty = || (0..MANY).filter(|page| page % 7 < 3);
    mapping.fill(1, dirty());
    let pushed = dirty().count() as u64;
    succeeds(
        &Map::current()?,
        mapping.all(),
        Flags::SYNCIO,
        counts(pushed, 0),
    );
    assert_eq!(file.cached()?.dirty, 0);
    file.assert_on_disk(1, dirty());
    Ok(())
}
