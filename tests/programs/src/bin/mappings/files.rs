// SPDX-License-Identifier: GPL-2.0

//! Mappings of files.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::fd::AsRawFd,
    ptr, //
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
        Counts,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    place,
    process::{
        Child,
        Line, //
    },
    PAGE, //
};

const PAGES: usize = 8;
const ALL_OF_IT: u64 = PAGES as u64;

/// A file that has no name any more is written and freed as any other.
pub fn deleted_file() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    fs::remove_file(file.path())?;
    mapping.fill(1, [2, 3]);
    succeeds(&Map::current()?, mapping.all(), BOTH, counts(2, ALL_OF_IT));
    assert_eq!(file.picture(0..PAGES)?, "........");
    file.assert_on_disk(1, [2, 3]);
    mapping.assert_has(1, [2, 3]);
    mapping.assert_has(0, [0, 1, 4, 5, 6, 7]);
    Ok(())
}

/// A mapping that was moved: it is where it is, and not where it was.
pub fn moved() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let place = Mapping::reserve(3 * PAGES)?;
    place.map(0..PAGES, file.file(), 0, Share::Shared)?;
    place.fill(1, [1]);
    // The second half goes on, and the first one stays.
    let (from, to) = (place.range(4..8), place.range(16..20));
    let how = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: All the addresses are reserved for `place`, and no reference into it is ever made.
    let at = unsafe {
        libc::mremap(
            from.start as *mut _,
            from.len(),
            to.len(),
            how,
            to.start as *mut libc::c_void,
        )
    };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error().into());
    }
    place.poke(16 + 2, 5); // page 6 of the file
    assert_eq!(file.picture(0..PAGES)?, "CDCCCCDC");

    let map = Map::current()?;
    for flags in ALL {
        refused(&map, place.range(0..5), flags, Reason::Hole, from.start);
    }
    assert_eq!(file.picture(0..PAGES)?, "CDCCCCDC");
    succeeds(&map, to, BOTH, counts(1, 4));
    assert_eq!(file.picture(0..PAGES)?, "CDCC....");
    assert_eq!(file.on_disk(6)?[..8], 5u64.to_ne_bytes());
    Ok(())
}

/// What is freed at one address is freed at all.
pub fn twice_at_different_addresses() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let (one, other) = (file.map()?, file.map()?);
    one.fill(1, [1]);
    other.fill(2, [5]);
    other.touch(0..PAGES);
    succeeds(&Map::current()?, one.all(), BOTH, counts(2, ALL_OF_IT));
    assert_eq!(file.picture(0..PAGES)?, "........");
    assert_eq!(other.present(0..PAGES)?, [false; PAGES]);
    other.assert_has(1, [1]);
    one.assert_has(2, [5]);
    Ok(())
}

/// Pages are taken from all who have them mapped, however many they are.
pub fn by_a_hundred_processes() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, 0..4);
    let others = (0..100)
        .map(|_| {
            let (ours, theirs) = Line::pair()?;
            let other = Child::spawn(|| {
                mapping.touch(0..PAGES);
                theirs.send(0)?;
                theirs.receive()?;
                assert_eq!(mapping.present(0..PAGES)?, [false; PAGES]);
                mapping.assert_has(1, 0..4);
                mapping.assert_has(0, 4..PAGES);
                Ok(())
            })?;
            ours.receive()?;
            Ok((other, ours))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    succeeds(&Map::current()?, mapping.all(), BOTH, counts(4, ALL_OF_IT));
    assert_eq!(file.picture(0..PAGES)?, "........");
    for (other, line) in others {
        line.send(0)?;
        other.join()?;
    }
    file.assert_on_disk(1, 0..4);
    Ok(())
}

/// One file through two descriptors, one of which cannot write: it is one file still.
pub fn two_descriptors() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let reader = File::open(file.path())?;
    for order in [[file.file(), &reader], [&reader, file.file()]] {
        let mapping = Mapping::reserve(2 * PAGES)?;
        for (first, file) in [(0, order[0]), (PAGES, order[1])] {
            mapping.map(first..first + PAGES, file, 0, Share::SharedRead)?;
        }
        file.map()?.fill(1, [1, 6]);
        mapping.touch(0..2 * PAGES);
        assert_eq!(file.picture(0..PAGES)?, "CDCCCCDC");
        let flushes = file.disk().counters()?.flushes;
        succeeds(&Map::current()?, mapping.all(), BOTH, counts(2, ALL_OF_IT));
        let flushes = file.disk().counters()?.flushes - flushes;
        assert_eq!(file.picture(0..PAGES)?, "........");
        // With nothing but the times of the file to write, ext4 needs one.
        assert!((1..=2).contains(&flushes), "{flushes} flushes");
        // Back as it was, each page a folio of its own.
        for page in 0..PAGES {
            std::os::unix::fs::FileExt::write_all_at(
                file.file(),
                &vm_map_sync_tests::pattern(0, page),
                (page * PAGE) as u64,
            )?;
        }
        file.file().sync_all()?;
    }
    Ok(())
}

