// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Progress: a bar on the standard error, if that is a terminal and the work is long.

use indicatif::{
    ProgressBar,
    ProgressDrawTarget,
    ProgressStyle, //
};
use std::{
    io::{
        self,
        IsTerminal, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// What is done sooner needs no bar.
const LONG: Duration = Duration::from_millis(500);

/// How often it is drawn anew, so that the time left is that of now.
const TICK: Duration = Duration::from_millis(250);

/// How far the work has come.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// None of the work is done, and nobody sees it.
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()),
            began: Instant::now(),
        }
    }

    /// The same for who counts how much there is to do, if anybody would see it.
    pub fn counter(&self) -> Option<Self> {
        io::stderr().is_terminal().then(|| self.clone())
    }

    /// So many more bytes are to be dealt with. Returns whether it matters still.
    pub fn expect(&self, bytes: u64) -> bool {
        self.bar.inc_length(bytes);
        self.show_if_long();
        !self.bar.is_finished()
    }

    /// Shows it as soon as it takes long, unless the work is done by then.
    pub fn show_in_time(&self) {
        while !self.bar.is_finished() && !self.show_if_long() {
            thread::sleep(LONG / 20);
        }
    }

    fn show_if_long(&self) -> bool {
        let long = self.began.elapsed() > LONG;
        if long && self.bar.is_hidden() {
            let parts = "{bar:24} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(parts) {
                self.bar.set_style(style);
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
        long
    }

    /// So many more bytes are dealt with.
    pub fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Has something else written, without the bar in its way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Nothing is left to do.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
