// SPDX-License-Identifier: GPL-2.0

//! Places in other processes: the file is looked for in theirs, and not if it might not be theirs.

use crate::places::{
    assert_names,
    refused, //
};
use nix::{
    sched::{
        unshare,
        CloneFlags, //
    },
    sys::mman::{
        mmap,
        MapFlags,
        ProtFlags, //
    },
};
use std::{
    fs,
    num::NonZero, //
};
use vm_map_sync::{
    Fault,
    Flags,
    Map,
    Reason,
    Whose, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    PAGE, //
};

const PAGES: usize = 4;

/// A process that has a file mapped, and page 2 of it locked, where this one has nothing of a file.
struct Other {
    mapping: Mapping,
    file: TestFile,
    child: Child,
    line: Line,
}

impl Other {
    fn new() -> Result<Self, Failure> {
        let file = TestFile::new(PAGES)?;
        let mapping = Mapping::reserve(PAGES)?;
        let (line, theirs) = Line::pair()?;
        let child = Child::spawn(|| {
            mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
            mapping.lock(2..3)?;
            theirs.send_descriptor(Map::current()?)?;
            theirs.receive()?;
            Ok(())
        })?;
        Ok(Self {
            mapping,
            file,
            child,
            line,
        })
    }

    fn number(&self) -> u32 {
        self.child.pid().as_raw().unsigned_abs()
    }

    fn evict(&self, map: &Map) -> Fault {
        let outcome = map.evict(self.mapping.all(), Flags::empty());
        refused(outcome, Reason::Wired)
    }

    fn end(self) -> Verdict {
        self.line.send(0)?;
        self.child.join()
    }
}

/// By a handle that was attached to it, or that it has sent.
pub fn another_process_is_asked() -> Verdict {
    let other = Other::new()?;
    let sent = Map::from(other.line.receive_descriptor()?);
    for map in [sent, Map::attach(other.number())?] {
        assert_eq!(map.info()?.whose, Whose::Other);
        let fault = other.evict(&map);
        assert_eq!(fault.address, other.mapping.address(2) as u64);
        assert_names(&fault, other.file.path(), 2 * PAGE);
    }
    other.end()
}

pub fn another_process_that_may_not_be_asked() -> Verdict {
    let other = Other::new()?;
    let map = Map::from(other.line.receive_descriptor()?);
    become_user(NOBODY, NOBODY)?;
    let fault = other.evict(&map);
    assert_eq!(fault.address, other.mapping.address(2) as u64);
    assert_eq!(fault.place(), None);
    other.end()
}

/// Maps a page of a file, locked, where the first of all processes has one of another file, but this one has
/// nothing. Returns its address.
fn beside_the_first_process(file: &TestFile) -> Result<usize, Failure> {
    let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let flags = MapFlags::MAP_SHARED | MapFlags::MAP_FIXED_NOREPLACE | MapFlags::MAP_LOCKED;
    for line in fs::read_to_string("/proc/1/maps")?.lines() {
        let Some((start, _)) = line.split_once('-').filter(|_| line.contains('/')) else {
            continue;
        };
        let start = usize::from_str_radix(start, 16)?;
        let (Some(address), Some(length)) = (NonZero::new(start), NonZero::new(PAGE)) else {
            continue;
        };
        // SAFETY: Nothing is there, or it fails.
        if unsafe { mmap(Some(address), length, protection, flags, file.file(), 0) }.is_ok() {
            return Ok(start);
        }
    }
    Err(Failure::Failed(
        "all of the first process is here, too".to_owned(),
    ))
}

/// In a namespace of its own a process has a number that is another one's in `/proc`.
pub fn numbers_of_another_namespace() -> Verdict {
    unshare(CloneFlags::CLONE_NEWPID)?;
    let file = TestFile::new(1)?;
    let (line, theirs) = Line::pair()?;
    let first = Child::spawn(|| {
        theirs.send(beside_the_first_process(&file)?)?;
        theirs.send_descriptor(Map::current()?)?;
        theirs.receive()?;
        Ok(())
    })?;
    let address = line.receive()?;
    let map = Map::from(line.receive_descriptor()?);
    Child::spawn(|| {
        assert_eq!(map.info()?.process, Some(1));
        let outcome = map.evict(address..address + PAGE, Flags::empty());
        let fault = refused(outcome, Reason::Wired);
        assert_eq!((fault.address, fault.place()), (address as u64, None));
        Ok(())
    })?
    .join()?;
    first.die()
}