/// A thousand entries of two files in turn: each of these is committed once.
pub fn two_files_in_turn() -> Verdict {
    const ENTRIES: usize = 1000;
    let files = [TestFile::new(ENTRIES)?, TestFile::new(ENTRIES)?];
    let mapping = Mapping::reserve(ENTRIES)?;
    for page in 0..ENTRIES {
        mapping.map(page..page + 1, files[page % 2].file(), page, Share::Shared)?;
    }
    mapping.fill(1, (0..ENTRIES).filter(|page| page % 10 < 2));
    let disk = files[0].disk();
    let before = disk.counters()?.flushes;
    let want = counts(ENTRIES as u64 / 5, ENTRIES as u64);
    succeeds(&Map::current()?, mapping.all(), BOTH, want);
    let flushes = disk.counters()?.flushes - before;
    assert!(
        (1..=4).contains(&flushes),
        "{flushes} flushes for two files"
    );
    for (file, first) in files.iter().zip(0..) {
        // What is mapped is gone, what is not stays.
        assert_eq!(file.cached()?.resident, ENTRIES as u64 / 2);
        file.assert_on_disk(1, (first..ENTRIES).step_by(10));
    }
    mapping.assert_has(1, (0..ENTRIES).filter(|page| page % 10 < 2));
    mapping.assert_has(0, (0..ENTRIES).filter(|page| page % 10 >= 2));
    Ok(())
}

/// Large folios that stick out of the range at either end.
pub fn large_folios_at_both_ends() -> Verdict {
    let file = TestFile::written_by(64, 16)?;
    let mapping = file.map()?;
    mapping.fill(1, [0]);
    if file.cached()?.dirty != 16 {
        return Err(Failure::skip("there are no large folios here"));
    }
    mapping.fill(1, [50]);
    let want = Counts {
        pushed: 6 + 7,
        freed: 64,
        beyond: 10 + 9,
        left: 0,
    };
    succeeds(&Map::current()?, mapping.range(10..55), BOTH, want);
    assert_eq!(file.cached()?.resident, 0);
    file.assert_on_disk(1, [0, 50]);
    mapping.assert_has(1, [0, 50]);
    mapping.assert_has(0, (1..64).filter(|&page| page != 50));
    Ok(())
}

/// A mapping of persistent memory itself: what is written is durable at once.
pub fn map_sync() -> Verdict {
    let path = place::directory()?.join("map-sync");
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)?;
    fs::remove_file(&path)?;
    file.set_len((PAGES * PAGE) as u64)?;
    let place = Mapping::reserve(PAGES)?;
    let range = place.all();
    // SAFETY: All the addresses are reserved for `place`, and no reference into it is ever made.
    let at = unsafe {
        libc::mmap(
            range.start as *mut _,
            range.len(),
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED_VALIDATE | libc::MAP_SYNC | libc::MAP_FIXED,
            file.as_raw_fd(),
            0,
        )
    };
    if ptr::eq(at, libc::MAP_FAILED) {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::EOPNOTSUPP) => Err(Failure::skip("no persistent memory")),
            _ => Err(error.into()),
        };
    }
    let map = Map::current()?;
    for (flags, version) in ALL.into_iter().zip(1..) {
        place.fill(version, 0..PAGES);
        succeeds(&map, range.clone(), flags, counts(0, 0));
        place.assert_has(version, 0..PAGES);
    }
    Ok(())
}
