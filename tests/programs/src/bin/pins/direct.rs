// SPDX-License-Identifier: GPL-2.0

//! Direct I/O under way: a disk reads from the pages, or writes to them.

use std::{
    fs::{
        self,
        OpenOptions, //
    },
    io,
    os::{
        fd::AsRawFd,
        unix::fs::OpenOptionsExt, //
    },
    thread, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    patience::wait_until,
    pattern,
    PAGE, //
};

const PAGES: usize = 24;
/// The pages that the disk has.
const HELD: std::ops::Range<usize> = 8..16;
/// How many pages of all processes are pinned.
fn pinned() -> io::Result<i64> {
    // What the processors have counted each for itself is added up when this is read.
    fs::read("/proc/sys/vm/stat_refresh")?;
    let text = fs::read_to_string("/proc/vmstat")?;
    let field = |name: &str| -> i64 {
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .find(|(key, _)| *key == name)
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0)
    };
    Ok(field("nr_foll_pin_acquired") - field("nr_foll_pin_released"))
}

enum Direction {
    Read,
    Write,
}

/// Transfers the held pages between the mapping and a disk behind a gate, and runs `meanwhile` while it
/// is under way.
fn transfer(
    mapping: &Mapping,
    gate: &Gate,
    direction: Direction,
    meanwhile: impl FnOnce(),
) -> Verdict {
    let disk = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_DIRECT)
        .open(gate.device())?;
    let range = mapping.range(HELD);
    gate.close(Held::All)?;
    let before = pinned()?;
    let mover = thread::spawn(move || {
        let (fd, length) = (disk.as_raw_fd(), range.len());
        // SAFETY: Nothing but the kernel looks at the memory, which is mapped until the thread has
        // been joined.
        let moved = unsafe {
            match direction {
                Direction::Read => libc::pread(fd, range.start as *mut _, length, 0),
                Direction::Write => libc::pwrite(fd, range.start as *const _, length, 0),
            }
        };
        assert_eq!(moved, length as isize, "{}", io::Error::last_os_error());
    });
    wait_until("pinned", || {
        io::Result::Ok(pinned()? >= before + HELD.len() as i64)
    })?;
    meanwhile();
    assert!(!mover.is_finished(), "the disk did not wait");
    gate.open()?;
    if mover.join().is_err() {
        return Err(Failure::Failed("the direct I/O failed".into()));
    }
    Ok(())
}

pub fn direct_read_under_way() -> Verdict {
    let gate = Gate::new(8, &[])?;
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 4..20);

    transfer(&mapping, &gate, Direction::Read, || {
        let want = Counts {
            pushed: 16,
            freed: (PAGES - HELD.len()) as u64,
            left: HELD.len() as u64,
            ..Counts::default()
        };
        let first = mapping.address(HELD.start);
        check::busy(&map, mapping.all(), BOTH, want, first);
        let picture = file.picture(0..PAGES).expect("cachestat works");
        assert_eq!(picture, "........CCCCCCCC........");
        // What they held so far has been written all the same.
        file.assert_on_disk(1, HELD);
        mapping.assert_has(1, HELD);
    })?;

    // The disk, which is empty, has overwritten them.
    for page in HELD {
        assert!(mapping.read(page) == [0; PAGE], "page {page} is another");
    }
    let held = mapping.range(HELD);
    let count = HELD.len() as u64;
    check::succeeds(&map, held, BOTH, check::counts(count, count));
    for page in HELD {
        assert!(file.on_disk(page)? == [0; PAGE], "page {page} was lost");
        assert!(mapping.read(page) == [0; PAGE], "page {page} is stale");
    }
    mapping.assert_has(1, (4..8).chain(16..20));
    Ok(())
}

pub fn direct_write_under_way() -> Verdict {
    let gate = Gate::new(8, &[])?;
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 0..PAGES);

    transfer(&mapping, &gate, Direction::Write, || {
        let want = Counts {
            pushed: PAGES as u64,
            freed: (PAGES - HELD.len()) as u64,
            left: HELD.len() as u64,
            ..Counts::default()
        };
        let first = mapping.address(HELD.start);
        check::busy(&map, mapping.all(), BOTH, want, first);
        // The disk has yet to read from the pages, and they are still those of the mapping.
        mapping.fill(2, HELD);
    })?;

    let mut page = vec![0; PAGE];
    for number in 0..HELD.len() {
        let copy = OpenOptions::new().read(true).open(gate.device())?;
        std::os::unix::fs::FileExt::read_exact_at(&copy, &mut page, (number * PAGE) as u64)?;
        assert!(
            page == pattern(2, HELD.start + number),
            "the disk read from a page that was no longer the file's"
        );
    }
    let count = HELD.len() as u64;
    check::succeeds(&map, mapping.all(), BOTH, check::counts(count, count));
    file.assert_on_disk(2, HELD);
    Ok(())
}
