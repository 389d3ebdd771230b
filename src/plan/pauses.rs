// SPDX-License-Identifier: GPL-2.0

//! Pauses: how long a call waits for pages that somebody holds.

/// What a call may still wait, whatever it is for; in milliseconds.
pub(crate) struct Pauses {
    left: u32,
}

impl Pauses {
    /// The pauses between the tries of one run of pages, in milliseconds.
    pub(crate) const STEPS: [u32; 4] = [1, 10, 100, 1000];

    /// The same, for who has promised to wait for nothing.
    pub(crate) const SHORT: [u32; 3] = [1, 10, 100];

    /// The budget of a call: once all the pauses, and the short ones of many more runs.
    pub(crate) const fn new() -> Self {
        Self { left: 1200 }
    }

    /// Takes a pause of so many milliseconds out of the budget. Says whether there was as much in it.
    pub(crate) fn take(&mut self, pause: u32) -> bool {
        match self.left.checked_sub(pause) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}
