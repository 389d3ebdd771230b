// SPDX-License-Identifier: GPL-2.0

//! Cost: what of it can be counted exactly. What can only be timed is for `make bench`.

use std::{
    fs::File,
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
    mapper::Mapper,
    mapping::{
        Mapping,
        Share, //
    },
    place,
    residency::Cached,
    spare::{
        Site,
        Spare, //
    },
    tests,
    trace::Trace,
    PAGE, //
};

fn main() -> ExitCode {
    harness::run(tests![
        entries_512,
        entries_60000,
        gaps,
        files_share_commits,
        each_disk_is_flushed,
        all_is_started_before_any_is_waited_for,
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
    let map = Map::open()?;
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
    let map = Map::open()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(PIECES as u64, 0));
    assert_eq!(file.picture(0..2 * PIECES)?, "CD".repeat(PIECES));
    file.assert_on_disk(1, (0..2 * PIECES).step_by(2));
    file.assert_on_disk(0, (1..2 * PIECES).step_by(2));
    Ok(())
}

/// Files, and one mapping of all of them, all dirty.
fn several(count: usize, pages: usize) -> Result<(Vec<TestFile>, Mapping), Failure> {
    let mapping = Mapping::reserve(count * pages)?;
    let mut files = Vec::new();
    for number in 0..count {
        let file = TestFile::written_by(pages, pages)?;
        let first = number * pages;
        mapping.map(first..first + pages, file.file(), 0, Share::Shared)?;
        files.push(file);
    }
    for page in 0..mapping.pages() {
        mapping.poke(page, 1);
    }
    Ok((files, mapping))
}

/// Files whose commits are under way together share flushes, and nobody else's file is written. A
/// flush is slow here, so that even a busy machine gets many of them under way meanwhile.
fn files_share_commits() -> Verdict {
    const FILES: usize = 64;
    const MANY: u64 = FILES as u64 / 2;

    let slow = [
        ("irqmode", "2"),
        ("completion_nsec", "10000000"),
        ("cache_size", "32"),
    ];
    let spare = Spare::new(64, &slow)?;
    let site = Site::new(spare.device())?;
    site.settle();
    let (_files, mapping) = several(FILES, 4)?;
    let (bystanders, _theirs) = several(1, 4)?;
    let disk = place::disk()?;
    let before = disk.counters()?;
    let pushed = mapping.pages() as u64;
    succeeds(
        &Map::open()?,
        mapping.all(),
        Flags::SYNCIO,
        counts(pushed, 0),
    );
    let flushes = disk.counters()?.flushes - before.flushes;
    assert!((1..MANY).contains(&flushes), "{flushes} flushes");
    assert_eq!(bystanders[0].picture(0..4)?, "DDDD");
    Ok(())
}

/// Files on two disks: the commit of the one is not that of the other.
fn each_disk_is_flushed() -> Verdict {
    const PAGES: usize = 4;

    let mapping = Mapping::reserve(2 * PAGES)?;
    let spare = Spare::new(32, &[("cache_size", "8")])?;
    let here = (place::disk()?, TestFile::new(PAGES)?);
    let site = Site::new(spare.device())?;
    site.settle();
    let there = (place::disk()?, TestFile::new(PAGES)?);
    let map = Map::open()?;
    let both = [&here, &there];
    for (number, (_, file)) in both.into_iter().enumerate() {
        let first = number * PAGES;
        mapping.map(first..first + PAGES, file.file(), 0, Share::Shared)?;
        mapping.poke(first, 1);
    }
    let flushes = || -> std::io::Result<Vec<u64>> {
        let counters = both.into_iter().map(|(disk, _)| disk.counters());
        counters.map(|counters| Ok(counters?.flushes)).collect()
    };
    let before = flushes()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(2, 0));
    let after = flushes()?;
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before < after),
        "{before:?} flushes before, {after:?} after"
    );
    drop(mapping);
    drop(there);
    Ok(())
}

/// On a disk that is slow to write, there comes a moment when all pages are being written.
fn all_is_started_before_any_is_waited_for() -> Verdict {
    const FILES: usize = 16;
    const MEGABYTES: usize = 64;

    let spare = Spare::new(MEGABYTES, &[])?;
    let device = spare.device().display();
    let direct = format!("{device} 0");
    let mapper = Mapper::new(MEGABYTES, "linear", &direct)?;
    let site = Site::new(mapper.device())?;
    site.settle();
    let (files, mapping) = several(FILES, 4)?;
    // Reads at once, writes after so many milliseconds.
    let delayed = format!("{device} 0 0 {device} 0 1000");
    if let Err(error) = mapper.become_target("delay", &delayed) {
        return Err(Failure::skip(format!("no dm-delay: {error}")));
    }
    let map = Map::open()?;
    let most = thread::scope(|scope| -> Result<u64, Failure> {
        let call = scope.spawn(|| map.sync(mapping.all(), Flags::INVALIDATE));
        let mut most = 0;
        while !call.is_finished() {
            let mut written = 0;
            for file in &files {
                written += file.cached()?.writeback;
            }
            most = most.max(written);
            thread::sleep(Duration::from_millis(1));
        }
        let result = call.join();
        let outcome = result.map_err(|_| Failure::Failed("the caller panicked".to_owned()))??;
        assert_eq!(outcome.pushed, mapping.pages() as u64, "not dirty any more");
        Ok(most)
    });
    // What comes now is not to take long.
    mapper.become_target("linear", &direct)?;
    let pages = mapping.pages() as u64;
    assert_eq!(most?, pages, "pages being written at once, at the most");
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
    let map = Map::open()?;
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
    let map = Map::open()?;
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
