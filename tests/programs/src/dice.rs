// SPDX-License-Identifier: GPL-2.0

//! Dice: random numbers that a seed decides.

use std::{
    env,
    ops::Range,
    time::{
        Duration,
        SystemTime,
        UNIX_EPOCH, //
    },
};

/// Random numbers, the same ones for the same seed.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// Those of the environment, or new ones; says which.
    #[expect(clippy::new_without_default, reason = "it says something")]
    pub fn new() -> Self {
        let seed = env::var("VMS_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                now.unwrap_or_default().as_micros() as u64
            });
        println!("# VMS_SEED={seed}");
        Self(seed)
    }

    /// Others, for somebody else.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// Any number: splitmix64.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of a range, which must not be empty.
    pub fn of(&mut self, range: Range<usize>) -> usize {
        range.start + (self.next() % range.len() as u64) as usize
    }

    /// A part of a range, which must not be empty; neither is the part.
    pub fn part(&mut self, range: Range<usize>) -> Range<usize> {
        let start = self.of(range.clone());
        let end = self.of(start..range.end) + 1;
        start..end
    }
}

/// How long one of `tests` tests may take.
pub fn time(tests: u32) -> Duration {
    let seconds = env::var("VMS_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(12);
    Duration::from_secs(seconds) / tests
}
