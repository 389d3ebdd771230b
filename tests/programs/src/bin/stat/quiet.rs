// SPDX-License-Identifier: GPL-2.0

//! Quiet files: what `cachestat()` and `mincore()` say of them, and that it stays so.

use super::scene::{
    as_cached,
    drop_pages,
    scene,
    stat,
    stat_with,
    PAGES,
    PICTURE, //
};
use std::{
    fs::File,
    io,
    ops::Range,
    os::{
        fd::AsFd,
        unix::fs::FileExt, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    disk::Counters,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    residency::Cached,
    PAGE, //
};

/// Parts of the file.
const PARTS: [Range<usize>; 8] = [0..16, 0..1, 1..2, 5..8, 9..12, 10..14, 13..16, 3..15];

pub fn agrees_with_cachestat_and_mincore() -> Verdict {
    let (map, file, mapping) = scene()?;
    for part in PARTS {
        let cached = Cached::of(file.file(), part.clone())?;
        let want = as_cached(part.len(), cached);
        assert_eq!(stat(&map, mapping.range(part.clone())), want, "{part:?}");
        let resident = mapping.resident(part.clone())?;
        let resident = resident.into_iter().filter(|&resident| resident).count();
        assert_eq!(want.resident, resident as u64, "{part:?}");

        let bytes = (part.start * PAGE) as u64..(part.end * PAGE) as u64;
        let of_file = Target::file(file.file().as_fd(), bytes);
        let found = stat_with(&map, &of_file, Flags::empty());
        assert_eq!(found, want, "{part:?} of the file");
    }
    // The whole entry, and the whole file.
    let want = as_cached(PAGES, file.cached()?);
    let inside = mapping.address(5) + 3;
    assert_eq!(stat(&map, inside..inside), want);
    let whole = Target::file(file.file().as_fd(), ..);
    assert_eq!(stat_with(&map, &whole, Flags::empty()), want);
    // Rounded outwards.
    let (start, end) = (mapping.address(5) + 1, mapping.address(7) + 1);
    let want = as_cached(3, Cached::of(file.file(), 5..8)?);
    assert_eq!(stat(&map, start..end), want);
    Ok(())
}

/// All at once, each as if it were the only one.
pub fn many_ranges_are_looked_at() -> Verdict {
    let (map, file, mapping) = scene()?;
    let (_, other, others) = scene()?;
    other.file().sync_all()?;
    let memory = Mapping::reserve(3)?;
    let targets = [
        Target::addresses(mapping.range(0..8)),
        Target::addresses(memory.all()),
        Target::file(file.file().as_fd(), ..),
        Target::addresses(others.range(9..12)),
        Target::addresses(mapping.range(4..8)),
    ];
    let stats = map.stat_vectored(&targets, Flags::empty())?;
    let of = |file: &TestFile, pages: Range<usize>| {
        Cached::of(file.file(), pages.clone()).map(|cached| as_cached(pages.len(), cached))
    };
    let mut of_memory = as_cached(0, Cached::default());
    of_memory.unpaged = 3;
    let want = [
        of(&file, 0..8)?,
        of_memory,
        of(&file, 0..PAGES)?,
        of(&other, 9..12)?,
        of(&file, 4..8)?,
    ];
    assert_eq!(stats, want);
    Ok(())
}

/// In one range a page counts once, however often it is mapped there.
pub fn aliases_count_once() -> Verdict {
    let file = TestFile::new(4)?;
    let place = Mapping::reserve(12)?;
    for (first, share) in [
        (0, Share::Shared),
        (4, Share::SharedRead),
        (8, Share::Private),
    ] {
        place.map(first..first + 4, file.file(), 0, share)?;
    }
    place.touch(0..12);
    place.poke(1, 1);
    let found = stat(&Map::current()?, place.all());
    let mut want = as_cached(4, file.cached()?);
    want.dirty = 1;
    assert_eq!(found, want);
    Ok(())
}

/// A large folio is dirty as a whole, and counts with as much as is in the range.
pub fn large_folios() -> Verdict {
    let file = TestFile::written_by(64, 16)?;
    let mapping = file.map()?;
    mapping.touch(0..64);
    mapping.poke(24, 1);
    let picture = file.picture(0..64)?;
    if picture.matches('D').count() < 8 {
        return Err(Failure::skip("the file system made no large folio"));
    }
    let map = Map::current()?;
    for part in [0..64, 23..26, 0..24, 25..64, 24..25] {
        let want = as_cached(part.len(), Cached::of(file.file(), part.clone())?);
        assert_eq!(stat(&map, mapping.range(part.clone())), want, "{part:?}");
    }
    Ok(())
}

/// What the kernel notes of the page frames of a file, where it can be seen.
fn notes(mapping: &Mapping) -> Result<Vec<u64>, Failure> {
    let (Ok(maps), Ok(flags)) = (
        File::open("/proc/self/pagemap"),
        File::open("/proc/kpageflags"),
    ) else {
        return Ok(Vec::new());
    };
    let word = |file: &File, index: usize| -> io::Result<u64> {
        let mut bytes = [0; size_of::<u64>()];
        file.read_exact_at(&mut bytes, (index * size_of::<u64>()) as u64)?;
        Ok(u64::from_ne_bytes(bytes))
    };
    let mut notes = Vec::new();
    for page in 0..mapping.pages() {
        let entry = word(&maps, mapping.address(page) / PAGE)?;
        if entry >> 63 != 0 {
            let frame = entry & ((1 << 55) - 1);
            notes.push(word(&flags, usize::try_from(frame)?)?);
        }
    }
    Ok(notes)
}

/// Nothing is written, brought in, touched or unmapped by looking.
pub fn looking_changes_nothing() -> Verdict {
    let (map, file, mapping) = scene()?;
    mapping.touch(0..8);
    let disk = file.disk();
    // What the kernel does by itself does not happen in all of the rounds.
    let mut quiet = false;
    for _ in 0..5 {
        let state = || -> Result<_, Failure> {
            Ok((
                file.picture(0..PAGES)?,
                mapping.present(0..PAGES)?,
                notes(&mapping)?,
                disk.counters()?,
            ))
        };
        let before = state()?;
        for _ in 0..20 {
            stat(&map, mapping.all());
            let whole = Target::file(file.file().as_fd(), ..);
            map.stat_vectored(&[whole; 3], Flags::empty())?;
        }
        quiet |= state()? == before;
    }
    assert!(quiet, "something happens each time");
    assert_eq!(file.picture(0..PAGES)?, PICTURE);
    file.assert_on_disk(0, 0..PAGES);
    Ok(())
}

/// Of what is not there nothing is brought in, and no disk is asked.
pub fn nothing_is_brought_in() -> Verdict {
    let file = TestFile::new(PAGES)?;
    drop_pages(&file, 0..PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let before: Counters = file.disk().counters()?;
    for _ in 0..5 {
        assert_eq!(
            stat(&map, mapping.all()),
            as_cached(PAGES, Cached::default())
        );
    }
    assert_eq!(file.cached()?.resident, 0);
    let after = file.disk().counters()?;
    assert_eq!(after.flushes, before.flushes);
    Ok(())
}
