// SPDX-License-Identifier: GPL-2.0

//! The proof by comparison: the same random calls by the `msync()` of the kernel and by the library's, on
//! two sides that are alike, have the same answers, and leave the same bytes on the disk.
//!
//! But for this, which vm_map_sync_msync(7) lists: what a call has in its range, and the kernel does not write, may be
//! written on the library's side. It is what is in memory then.

use std::{
    ops::Range,
    process::ExitCode, //
};
use vm_map_sync_msync_tests::{
    kernel,
    library,
    msync, //
};
use vm_map_sync_tests::{
    dice::Dice,
    harness::{
        self,
        fewer,
        Failure,
        Verdict, //
    },
    pattern,
    tests,
    Page,
    PAGE, //
};

mod side;

use self::side::{
    Kind,
    Side,
    FILES,
    PAGES,
    SLOT,
    SLOTS, //
};

const CALLS: usize = 2000;
/// Calls of a round, which has kinds of its own.
const ROUND: usize = 40;

fn main() -> ExitCode {
    if let Err(error) = library() {
        println!("Bail out! {error:?}");
        return ExitCode::FAILURE;
    }
    harness::run(tests![random_calls])
}

fn random_calls() -> Verdict {
    // SAFETY: The allocator takes all that it needs from the heap then, and maps nothing where a hole is.
    let code = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, i32::MAX) };
    assert_eq!(code, 1);
    let mut dice = Dice::new();
    let mut done = Done::default();
    // Two kernels are at work here, side by side, and each is slow there.
    while done.calls < fewer(fewer(CALLS)) {
        Round::new(&mut dice)?.run(&mut dice, &mut done)?;
    }
    println!("# {done:?}");
    // A comparison of nothing would be none.
    assert!(done.successes > 0 && done.failures > 0 && done.early > 0 && done.freed > 0);
    Ok(())
}

/// What there was to compare.
#[derive(Debug, Default)]
struct Done {
    calls: usize,
    successes: usize,
    failures: usize,
    /// Pages that the library's side has on the disk, and the kernel's has not.
    early: usize,
    /// Pages that are cached on the kernel's side only.
    freed: u64,
}

#[derive(Debug)]
struct Call {
    start: usize,
    length: usize,
    flags: i32,
}

impl Call {
    /// Relative to the area. Most of them make sense.
    fn any(dice: &mut Dice) -> Self {
        use libc::{
            MS_ASYNC,
            MS_INVALIDATE,
            MS_SYNC, //
        };

        let pages = dice.part(0..PAGES);
        let mut call = Self {
            start: pages.start * PAGE,
            length: pages.len() * PAGE,
            flags: match dice.of(0..16) {
                0..5 => MS_SYNC,
                5..9 => MS_SYNC | MS_INVALIDATE,
                9..11 => MS_ASYNC,
                11 => MS_ASYNC | MS_INVALIDATE,
                12..14 => MS_INVALIDATE,
                14 => 0,
                _ => *[MS_ASYNC | MS_SYNC, 8, -1, 7, i32::MIN]
                    .get(dice.of(0..5))
                    .unwrap_or(&0),
            },
        };
        match dice.of(0..16) {
            0 => call.start += dice.of(1..PAGE),
            1 => call.length = 0,
            2 => call.length = usize::MAX - dice.of(0..2 * PAGES * PAGE),
            3..6 => call.length -= dice.of(1..PAGE),
            _ => {}
        }
        call
    }

    /// The pages of the area that it is about.
    fn pages(&self) -> Range<usize> {
        let start = self.start / PAGE;
        start..start.saturating_add(self.length.div_ceil(PAGE)).min(PAGES)
    }
}

/// Two sides that are alike.
struct Round {
    kinds: [Kind; SLOTS],
    ours: Side,
    kernels: Side,
    /// What is in memory of each file.
    versions: [[u64; PAGES]; FILES],
    /// What our side had on the disk before.
    before: [Vec<Page>; FILES],
}

impl Round {
    fn new(dice: &mut Dice) -> Result<Self, Failure> {
        let kinds = std::array::from_fn(|_| Kind::any(dice));
        let ours = Side::new(&kinds)?;
        Ok(Self {
            kinds,
            before: [ours.disk(0)?, ours.disk(1)?],
            ours,
            kernels: Side::new(&kinds)?,
            versions: [[0; PAGES]; FILES],
        })
    }

    fn run(mut self, dice: &mut Dice, done: &mut Done) -> Verdict {
        for version in 1..=ROUND as u64 {
            for _ in 0..dice.of(0..8) {
                self.write(dice.of(0..FILES), dice.of(0..PAGES), version);
            }
            self.call(&Call::any(dice), done)?;
        }
        self.assert_memory()
    }

    fn write(&mut self, file: usize, page: usize, version: u64) {
        for side in [&self.ours, &self.kernels] {
            side.whole[file].fill(version, [page]);
        }
        self.versions[file][page] = version;
    }

    fn call(&mut self, call: &Call, done: &mut Done) -> Verdict {
        let at = |side: &Side| side.address() + call.start;
        let wanted = kernel(at(&self.kernels), call.length, call.flags);
        let answer = msync(at(&self.ours), call.length, call.flags);
        assert_eq!(answer, wanted, "{call:x?} of {:?}", self.kinds);
        done.calls += 1;
        *(if answer.is_ok() {
            &mut done.successes
        } else {
            &mut done.failures
        }) += 1;
        self.ours.settle()?;
        done.freed += self
            .kernels
            .resident()?
            .saturating_sub(self.ours.resident()?);
        self.compare(call, done)
    }

    /// Compares the disks after a call.
    fn compare(&mut self, call: &Call, done: &mut Done) -> Verdict {
        for file in 0..FILES {
            let [ours, kernels] = [self.ours.disk(file)?, self.kernels.disk(file)?];
            for page in 0..PAGES {
                let is = &ours[page];
                if *is == kernels[page] {
                    continue;
                }
                // The other side has not written it. It is written now, or as it was before.
                let in_memory = pattern(self.versions[file][page], page);
                let meant =
                    self.kinds[page / SLOT].file() == Some(file) && call.pages().contains(&page);
                let right = kernels[page] != in_memory
                    && (*is == self.before[file][page] || meant && *is == in_memory);
                assert!(
                    right,
                    "page {page} of file {file} differs after {call:x?} of {:?}",
                    self.kinds
                );
                done.early += 1;
            }
            self.before[file] = ours;
        }
        Ok(())
    }

    /// Nothing is lost, at last.
    fn assert_memory(&self) -> Verdict {
        for side in [&self.ours, &self.kernels] {
            for file in &side.files {
                file.file().sync_all()?;
            }
            for (file, versions) in self.versions.iter().enumerate() {
                let on_disk = side.disk(file)?;
                for (page, &version) in versions.iter().enumerate() {
                    let wanted = pattern(version, page);
                    assert!(
                        side.whole[file].read(page) == wanted,
                        "page {page} is another one"
                    );
                    assert!(on_disk[page] == wanted, "page {page} is not on the disk");
                }
            }
            side.assert_copies(&self.kinds);
        }
        Ok(())
    }
}
