// SPDX-License-Identifier: GPL-2.0

//! SPARE_SHARED: the caller gives his memory back, and those who have the same file mapped notice nothing.

use nix::sys::resource::{
    getrusage,
    UsageWho, //
};
use std::{
    fs::{
        set_permissions,
        File,
        Permissions, //
    },
    ops::Range,
    os::{
        fd::AsFd,
        unix::fs::{
            chown,
            PermissionsExt, //
        },
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    Target, //
};
use vm_map_sync_tests::{
    check::{
        busy,
        counts,
        refused,
        succeeds,
        Counts,
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
    pattern,
    pipe::Pipe,
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    residency::Cached,
    vector::{
        all_succeed,
        all_succeed_somehow, //
    },
};

/// How many pages the file has.
const PAGES: usize = 12;
/// What somebody else has mapped of it, what the caller has, and what both have.
const THEIRS: Range<usize> = 0..6;
const OURS: Range<usize> = 3..12;
const SHARED: Range<usize> = 3..6;
/// What is dirty.
const DIRTY: [usize; 2] = [4, 9];

/// With INVALIDATE.
const SPARE: [Flags; 2] = [
    Flags::INVALIDATE.union(Flags::SPARE_SHARED),
    BOTH.union(Flags::SPARE_SHARED),
];

/// What becomes of the caller's pages: those that are his alone are freed.
fn spared() -> Counts {
    Counts {
        left: SHARED.len() as u64,
        ..counts(DIRTY.len() as u64, (OURS.len() - SHARED.len()) as u64)
    }
}

/// The part of a file that one process has, mapped at its place, and touched.
fn part(file: &File, pages: Range<usize>, share: Share) -> Result<Mapping, Failure> {
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(pages.clone(), file, pages.start, share)?;
    mapping.touch(pages);
    Ok(mapping)
}

/// How many page faults this process has had that needed no disk, and how many that did.
fn faults() -> Result<(i64, i64), Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.minor_page_faults(), usage.major_page_faults()))
}

/// Runs `body` beside another process that has its part of the file mapped, and does not notice.
fn beside_another(file: &TestFile, body: impl FnOnce() -> Verdict) -> Verdict {
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let mapping = part(file.file(), THEIRS, Share::Shared)?;
        let look = || -> Result<_, Failure> {
            let present = mapping.present(THEIRS)?;
            let before = faults()?;
            mapping.touch(THEIRS);
            Ok((present, faults()? == before))
        };
        look()?;
        theirs.send(0)?;
        theirs.receive()?;
        let (present, quiet) = look()?;
        assert!(!present.contains(&false), "it was unmapped: {present:?}");
        assert!(quiet, "there were page faults");
        mapping.assert_has(1, DIRTY.into_iter().filter(|page| THEIRS.contains(page)));
        Ok(())
    })?;
    ours.receive()?;
    body()?;
    ours.send(0)?;
    child.join()
}

pub fn pages_of_others_are_spared() -> Verdict {
    for flags in SPARE {
        let file = TestFile::new(PAGES)?;
        beside_another(&file, || {
            let mapping = part(file.file(), OURS, Share::Shared)?;
            mapping.fill(1, DIRTY);
            succeeds(&Map::current()?, mapping.range(OURS), flags, spared());
            let present = mapping.present(OURS)?;
            assert!(!present.contains(&true), "his own are left: {present:?}");
            assert_eq!(file.picture(0..PAGES)?, "CCCCCC......");
            file.assert_on_disk(1, DIRTY);
            mapping.assert_has(1, DIRTY);
            Ok(())
        })?;
    }
    Ok(())
}

/// Without the flag they are not.
pub fn pages_of_others_go_without_the_flag() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let mapping = part(file.file(), THEIRS, Share::Shared)?;
        theirs.send(0)?;
        theirs.receive()?;
        assert!(mapping.present(SHARED)?.iter().all(|&present| !present));
        Ok(())
    })?;
    ours.receive()?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    let want = counts(0, OURS.len() as u64);
    succeeds(&Map::current()?, mapping.range(OURS), BOTH, want);
    ours.send(0)?;
    child.join()
}

