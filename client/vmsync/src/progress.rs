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
    time::{
        Duration,
        Instant, //
    },
};

/// What is done sooner needs no bar.
const LONG: Duration = Duration::from_millis(500);

/// How far the work has come.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    began: Instant,
}

impl Progress {
    /// None of the work is done. Nobody sees it unless there is a terminal.
    pub fn new() -> Self {
        Self {
            bar: ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden()),
            began: Instant::now(),
        }
    }

    /// The bar for who counts the work, if anybody would see it.
    pub fn counter(&self) -> Option<ProgressBar> {
        io::stderr().is_terminal().then(|| self.bar.clone())
    }

    /// So many more bytes are dealt with.
    pub fn advance(&mut self, bytes: u64) {
        self.bar.inc(bytes);
        if self.bar.is_hidden() && self.began.elapsed() > LONG && io::stderr().is_terminal() {
            let parts = "{bar:24} {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";
            if let Ok(style) = ProgressStyle::with_template(parts) {
                self.bar.set_style(style);
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
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
