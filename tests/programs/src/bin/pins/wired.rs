// SPDX-License-Identifier: GPL-2.0

//! Pages that another process has locked in memory: they stay, and stay mapped there.

use nix::errno::Errno;
use std::ops::Range;
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    process::{
        stay_on,
        Child,
        Line, //
    },
};

const PAGES: usize = 16;
const HELD: Range<usize> = 6..9;

/// How a process comes to have pages locked, or not any more.
type Act = fn(&Mapping) -> Verdict;

fn lock(mapping: &Mapping) -> Verdict {
    Ok(mapping.lock(HELD)?)
}

fn unlock(mapping: &Mapping) -> Verdict {
    Ok(mapping.unlock(HELD)?)
}

fn unmap(mapping: &Mapping) -> Verdict {
    Ok(mapping.unmap(HELD)?)
}

/// Locks pages when they are touched, and touches them.
fn lock_when_touched(mapping: &Mapping) -> Verdict {
    let range = mapping.range(HELD);
    // SAFETY: Nothing changes but what the kernel does with the pages.
    let code = unsafe {
        libc::mlock2(
            range.start as *const _,
            range.len(),
            libc::MLOCK_ONFAULT as _,
        )
    };
    Errno::result(code)?;
    mapping.touch(HELD);
    Ok(())
}

/// Say how many of the held pages are in your page tables.
const REPORT: usize = 0;
/// Do the second act.
const GO_ON: usize = 1;
/// Exit.
const END: usize = 2;

/// Another process that maps the file.
struct Other {
    child: Child,
    line: Line,
}

impl Other {
    /// It does `first`, and `then` when it is told to.
    fn new(file: &TestFile, first: Act, then: Act) -> Result<Self, Failure> {
        let (ours, theirs) = Line::pair()?;
        let mapping = file.map()?;
        // So that neither comes to drain the lists of the other's processor by itself.
        stay_on(0)?;
        let child = Child::spawn(|| {
            stay_on(1)?;
            first(&mapping)?;
            theirs.send(0)?;
            loop {
                match theirs.receive()? {
                    REPORT => {
                        let present = mapping.present(HELD)?;
                        theirs.send(present.into_iter().filter(|&is| is).count())?;
                    }
                    GO_ON => {
                        then(&mapping)?;
                        theirs.send(0)?;
                    }
                    _ => return Ok(()),
                }
            }
        })?;
        ours.receive()?;
        Ok(Self { child, line: ours })
    }

    /// Asserts that its pages are still mapped.
    fn assert_undisturbed(&self) -> Verdict {
        self.line.send(REPORT)?;
        let present = self.line.receive()?;
        assert_eq!(present, HELD.len(), "locked pages were unmapped");
        Ok(())
    }

    /// Has it do the second act.
    fn go_on(&self) -> Verdict {
        self.line.send(GO_ON)?;
        self.line.receive()?;
        Ok(())
    }

    fn end(self) -> Verdict {
        self.line.send(END)?;
        self.child.join()
    }
}

/// Asserts that a call frees all but the held pages.
#[track_caller]
fn assert_held(map: &Map, file: &TestFile, mapping: &Mapping, pushed: u64) {
    let want = Counts {
        pushed,
        freed: (PAGES - HELD.len()) as u64,
        left: HELD.len() as u64,
        ..Counts::default()
    };
    let first = mapping.address(HELD.start);
    check::busy(map, mapping.all(), BOTH, want, first);
    let picture = file.picture(0..PAGES).expect("cachestat works");
    assert_eq!(picture, "......CCC.......");
}

fn wired(first: Act, then: Act) -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 0..PAGES);
    let other = Other::new(&file, first, then)?;

    assert_held(&map, &file, &mapping, PAGES as u64);
    other.assert_undisturbed()?;
    file.assert_on_disk(1, 0..PAGES);

    // Nobody has them locked any more, though a processor's list of pages to be unlocked may still
    // have them.
    other.go_on()?;
    let count = HELD.len() as u64;
    check::succeeds(&map, mapping.all(), BOTH, check::counts(0, count));
    other.end()
}

pub fn wired_until_munlock() -> Verdict {
    wired(lock, unlock)
}

pub fn wired_until_munmap() -> Verdict {
    wired(lock, unmap)
}

pub fn wired_when_touched() -> Verdict {
    wired(lock_when_touched, unlock)
}

pub fn wired_until_exit() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 0..PAGES);
    let other = Other::new(&file, lock, unlock)?;
    assert_held(&map, &file, &mapping, PAGES as u64);
    other.child.die()?;
    let count = HELD.len() as u64;
    check::succeeds(&map, mapping.all(), BOTH, check::counts(0, count));
    Ok(())
}

pub fn wired_by_two_processes() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 0..PAGES);
    let one = Other::new(&file, lock, unlock)?;
    let two = Other::new(&file, lock, unlock)?;
    assert_held(&map, &file, &mapping, PAGES as u64);
    one.assert_undisturbed()?;
    two.assert_undisturbed()?;

    // One is enough.
    one.go_on()?;
    one.end()?;
    mapping.touch(0..PAGES);
    assert_held(&map, &file, &mapping, 0);
    two.assert_undisturbed()?;

    two.go_on()?;
    let count = HELD.len() as u64;
    check::succeeds(&map, mapping.all(), BOTH, check::counts(0, count));
    two.end()
}