/// Without INVALIDATE nothing is given up.
pub fn nothing_is_given_up_without_invalidate() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    let map = Map::current()?;
    for flags in [Flags::empty(), Flags::SYNCIO] {
        mapping.fill(1, DIRTY);
        let flags = flags | Flags::SPARE_SHARED;
        let outcome = map.sync(mapping.range(OURS), flags)?;
        assert_eq!(Counts::from(outcome), counts(DIRTY.len() as u64, 0));
        assert!(mapping.present(OURS)?.iter().all(|&present| present));
        file.wait_until_written()?;
    }
    Ok(())
}

/// What the caller has of a file elsewhere, outside of the range, is mapped as well. If it is in the range,
/// nobody has it any more.
pub fn pages_mapped_twice_by_the_caller() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    let again = part(file.file(), SHARED, Share::SharedRead)?;
    let map = Map::current()?;
    mapping.fill(1, DIRTY);
    succeeds(&map, mapping.range(OURS), SPARE[1], spared());
    assert!(again.present(SHARED)?.iter().all(|&present| present));
    assert_eq!(file.picture(0..PAGES)?, "CCCCCC......");

    mapping.touch(SHARED);
    let targets = [
        Target::addresses(mapping.range(SHARED)),
        Target::addresses(again.range(SHARED)),
    ];
    let outcomes = all_succeed_somehow(&map, &targets, SPARE[1]);
    assert_eq!(Counts::from(outcomes.all), counts(0, 3));
    assert_eq!(file.picture(0..PAGES)?, "CCC.........");
    Ok(())
}

/// Private copies are never touched, nor is what a private mapping has not copied yet.
pub fn private_mappings_keep_their_pages() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Private)?;
    mapping.fill(5, [7]);
    let map = Map::current()?;
    // The page that was copied is in nobody's page tables.
    let left = Counts {
        left: OURS.len() as u64 - 1,
        ..counts(0, 1)
    };
    succeeds(&map, mapping.range(OURS), SPARE[0], left);
    assert!(mapping.present(OURS)?.iter().all(|&present| present));
    mapping.assert_has(5, [7]);
    assert_eq!(file.picture(0..PAGES)?, "CCCCCCC.CCCC");
    file.assert_on_disk(0, [7]);
    Ok(())
}

/// Who may not free a file gets his memory back all the same, and nothing is told him.
pub fn files_of_others_keep_their_pages() -> Verdict {
    let foreign = TestFile::new(PAGES)?;
    set_permissions(foreign.path(), Permissions::from_mode(0o644))?;
    let own = TestFile::new(PAGES)?;
    chown(own.path(), Some(NOBODY), None)?;
    for file in [&foreign, &own] {
        file.map()?.fill(1, DIRTY);
    }
    let child = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let mapping = part(&File::open(foreign.path())?, OURS, Share::SharedRead)?;
        let start = mapping.address(OURS.start);
        let range = mapping.range(OURS);
        refused(&map, range.clone(), BOTH, Reason::Protection, start);
        for flags in SPARE {
            mapping.touch(OURS);
            succeeds(&map, range.clone(), flags, counts(0, 0));
            assert!(!mapping.present(OURS)?.contains(&true), "it has them still");
        }
        // By its descriptor there is nothing to be given up.
        let reader = File::open(foreign.path())?;
        let outcome = map.sync_file(&reader, .., SPARE[1])?;
        assert_eq!(Counts::from(outcome), counts(0, 0));

        // Beside a file of one's own.
        mapping.touch(OURS);
        let owns = part(&File::open(own.path())?, OURS, Share::SharedRead)?;
        let targets = [
            Target::addresses(mapping.range(OURS)),
            Target::addresses(owns.range(OURS)),
            Target::file(reader.as_fd(), ..),
        ];
        let freed = counts(DIRTY.len() as u64, OURS.len() as u64);
        let want = [counts(0, 0), freed, counts(0, 0)];
        all_succeed(&map, &targets, SPARE[1], &want);
        for mapping in [&mapping, &owns] {
            assert!(!mapping.present(OURS)?.contains(&true), "it has them still");
        }
        Ok(())
    })?;
    child.join()?;
    assert_eq!(foreign.cached()?.resident, PAGES as u64);
    foreign.assert_on_disk(1, DIRTY);
    assert_eq!(own.picture(0..PAGES)?, "CCC.........");
    Ok(())
}

