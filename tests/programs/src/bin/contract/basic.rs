// SPDX-License-Identifier: GPL-2.0

//! The operations: push, syncio, invalidate, both.

use super::subject::{
    note,
    Kind,
    Subject,
    Traits, //
};
use std::{
    fs::OpenOptions,
    io,
    mem, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        refused,
        succeeds,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    place,
    process::{
        Child,
        Line, //
    },
    PAGE, //
};

const HUGE: usize = (2 << 20) / PAGE;

/// For a file system whose mappings are special: that a call is refused.
fn special(flags: Flags) -> Result<bool, Failure> {
    if Traits::get().kind() != Kind::Special {
        return Ok(false);
    }
    let path = place::directory()?.join("huge");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    file.set_len((HUGE * PAGE) as u64)?;
    // It has to be aligned.
    let mapping = Mapping::reserve(2 * HUGE)?;
    let first = (0..HUGE)
        .find(|&page| mapping.address(page) % (HUGE * PAGE) == 0)
        .unwrap_or_default();
    mapping.map(first..first + HUGE, &file, 0, Share::Shared)?;
    mapping.poke(first, 7);
    let map = Map::current()?;
    let range = mapping.range(first + 1..first + 3);
    let address = range.start;
    refused(&map, range, flags, Reason::Special, address);
    assert_eq!(mapping.peek(first), 7);
    Ok(true)
}

/// Tells why less happens than the name of the test says.
fn explain(test: &str, subject: &Subject) {
    match subject.traits.kind() {
        Kind::Cached => {}
        Kind::ReadOnly => note(test, "read only, so nothing is ever written"),
        Kind::Memory => note(test, "nothing to write to, so nothing is done"),
        Kind::Dax => note(test, "no page cache, so nothing is freed"),
        Kind::Special => note(test, "refused: special"),
    }
}

/// Without flags, writing starts, though nobody waits for it: it ends by itself.
pub fn push() -> Verdict {
    if special(Flags::empty())? {
        note("push", "refused: special");
        return Ok(());
    }
    let subject = Subject::any(16)?;
    explain("push", &subject);
    let mapping = subject.map()?;
    let all = subject.pages() as u64;
    mapping.touch(0..subject.pages());
    if subject.traits.kind() == Kind::ReadOnly {
        succeeds(
            &Map::current()?,
            mapping.all(),
            Flags::empty(),
            subject.counts(0, 0),
        );
        subject.assert_cached(all, 0);
        return Ok(());
    }
    mapping.fill(1, 0..8);
    subject.assert_cached(all, 8);
    let disk = subject.disk()?;
    let before = disk.as_ref().map(|disk| disk.counters()).transpose()?;
    succeeds(
        &Map::current()?,
        mapping.all(),
        Flags::empty(),
        subject.counts(8, 0),
    );

    if subject.traits.has("journals-data") {
        // What the journal has taken stays dirty until it is written to its place, long after.
        note("push", "the journal has it, and writes it when it commits");
        mapping.assert_has(1, 0..8);
        return Ok(());
    }
    settle(&subject)?;
    if let (Some(disk), Some(before)) = (disk, before) {
        assert!(
            disk.counters()?.writes > before.writes,
            "nothing was written"
        );
    }
    subject.assert_cached(all, 0);
    mapping.assert_has(1, 0..8);
    mapping.assert_has(0, 8..16);
    Ok(())
}

/// Waits until nothing is dirty any more. The kernel's own writing back is off, so nobody but the
/// module has begun it.
fn settle(subject: &Subject) -> Verdict {
    if subject.traits.kind() != Kind::Cached {
        return Ok(());
    }
    wait_until("clean", || {
        let cached = subject.cached()?;
        io::Result::Ok(cached.dirty == 0 && cached.writeback == 0)
    })
}

/// What was pushed before can be freed: clean, though perhaps not committed.
pub fn push_and_invalidate() -> Verdict {
    let subject = Subject::new(16)?;
    explain("push_and_invalidate", &subject);
    let mapping = subject.map()?;
    mapping.touch(0..16);
    mapping.fill(1, (0..16).step_by(2));
    let map = Map::current()?;
    succeeds(&map, mapping.all(), Flags::empty(), subject.counts(8, 0));
    let journal = subject.traits.has("journals-data");
    if !journal {
        settle(&subject)?;
    }
    let again = if journal { 8 } else { 0 };
    let counts = subject.counts(again, 16);
    succeeds(&map, mapping.all(), Flags::INVALIDATE, counts);
    if subject.is_freed() {
        subject.assert_cached(0, 0);
    }
    mapping.assert_has(1, (0..16).step_by(2));
    mapping.assert_has(0, (1..16).step_by(2));
    Ok(())
}

