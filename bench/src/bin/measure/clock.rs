// SPDX-License-Identifier: GPL-2.0

//! Clocks: the time, or the number of instructions.

use crate::Done;
use std::{
    arch::{
        asm,
        x86_64::_rdtsc, //
    },
    time::Instant,
};
use vm_map_sync_bench::line::quantity;
use vm_map_sync_tests::harness::Failure;

/// What a contest is about.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// Nanoseconds.
    Time,
    /// Instructions: the emulator advances its time stamp counter by one for each of them. How
    /// much of that is reading the counter.
    Instructions(u64),
}

impl Clock {
    /// A clock for instructions. Fails if the emulator does not count them.
    pub fn instructions() -> Done<Self> {
        const TURNS: u64 = 100_000;

        let least = |count: fn()| (0..100).map(|_| Self::count(count).0).min().unwrap_or(0);
        let reading = least(|| ());
        // Two instructions each.
        let spun = least(|| {
            // SAFETY: It changes nothing but a register of its own.
            unsafe { asm!("2: dec {0}", "jnz 2b", inout(reg) TURNS => _) };
        });
        if !(2 * TURNS..2 * TURNS + 100).contains(&(spun - reading)) {
            return Err(Failure::Failed(format!(
                "{spun} ticks for {} instructions: to be run under QEMU's -icount shift=0",
                2 * TURNS
            )));
        }
        Ok(Self::Instructions(reading))
    }

    fn count<T>(call: impl FnOnce() -> T) -> (u64, T) {
        // SAFETY: All processors of this kind have the instruction.
        let before = unsafe { _rdtsc() };
        let result = call();
        // SAFETY: As above.
        (unsafe { _rdtsc() }.wrapping_sub(before), result)
    }

    /// What a call takes.
    pub fn measure<T>(self, call: impl FnOnce() -> T) -> (u64, T) {
        match self {
            Self::Time => {
                let before = Instant::now();
                let result = call();
                let nanoseconds = u64::try_from(before.elapsed().as_nanos());
                (nanoseconds.unwrap_or(u64::MAX), result)
            }
            Self::Instructions(reading) => {
                let (count, result) = Self::count(call);
                (count.saturating_sub(reading), result)
            }
        }
    }

    /// What it counts.
    pub fn quantity(self) -> &'static str {
        match self {
            Self::Time => quantity::TIME,
            Self::Instructions(_) => quantity::INSTRUCTIONS,
        }
    }
}