/// Pages that are pinned, and mapped by nobody, are no pages of others: that they stay is a failure still.
pub fn pinned_pages_are_busy() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    let map = Map::current()?;
    let pipe = Pipe::holding(&mapping, 8..9)?;
    let left = Counts {
        left: 1,
        ..counts(0, OURS.len() as u64 - 1)
    };
    let range = mapping.range(OURS);
    busy(&map, range.clone(), SPARE[0], left, mapping.address(8));
    drop(pipe);
    succeeds(&map, range, SPARE[0], counts(0, 1));
    Ok(())
}

/// Locked memory is not given up.
pub fn wired_memory_is_refused() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    mapping.lock(5..6)?;
    let map = Map::current()?;
    for flags in SPARE {
        let range = mapping.range(OURS);
        refused(&map, range, flags, Reason::Wired, mapping.address(5));
    }
    assert!(mapping.present(OURS)?.iter().all(|&present| present));
    Ok(())
}

/// What somebody else has locked is his, and spared as well.
pub fn pages_wired_by_others_are_spared() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let mapping = part(file.file(), THEIRS, Share::Shared)?;
        mapping.lock(THEIRS)?;
        theirs.send(0)?;
        theirs.receive()?;
        assert!(mapping.present(THEIRS)?.iter().all(|&present| present));
        Ok(())
    })?;
    ours.receive()?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    mapping.fill(1, DIRTY);
    succeeds(&Map::current()?, mapping.range(OURS), SPARE[1], spared());
    ours.send(0)?;
    child.join()
}

/// By a handle on another map it is that map which gives its pages up; the caller's are left.
pub fn map_of_the_handle_gives_up() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    mapping.fill(1, DIRTY);
    let map = Map::current()?;
    let child = Child::spawn(|| {
        let theirs = part(file.file(), THEIRS, Share::Shared)?;
        // The parent's mapping was inherited, with nothing in it.
        mapping.unmap(OURS)?;
        succeeds(&map, mapping.range(OURS), SPARE[1], spared());
        assert!(theirs.present(THEIRS)?.iter().all(|&present| present));
        Ok(())
    })?;
    child.join()?;
    assert!(!mapping.present(OURS)?.contains(&true), "it has them still");
    assert_eq!(file.picture(0..PAGES)?, "CCCCCC......");
    let whole = Cached::of(file.file(), 0..PAGES)?;
    assert_eq!((whole.resident, whole.dirty), (6, 0));
    assert!(mapping.read(9) == pattern(1, 9));
    Ok(())
}

/// By a descriptor nothing is given up: what nobody has mapped is freed.
pub fn file_range_spares_all_mappers() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = part(file.file(), OURS, Share::Shared)?;
    mapping.fill(1, DIRTY);
    let map = Map::current()?;
    let outcome = map.sync_file(file.file(), .., SPARE[1])?;
    let want = Counts {
        left: OURS.len() as u64,
        ..counts(DIRTY.len() as u64, (PAGES - OURS.len()) as u64)
    };
    assert_eq!(Counts::from(outcome), want);
    assert!(mapping.present(OURS)?.iter().all(|&present| present));
    assert_eq!(file.picture(0..PAGES)?, "...CCCCCCCCC");
    file.assert_on_disk(1, DIRTY);
    Ok(())
}
