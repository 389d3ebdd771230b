// SPDX-License-Identifier: GPL-2.0

//! Cost: what of it can be counted exactly. What can only be timed is for `make bench`.

use std::{
    fs::File,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        succeeds_somehow,
        BOTH, //
    },
    disk::Counters,
    file::TestFile,
    harness::{
        self,
        fewer,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    place,
    residency::Cached,
    tests,
    trace::Trace,
    PAGE, //
};

mod files;
mod vectors;

use self::{
    files::*,
    vectors::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        entries_512,
        entries_60000,
        gaps,
        files_share_commits,
        no_commit_before_all_helpers_have_come,
        each_disk_is_flushed,
        all_is_started_before_any_is_waited_for,
        vector_of_1024_files_on_ext4,
        vector_of_1024_files_on_xfs,
        sparse,
        one_entry_takes_no_memory,
    ])
}

/// A file with 256 dirty pages behind so many entries costs what `fdatasync()` of them costs.
fn entries(count: usize) -> Verdict {
    const PAGES: usize = 512;

    let file = TestFile::written_by(PAGES, 16)?;
    // What follows is sparse.
    file.file().set_len((count * PAGE) as u64)?;
    let mapping = Mapping::reserve(count)?;
    mapping.map(0..count, file.file(), 0, Share::Shared)?;
    // Every other one can be executed as well, so that they are not merged.
    for page in (1..count).step_by(2) {
        let all = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        mapping.protect(page..page + 1, all)?;
    }
    costs_what_fdatasync_costs(file.file(), &mapping, &|| {
        for page in (0..PAGES).step_by(2) {
            mapping.poke(page, 1);
        }
    })
}

/// One flush, and no more writes than `fdatasync()` makes of what `soil` makes dirty.
fn costs_what_fdatasync_costs(file: &File, mapping: &Mapping, soil: &dyn Fn()) -> Verdict {
    file.sync_all()?;
    let disk = place::disk()?;
    if !disk.has_cache()? {
        return Err(Failure::skip("the disk has no write-back cache"));
    }
    let map = Map::current()?;
    let cost = |call: &dyn Fn() -> Verdict| -> Result<Counters, Failure> {
        soil();
        let before = disk.counters()?;
        call()?;
        let after = disk.counters()?;
        Ok(Counters {
            writes: after.writes - before.writes,
            flushes: after.flushes - before.flushes,
        })
    };
    // The file system commits now and then by itself: not in all of the rounds.
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..5 {
        theirs.push(cost(&|| Ok(file.sync_data()?))?);
        ours.push(cost(&|| {
            succeeds_somehow(&map, mapping.all(), Flags::SYNCIO);
            Ok(())
        })?);
    }
    ours.sort_by_key(|cost| (cost.flushes, cost.writes));
    theirs.sort_by_key(|cost| (cost.flushes, cost.writes));
    assert_eq!(ours[2].flushes, 1, "{ours:?}");
    assert!(
        ours[2].writes <= theirs[2].writes,
        "{ours:?}, fdatasync {theirs:?}"
    );
    Ok(())
}

fn entries_512() -> Verdict {
    entries(512)
}

fn entries_60000() -> Verdict {
    // Making them takes more than twice as long for twice as many.
    entries(fewer(fewer(60_000)))
}

/// Dirty pages of the file that are between those in the range, but not in it, are not written.
fn gaps() -> Verdict {
    const PIECES: usize = 256;

    let file = TestFile::new(2 * PIECES)?;
    let whole = file.map()?;
    whole.fill(1, 0..2 * PIECES);
    let mapping = Mapping::reserve(PIECES)?;
    for piece in 0..PIECES {
        mapping.map(piece..piece + 1, file.file(), 2 * piece, Share::Shared)?;
    }
    let map = Map::current()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(PIECES as u64, 0));
    assert_eq!(file.picture(0..2 * PIECES)?, "CD".repeat(PIECES));
    file.assert_on_disk(1, (0..2 * PIECES).step_by(2));
    file.assert_on_disk(0, (1..2 * PIECES).step_by(2));
    Ok(())
}

/// A terabyte of address space with ten pages in it: that much is done in no time.
fn sparse() -> Verdict {
    const RESIDENT: usize = 10;
    const TERABYTE: usize = (1 << 40) / PAGE;

    let file = TestFile::new(1)?;
    file.file().set_len(1 << 40)?;
    let mapping = Mapping::reserve(TERABYTE)?;
    mapping.map(0..TERABYTE, file.file(), 0, Share::Shared)?;
    // Without reading ahead, so that what lies between stays away.
    mapping.advise(0..TERABYTE, libc::MADV_RANDOM)?;
    let map = Map::current()?;
    succeeds(&map, mapping.all(), BOTH, counts(0, 1));
    for page in 1..=RESIDENT {
        mapping.poke(page * (TERABYTE / RESIDENT) - 1, page as u64);
    }
    let resident = || Cached::of(file.file(), 0..TERABYTE).map(|cached| cached.resident);
    let ten = RESIDENT as u64;
    assert_eq!(resident()?, ten);
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(ten, 0));
    succeeds(&map, mapping.all(), BOTH, counts(0, ten));
    succeeds(&map, mapping.all(), BOTH, counts(0, 0));
    assert_eq!(resident()?, 0);
    for page in 1..=RESIDENT {
        assert_eq!(mapping.peek(page * (TERABYTE / RESIDENT) - 1), page as u64);
    }
    Ok(())
}

/// What is mapped by one entry, with nothing dirty, is dealt with without allocating anything.
fn one_entry_takes_no_memory() -> Verdict {
    const PAGES: usize = 256;

    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let map = Map::current()?;
    let syscalls = ["raw_syscalls/sys_enter", "raw_syscalls/sys_exit"];
    let memory = [
        "kmem/kmalloc",
        "kmem/kmem_cache_alloc",
        "kmem/mm_page_alloc",
    ];
    if !Trace::is_there() {
        return Err(Failure::skip("this kernel has no tracing (CONFIG_FTRACE)"));
    }
    let trace = Trace::start(&[syscalls.as_slice(), memory.as_slice()].concat())?;
    for flags in [Flags::empty(), Flags::SYNCIO] {
        // An interrupt may take some for purposes of its own: not in all of the rounds.
        let mut least = usize::MAX;
        for _ in 0..5 {
            trace.clear()?;
            succeeds(&map, mapping.all(), flags, counts(0, 0));
            let events = trace.events()?;
            let began = events
                .iter()
                .position(|event| event.is_of_ioctl("sys_enter"));
            let ended = events
                .iter()
                .position(|event| event.is_of_ioctl("sys_exit"));
            let call = began
                .zip(ended)
                .and_then(|(began, ended)| events.get(began + 1..ended));
            let call = call.ok_or_else(|| Failure::Failed("no call in the trace".to_owned()))?;
            least = least.min(call.len());
        }
        assert_eq!(least, 0, "allocations with {flags:?}, at least");
    }
    Ok(())
}
