// SPDX-License-Identifier: GPL-2.0

//! Commits: how much is done for a call.

use super::subject::{
    note,
    Kind,
    Subject, //
};
use std::io;
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::succeeds,
    disk::Disk,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    }, //
};

const PAGES: usize = 64;

/// A file with many mappings is committed once: with no more flushes than one `fdatasync()`.
pub fn one_commit() -> Verdict {
    let subject = Subject::new(PAGES)?;
    let Some(disk) = subject.disk()? else {
        return Err(Failure::skip(match subject.traits.kind() {
            Kind::Memory => "nothing to commit to",
            Kind::Dax => "persistent memory is not flushed by a command",
            _ => "no disk to count the flushes of",
        }));
    };
    let mapping = subject.map()?;
    let map = Map::current()?;
    // Entries that cannot be merged: every other one cannot be written to.
    let mut version = 1;
    let mut flushes = |commit: &dyn Fn() -> Verdict| -> Result<u64, Failure> {
        mapping.protect(0..PAGES, libc::PROT_READ | libc::PROT_WRITE)?;
        version += 1;
        mapping.fill(version, (0..PAGES).step_by(2));
        for page in (1..PAGES).step_by(2) {
            mapping.protect(page..page + 1, libc::PROT_READ)?;
        }
        let before = settled(&disk)?;
        commit()?;
        Ok(disk.counters()?.flushes - before)
    };
    let syncio = || {
        let dirty = PAGES as u64 / 2;
        succeeds(&map, mapping.all(), Flags::SYNCIO, subject.counts(dirty, 0));
        Ok(())
    };
    let fdatasync = || Ok(subject.file().sync_data()?);
    // Some of them have more to do, such as to allocate, or what the file system does by itself now and
    // then is among it.
    let (mut references, mut counts) = ([0; 3], [0; 3]);
    for (reference, count) in references.iter_mut().zip(&mut counts) {
        *reference = flushes(&fdatasync)?;
        *count = flushes(&syncio)?;
    }
    references.sort_unstable();
    counts.sort_unstable();
    let (reference, count) = (references[1], counts[1]);
    assert!(reference > 0, "fdatasync() does not flush this disk");
    assert!(count > 0, "not committed");
    assert!(
        count <= reference,
        "{counts:?} flushes for {PAGES} entries, {references:?} for fdatasync()"
    );
    Ok(())
}

/// The number of flushes, when nothing is going on any more.
fn settled(disk: &Disk) -> io::Result<u64> {
    let mut before = disk.counters()?;
    loop {
        std::thread::sleep(std::time::Duration::from_millis(30));
        let now = disk.counters()?;
        if now == before {
            return Ok(now.flushes);
        }
        before = now;
    }
}

/// Dirty pages of the file that are not in the range are left alone.
pub fn bystanders() -> Verdict {
    let subject = Subject::new(PAGES)?;
    if subject.traits.kind() != Kind::Cached {
        return Err(Failure::skip(match subject.traits.kind() {
            Kind::Memory => "nothing is ever written",
            _ => "no page cache that tells what is dirty",
        }));
    }
    let all = subject.map()?;
    all.fill(1, 0..PAGES);
    let part = Mapping::reserve(16)?;
    part.map(0..8, subject.file(), 0, Share::Shared)?;
    part.map(8..16, subject.file(), 32, Share::Shared)?;
    succeeds(
        &Map::current()?,
        part.all(),
        Flags::SYNCIO,
        subject.counts(16, 0),
    );
    if subject.traits.has("whole") {
        note("bystanders", "written as well: it commits whole files");
        subject.assert_cached(PAGES as u64, 0);
    } else {
        subject.assert_cached(PAGES as u64, PAGES as u64 - 16);
    }
    Ok(())
}
