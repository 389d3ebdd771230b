// SPDX-License-Identifier: GPL-2.0

//! Refusals, and what is passed over.

use super::scene::{
    as_cached,
    scene,
    stat_with,
    PAGES,
    PICTURE, //
};
use nix::{
    errno::Errno,
    unistd::pipe, //
};
use std::os::fd::AsFd;
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_result,
        vm_map_sync_stat,
        vm_map_sync_vector, //
    },
    Flags,
    Map,
    Reason,
    SyncError,
    Target, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    maps::entry,
    raw::{
        fields,
        junk,
        Desk, //
    },
    residency::Cached,
    PAGE, //
};

#[track_caller]
fn refused(map: &Map, targets: &[Target<'_>], flags: Flags, want: (Reason, usize, u64)) {
    match map.stat_vectored(targets, flags) {
        Err(SyncError::Refused(fault)) => {
            let found = (fault.reason, fault.range.unwrap_or_default(), fault.address);
            assert_eq!(found, want, "{fault}");
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// A range that is refused refuses all, and is named.
pub fn bad_range_refuses_all() -> Verdict {
    let (map, file, mapping) = scene()?;
    let none = Flags::empty();
    let good = Target::addresses(mapping.all());
    let hole = Mapping::reserve(2)?;
    hole.unmap(1..2)?;
    let place = hole.address(1) as u64;
    let bad = Target::addresses(hole.all());
    refused(&map, &[good, bad], none, (Reason::Hole, 1, place));
    let special = entry("[vdso]")?;
    let place = special.start as u64;
    let bad = Target::addresses(special);
    refused(&map, &[good, good, bad], none, (Reason::Special, 2, place));
    let (out, _into) = pipe()?;
    let bad = Target::file(out.as_fd(), ..);
    refused(&map, &[bad, good], none, (Reason::Descriptor, 0, 0));
    let bad = Target::file(file.file().as_fd(), 5..5);
    refused(&map, &[good, bad], none, (Reason::Argument, 1, 0));
    refused(&map, &[], none, (Reason::Argument, 0, 0));
    assert_eq!(file.picture(0..PAGES)?, PICTURE);
    Ok(())
}

/// Flags that make no sense here.
pub fn flags_of_a_sync_are_refused() -> Verdict {
    let (map, file, mapping) = scene()?;
    let good = Target::addresses(mapping.all());
    let known = Flags::SELF | Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    for bit in 0..u32::BITS {
        let flag = Flags::from_bits_retain(1 << bit);
        if known.contains(flag) {
            stat_with(&map, &good, flag);
        } else {
            refused(&map, &[good], flag, (Reason::Argument, 0, 0));
            refused(&map, &[good], flag | known, (Reason::Argument, 0, 0));
        }
    }
    assert_eq!(file.picture(0..PAGES)?, PICTURE);
    Ok(())
}

/// Holes and special mappings are counted by the byte, locked memory is looked at.
pub fn what_is_passed_over_is_counted() -> Verdict {
    let map = Map::current()?;
    let file = TestFile::new(4)?;
    let place = Mapping::reserve(8)?;
    place.map(0..4, file.file(), 0, Share::Shared)?;
    place.unmap(4..7)?;
    place.lock(0..1)?;
    let target = Target::addresses(place.all());
    let mut want = as_cached(4, file.cached()?);
    want.wired = 1;
    want.unpaged = 1;
    want.skipped = 3 * PAGE as u64;
    assert_eq!(stat_with(&map, &target, Flags::ALLOW_HOLES), want);
    let special = entry("[vdso]")?;
    let mut want = as_cached(0, Cached::default());
    want.skipped = special.len() as u64;
    let target = Target::addresses(special);
    assert_eq!(stat_with(&map, &target, Flags::SKIP_SPECIALS), want);

    let whole = Target::addresses(0..usize::MAX);
    let all = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    let found = stat_with(&map, &whole, all);
    let synced = map.sync(0..usize::MAX, all)?;
    assert!(found.resident >= 4 && found.pages >= 4, "{found:?}");
    assert_eq!((found.hidden, found.wired), (0, 1));
    assert_eq!(
        (found.skipped, found.unpaged),
        (synced.skipped, synced.unpaged)
    );
    Ok(())
}

/// What is in the results before, and what is in them afterwards.
pub fn results_as_they_are() -> Verdict {
    let (map, file, mapping) = scene()?;
    let (vector, array) = (Desk::new()?, Desk::new()?);
    let range = mapping.all();
    let asked = vm_map_sync_stat {
        start: range.start as u64,
        end: range.end as u64,
        fd: 0,
        flags: 0,
        result: junk(),
        pages: 1,
        hidden: 2,
        resident: 3,
        dirty: 4,
        writeback: 5,
        others: 6,
        wired: 7,
    };
    array.put(0, &asked);
    let argument = vm_map_sync_vector {
        size: size_of::<vm_map_sync_vector>() as u32,
        flags: 0,
        ranges: array.address(0) as u64,
        count: 1,
        range_size: size_of::<vm_map_sync_stat>() as u32,
        reserved: 0,
        result: junk(),
    };
    let command = uapi::VM_MAP_SYNC_STAT;
    let (code, after) = vector.call_with(&map, command, &argument);
    assert_eq!(code, Ok(()));
    let want = vm_map_sync_result {
        done: 1,
        ..Default::default()
    };
    assert_eq!(fields(&after.result), fields(&want), "all");
    let found: vm_map_sync_stat = array.get(0);
    let want = vm_map_sync_result {
        done: range.end as u64,
        ..Default::default()
    };
    assert_eq!(fields(&found.result), fields(&want));
    let cached = file.cached()?;
    let counts = [found.pages, found.hidden, found.resident, found.dirty];
    let pages = PAGES as u64;
    assert_eq!(counts, [pages, 0, cached.resident, cached.dirty]);
    assert_eq!([found.writeback, found.others, found.wired], [0; 3]);
    let inputs = (found.start, found.end, found.fd, found.flags);
    assert_eq!(inputs, (asked.start, asked.end, 0, 0));

    // Of a refused call nothing is counted.
    mapping.unmap(3..4)?;
    array.put(0, &asked);
    let (code, _) = vector.call_with(&map, command, &argument);
    assert_eq!(code, Err(Errno::ENOMEM));
    let found: vm_map_sync_stat = array.get(0);
    assert_eq!(found.result.reason, uapi::VM_MAP_SYNC_REASON_HOLE);
    let counts = [found.pages, found.resident, found.dirty, found.wired];
    assert_eq!(counts, [0; 4]);

    // A structure that is shorter than any was.
    for range_size in [0, uapi::VM_MAP_SYNC_STAT_SIZE_VER0 - 1] {
        let (code, _) = vector.call_with(
            &map,
            command,
            &vm_map_sync_vector {
                range_size,
                ..argument
            },
        );
        assert_eq!(code, Err(Errno::EINVAL), "{range_size}");
    }
    Ok(())
}
