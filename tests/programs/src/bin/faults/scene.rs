// SPDX-License-Identifier: GPL-2.0

//! What is called, again and again, each time with the next allocation failing.

use crate::{
    inject::Injector,
    ways::{
        Way,
        ADDRESSES, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        codes,
        nothing,
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
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    PAGE, //
};

/// Pages of each file; every second one is made dirty.
pub const PAGES: usize = 16;
/// More allocations than a call can have.
pub const ENOUGH: u32 = 5000;

/// Some files, all in one range of addresses.
pub struct Scene {
    pub map: Map,
    pub files: Vec<TestFile>,
    pub mapping: Mapping,
    version: u64,
}

impl Scene {
    /// Files side by side, each in so many pieces, that do not follow each other in the file.
    pub fn new(files: usize, pieces: usize) -> Result<Self, Failure> {
        let files: Vec<TestFile> = (0..files)
            .map(|_| TestFile::new(PAGES))
            .collect::<Result<_, _>>()?;
        let length = PAGES / pieces;
        let mapping = Mapping::reserve(files.len() * PAGES)?;
        let mut at = 0;
        for file in &files {
            for first in (0..PAGES).step_by(length).rev() {
                mapping.map(at..at + length, file.file(), first, Share::Shared)?;
                at += length;
            }
        }
        Ok(Self {
            map: Map::current()?,
            files,
            mapping,
            version: 0,
        })
    }

    fn dirty(&self) -> impl Iterator<Item = usize> {
        (0..PAGES).step_by(2)
    }

    /// Has all pages in the page cache, and makes some dirty.
    pub fn soil(&mut self) -> Verdict {
        self.version += 1;
        for file in &self.files {
            let mapping = file.map()?;
            mapping.touch(0..PAGES);
            mapping.fill(self.version, self.dirty());
        }
        Ok(())
    }

    /// How many pages are cached, and how many of them are dirty.
    pub fn cached(&self) -> Result<(u64, u64), Failure> {
        let mut sum = (0, 0);
        for file in &self.files {
            let cached = Cached::of(file.file(), 0..PAGES)?;
            sum = (sum.0 + cached.resident, sum.1 + cached.dirty);
        }
        Ok(sum)
    }

    fn assert_on_disk(&self, version: u64) {
        for file in &self.files {
            file.assert_on_disk(version, self.dirty());
        }
    }

    /// Calls, with one allocation after the other failing, until there is none left to fail.
    pub fn call(&mut self, injector: &Injector, way: &Way, flags: Flags) -> Verdict {
        let mut refused = 0;
        for nth in 1..ENOUGH {
            self.soil()?;
            let before = self.cached()?;
            let (result, injected) = injector.fail(nth, || (way.call)(self, flags))?;
            self.judge(nth, way, flags, before, &result, injector.fails_copies())?;
            if matches!(result, Err(SyncError::Refused(_))) {
                refused += 1;
            }
            if !injected {
                assert!(result.is_ok(), "nothing failed, but {result:?}");
                println!(
                    "# {} allocations failed, {refused} of them to refuse the call",
                    nth - 1
                );
                return Ok(());
            }
            // All is well when the next call is given what it needs.
            let again = self.map.sync(self.mapping.all(), BOTH);
            assert!(again.is_ok(), "after fault {nth}: {again:?}");
            assert_eq!(self.cached()?.0, 0, "after fault {nth}");
            self.assert_on_disk(self.version);
        }
        Err(Failure::Failed("there is no end of allocations".into()))
    }

    /// Asserts that `result` is an honest one.
    fn judge(
        &self,
        nth: u32,
        way: &Way,
        flags: Flags,
        before: (u64, u64),
        result: &Result<Outcome, SyncError>,
        copies: bool,
    ) -> Verdict {
        let after = self.cached()?;
        let at = format!("fault {nth}: {result:x?}, cached {before:?} and then {after:?}");
        let outcome = match result {
            Ok(outcome) => {
                if flags.contains(Flags::SYNCIO) {
                    self.assert_on_disk(self.version);
                }
                if flags != Flags::empty() {
                    assert_eq!(after.1, 0, "{at}");
                }
                assert_eq!(outcome.pushed, before.1, "{at}");
                assert_eq!(outcome.left, 0, "{at}");
                outcome
            }
            Err(SyncError::Refused(fault)) => {
                assert_eq!(fault.reason, Reason::Memory, "{at}");
                assert_eq!(
                    (fault.errno, fault.kern_return),
                    codes(Reason::Memory),
                    "{at}"
                );
                assert_eq!(fault.address, 0, "{at}");
                assert_eq!(fault.outcome, nothing(fault.outcome.done), "{at}");
                assert_eq!(after, before, "something was done: {at}");
                self.assert_on_disk(self.version - 1);
                return Ok(());
            }
            Err(SyncError::Failed(fault)) => {
                match fault.reason {
                    Reason::Io => assert!([libc::ENOMEM, libc::EIO].contains(&fault.errno), "{at}"),
                    Reason::Busy => assert!(fault.outcome.left > 0, "{at}"),
                    _ => panic!("{at}"),
                }
                assert!((way.places)(self).contains(&fault.address), "{at}");
                &fault.outcome
            }
            Err(SyncError::Call(error)) => {
                assert!(copies && error.raw_os_error() == Some(libc::EFAULT), "{at}");
                return Ok(());
            }
            Err(_) => panic!("{at}"),
        };
        assert_eq!(outcome.done, (way.done)(self), "{at}");
        if flags.contains(Flags::INVALIDATE) {
            assert_eq!(outcome.freed, before.0 - after.0, "{at}");
            assert_eq!(outcome.left, after.0, "{at}");
        } else {
            assert_eq!((outcome.freed, outcome.left), (0, 0), "{at}");
            assert_eq!(after.0, before.0, "{at}");
        }
        Ok(())
    }
}

fn call(files: usize, pieces: usize, flags: Flags) -> Verdict {
    let injector = Injector::new()?;
    Scene::new(files, pieces)?.call(&injector, &ADDRESSES, flags)
}

pub fn opening() -> Verdict {
    take(|| Map::current().map_err(|error| error.0.raw_os_error()))
}

pub fn attaching() -> Verdict {
    let (ours, theirs) = Line::pair()?;
    let target = Child::spawn(|| Ok(theirs.receive().map(drop)?))?;
    let number = target.pid().as_raw().unsigned_abs();
    take(|| Map::attach(number).map_err(|error| error.errno()))?;
    ours.send(0)?;
    target.join()
}

/// Takes a handle, with one allocation after the other failing, until there is none left to fail.
fn take(handle: impl Fn() -> Result<Map, Option<i32>>) -> Verdict {
    let injector = Injector::new()?;
    let mut failed = 0;
    for nth in 1..ENOUGH {
        let (map, injected) = injector.fail(nth, &handle)?;
        match map {
            Err(errno) => {
                assert!(injected, "nothing failed, but error {errno:?}");
                let copied = injector.fails_copies() && errno == Some(libc::EFAULT);
                assert!(
                    copied || errno == Some(libc::ENOMEM),
                    "fault {nth}: {errno:?}"
                );
                failed += 1;
            }
            Ok(map) if !injected => {
                map.info()?;
                println!(
                    "# {} allocations failed, {failed} of them for good",
                    nth - 1
                );
                return Ok(());
            }
            // What failed could be done without.
            Ok(_) => {}
        }
    }
    Err(Failure::Failed("there is no end of allocations".into()))
}

pub fn start_of_one_entry() -> Verdict {
    call(1, 1, Flags::empty())
}

pub fn start_of_many_pieces() -> Verdict {
    call(2, 16, Flags::empty())
}

pub fn syncio_of_one_entry() -> Verdict {
    call(1, 1, Flags::SYNCIO)
}

pub fn syncio_of_many_files() -> Verdict {
    call(2, 2, Flags::SYNCIO)
}

pub fn invalidate_of_one_entry() -> Verdict {
    call(1, 1, Flags::INVALIDATE)
}

pub fn invalidate_of_many_pieces() -> Verdict {
    call(1, 16, Flags::INVALIDATE)
}

pub fn both_of_many_files() -> Verdict {
    call(2, 2, BOTH)
}

/// A hole is a hole, unless there is no memory to find it with.
pub fn refused_range() -> Verdict {
    let injector = Injector::new()?;
    let mut scene = Scene::new(2, 16)?;
    let hole = 2 * PAGES - 1;
    scene.mapping.unmap(hole..hole + 1)?;
    scene.soil()?;
    let before = scene.cached()?;
    for nth in 1..ENOUGH {
        let all = scene.mapping.all();
        let (result, injected) = injector.fail(nth, || scene.map.sync(all, BOTH))?;
        assert_eq!(scene.cached()?, before, "something was done: {result:?}");
        match result {
            Err(SyncError::Refused(fault)) if fault.reason == Reason::Hole => {
                let address = (scene.mapping.address(0) + hole * PAGE) as u64;
                assert_eq!(fault.address, address);
            }
            Err(SyncError::Refused(fault)) if fault.reason == Reason::Memory => {
                assert!(injected, "nothing failed, but {fault}");
            }
            Err(SyncError::Call(error)) => {
                assert!(injected && injector.fails_copies(), "{error}");
            }
            other => panic!("{other:?}"),
        }
        if !injected {
            scene.assert_on_disk(0);
            return Ok(());
        }
    }
    Err(Failure::Failed("there is no end of allocations".into()))
}

/// When nothing at all can be had, what needs memory is refused, and what needs none is done.
pub fn no_memory_at_all() -> Verdict {
    let injector = Injector::new()?;
    let mut scene = Scene::new(1, 4)?;
    scene.soil()?;
    let before = scene.cached()?;
    for flags in [Flags::empty(), Flags::SYNCIO, Flags::INVALIDATE, BOTH] {
        let all = scene.mapping.all();
        let result = injector.fail_all(|| scene.map.sync(all, flags))?;
        assert!(
            matches!(&result, Err(SyncError::Refused(fault)) if fault.reason == Reason::Memory),
            "{flags:?}: {result:?}"
        );
        scene.judge(0, &ADDRESSES, flags, before, &result, false)?;
    }
    let one = scene.mapping.range(0..1);
    scene.map.sync(one.clone(), BOTH)?;
    let clean = injector.fail_all(|| scene.map.sync(one, Flags::empty()))?;
    assert!(clean.is_ok(), "{clean:?}");
    Ok(())
}