/// When a call with `SYNCIO` returns, all is written; nothing has left the cache.
pub fn syncio() -> Verdict {
    if special(Flags::SYNCIO)? {
        note("syncio", "refused: special");
        return Ok(());
    }
    let subject = Subject::any(16)?;
    explain("syncio", &subject);
    let mapping = subject.map()?;
    let all = subject.pages() as u64;
    mapping.touch(0..subject.pages());
    let map = Map::current()?;
    if subject.traits.kind() == Kind::ReadOnly {
        succeeds(&map, mapping.all(), Flags::SYNCIO, subject.counts(0, 0));
        subject.assert_cached(all, 0);
        return Ok(());
    }
    mapping.fill(1, (0..16).step_by(2));
    subject.assert_cached(all, 8);
    if subject.traits.kind() == Kind::Dax {
        return dax_syncio(&map, &subject, &mapping);
    }
    let disk = subject.disk()?;
    let before = disk.as_ref().map(|disk| disk.counters()).transpose()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, subject.counts(8, 0));
    subject.assert_cached(all, 0);
    if let (Some(disk), Some(before)) = (disk, before) {
        let after = disk.counters()?;
        assert!(after.writes > before.writes, "nothing was written");
        assert!(after.flushes > before.flushes, "the disk was not flushed");
    }
    mapping.assert_has(1, (0..16).step_by(2));
    mapping.assert_has(0, (1..16).step_by(2));
    Ok(())
}

/// Pages of persistent memory that were written are taken note of when they are touched; to make
/// them durable is to write-protect them, so that the next write takes note again.
fn dax_syncio(map: &Map, subject: &Subject, mapping: &Mapping) -> Verdict {
    let faults = |version| -> Result<i64, Failure> {
        let before = minor_faults()?;
        for page in (0..16).step_by(2) {
            mapping.poke(page, version);
        }
        Ok(minor_faults()? - before)
    };
    assert_eq!(faults(1)?, 0, "the pages can be written without a fault");
    succeeds(map, mapping.all(), Flags::SYNCIO, subject.counts(8, 0));
    let after = faults(2)?;
    assert_eq!(
        after, 8,
        "after the call each page is to fault when it is written"
    );
    Ok(())
}

fn minor_faults() -> io::Result<i64> {
    // SAFETY: All zero is a valid structure.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: The structure is that of the call, and lives until it returns.
    if unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usage.ru_minflt)
}

/// Pages are written and freed, from under two processes that have them mapped, and come back with
/// the same bytes.
pub fn invalidate() -> Verdict {
    if special(Flags::INVALIDATE)? {
        note("invalidate", "refused: special");
        return Ok(());
    }
    free(Flags::INVALIDATE, "invalidate")
}

/// The same, and durable.
pub fn both() -> Verdict {
    if special(BOTH)? {
        note("both", "refused: special");
        return Ok(());
    }
    free(BOTH, "both")
}

fn free(flags: Flags, name: &str) -> Verdict {
    let subject = Subject::any(16)?;
    explain(name, &subject);
    let pages = subject.pages();
    let all = pages as u64;
    let mapping = subject.map()?;
    mapping.touch(0..pages);
    // Apart from each other, so that they are not written at once.
    let changed: Vec<usize> = match subject.traits.kind() {
        Kind::ReadOnly => Vec::new(),
        _ => (0..pages).step_by(2).collect(),
    };
    let rest = (0..pages).filter(|page| !changed.contains(page));
    mapping.fill(1, changed.iter().copied());
    let (ours, theirs) = Line::pair()?;
    let other = Child::spawn(|| {
        let mapping = subject.map()?;
        mapping.touch(0..pages);
        theirs.send(0)?;
        theirs.receive()?;
        if subject.is_freed() {
            let present = mapping.present(0..pages)?;
            assert!(!present.contains(&true), "still mapped by another process");
        }
        mapping.assert_has(1, changed.iter().copied());
        mapping.assert_has(0, rest.clone());
        Ok(())
    })?;
    ours.receive()?;
    subject.assert_cached(all, changed.len() as u64);

    let disk = subject.disk()?;
    let before = disk.as_ref().map(|disk| disk.counters()).transpose()?;
    let counts = subject.counts(changed.len() as u64, all);
    succeeds(&Map::current()?, mapping.all(), flags, counts);
    if subject.is_freed() {
        subject.assert_cached(0, 0);
        assert!(!mapping.present(0..pages)?.contains(&true), "still mapped");
    }
    if let (Some(disk), Some(before)) = (disk, before) {
        let after = disk.counters()?;
        assert!(after.writes > before.writes, "nothing was written");
        let flushed = after.flushes > before.flushes;
        let whole = subject.traits.has("whole");
        if whole && !flags.contains(Flags::SYNCIO) {
            note(
                name,
                "committed as well: it tells only then what has failed",
            );
        }
        if !subject.traits.has("journals-data") {
            assert_eq!(flushed, flags.contains(Flags::SYNCIO) || whole, "flushed");
        }
    }
    ours.send(0)?;
    other.join()?;
    mapping.assert_has(1, changed.iter().copied());
    mapping.assert_has(0, rest.clone());
    Ok(())
}
