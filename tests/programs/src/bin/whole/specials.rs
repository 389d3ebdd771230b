// SPDX-License-Identifier: GPL-2.0

//! Special mappings that are passed over, and how many bytes they are.

use std::ops::Range;
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds_somehow,
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
    maps::{
        entries,
        entry,
        Entry, //
    },
    sysctl::Sysctl,
    PAGE, //
};

/// Whether an entry of this process is the kernel's own.
pub fn is_special(entry: &Entry) -> bool {
    entry.name.starts_with("[v")
}

/// From the first of the kernel's own entries to the last, and how many bytes of that are theirs.
fn specials() -> Result<(Range<usize>, usize), Failure> {
    let specials: Vec<Entry> = entries()?.into_iter().filter(is_special).collect();
    let bytes = specials.iter().map(|entry| entry.range.len()).sum();
    match (specials.first(), specials.last()) {
        (Some(first), Some(last)) => Ok((first.range.start..last.range.end, bytes)),
        _ => Err(Failure::skip("this process has no special mappings")),
    }
}

/// With what lies between them, if anything does.
pub fn specials_are_passed_over() -> Verdict {
    let (range, bytes) = specials()?;
    let map = Map::current()?;
    let both = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    for flags in ALL {
        let outcome = succeeds_somehow(&map, range.clone(), flags | both);
        assert_eq!(outcome.skipped, range.len() as u64);
        assert_eq!((outcome.unpaged, outcome.done), (0, range.end as u64));
        if bytes == range.len() {
            let outcome = succeeds_somehow(&map, range.clone(), flags | Flags::SKIP_SPECIALS);
            assert_eq!(outcome.skipped, bytes as u64);
        }
        for without in [Flags::empty(), Flags::ALLOW_HOLES] {
            let flags = flags | without;
            refused(&map, range.clone(), flags, Reason::Special, range.start);
        }
    }
    Ok(())
}

/// A range that is an entry can be a special one.
pub fn entry_that_is_special() -> Verdict {
    let vdso = entry("[vdso]")?;
    let map = Map::current()?;
    for address in [vdso.start, vdso.start + 1, vdso.end - 1] {
        let outcome = succeeds_somehow(&map, address..address, BOTH | Flags::SKIP_SPECIALS);
        assert_eq!(outcome.skipped, vdso.len() as u64);
        assert_eq!(outcome.done, vdso.end as u64);
    }
    Ok(())
}

const HUGE: usize = 512;

/// A file, a huge page, a file, and a hole.
pub fn specials_beside_files_and_holes() -> Verdict {
    let _reserved = Sysctl::set("vm/nr_hugepages", "2")?;
    let room = Mapping::reserve(4 * HUGE)?;
    // It must be aligned.
    let start = room.address(HUGE).next_multiple_of(HUGE * PAGE);
    let huge = (start - room.address(0)) / PAGE;
    let end = huge + HUGE;
    room.map_anonymous(huge..end, libc::MAP_PRIVATE | libc::MAP_HUGETLB)
        .map_err(|error| Failure::skip(format!("no huge page can be had: {error}")))?;
    let file = TestFile::new(8)?;
    room.map(huge - 4..huge, file.file(), 0, Share::Shared)?;
    room.map(end..end + 4, file.file(), 4, Share::Shared)?;
    room.unmap(end + 4..end + 6)?;
    let soil = || {
        room.poke(huge - 1, 1);
        room.poke(end, 1);
    };
    let map = Map::current()?;
    let files = room.range(huge - 4..end + 4);
    let all = room.range(huge - 4..end + 6);
    for more in [Flags::SYNCIO, BOTH] {
        soil();
        for without in [Flags::empty(), Flags::ALLOW_HOLES] {
            let flags = more | without;
            refused(&map, files.clone(), flags, Reason::Special, start);
        }
        let flags = more | Flags::SKIP_SPECIALS;
        let hole = room.address(end + 4);
        refused(&map, all.clone(), flags, Reason::Hole, hole);
        assert_eq!(file.cached()?.dirty, 2, "something was done");

        let outcome = succeeds_somehow(&map, files.clone(), flags);
        assert_eq!(outcome.pushed, 2);
        assert_eq!(outcome.skipped, (HUGE * PAGE) as u64);
        let outcome = succeeds_somehow(&map, all.clone(), flags | Flags::ALLOW_HOLES);
        assert_eq!(outcome.skipped, ((HUGE + 2) * PAGE) as u64);
        // A part of it.
        let part = room.range(huge + 3..huge + 7);
        let outcome = succeeds_somehow(&map, part, flags);
        assert_eq!(outcome.skipped, 4 * PAGE as u64);
    }
    assert_eq!(file.cached()?.resident, 0);
    Ok(())
}

/// Locked memory is neither a hole nor special: it is not passed over.
pub fn wired_memory_is_not_passed_over() -> Verdict {
    let file = TestFile::new(4)?;
    let mapping = file.map()?;
    mapping.lock(2..3)?;
    mapping.poke(0, 1);
    let map = Map::current()?;
    let both = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    for flags in [Flags::INVALIDATE, BOTH] {
        let wired = mapping.address(2);
        for range in [mapping.all(), 0..usize::MAX] {
            refused(&map, range, flags | both, Reason::Wired, wired);
        }
    }
    assert_eq!(file.picture(0..4)?, "DCCC");
    let outcome = succeeds_somehow(&map, mapping.all(), Flags::SYNCIO | both);
    assert_eq!(Counts::from(outcome), counts(1, 0));
    Ok(())
}
