// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The output: lines for people or JSON for programs, as they come or a screen at a time.

use crate::progress::Progress;
use serde::Serialize;
use std::io::{
    self,
    Write, //
};
use vmsync::{
    shown::{
        screen,
        wrapped, //
    },
    style::Style, //
};

/// Where what is said goes.
#[derive(Debug)]
pub struct Output {
    /// Whether it is JSON.
    pub json: bool,
    /// How it is drawn.
    pub style: Style,
    /// How far the work has come.
    pub progress: Progress,
    /// The lines of the screen, if all is to be shown at once.
    screen: Option<Vec<String>>,
    /// The first thing that could not be written.
    error: Option<io::Error>,
}

impl Output {
    /// What is said is written at once.
    pub fn new(json: bool, style: Style) -> Self {
        Self {
            json,
            style,
            progress: Progress::new(),
            screen: None,
            error: None,
        }
    }

    /// What is said is shown when it is [complete](Self::show), in the place of what was there before.
    pub fn screen(style: Style) -> Self {
        Self {
            screen: Some(Vec::new()),
            ..Self::new(false, style)
        }
    }

    /// Says a line to people.
    pub fn say(&mut self, line: &str) {
        match &mut self.screen {
            Some(lines) => lines.push(line.to_owned()),
            None => self.write(|| writeln!(io::stdout(), "{line}")),
        }
    }

    /// Says a line that may be too long for the terminal.
    pub fn say_all(&mut self, line: &str) {
        if self.style.height.is_none() {
            return self.say(line);
        }
        let text = line.trim_start();
        let indent = line.len() - text.len();
        for line in wrapped(text.split(' '), " ", self.style.width, indent) {
            self.say(&line);
        }
    }

    /// Says what went wrong.
    pub fn complain(&mut self, line: &str) {
        match &mut self.screen {
            Some(lines) => lines.push(line.to_owned()),
            None => self.write(|| writeln!(io::stderr(), "vmsync: {line}")),
        }
    }

    /// Says something to programs.
    pub fn record(&mut self, record: &impl Serialize) {
        self.write(|| {
            let mut line = serde_json::to_vec(record)?;
            line.push(b'\n');
            io::stdout().write_all(&line)
        });
    }

    fn write(&mut self, write: impl FnOnce() -> io::Result<()>) {
        if let Err(error) = self.progress.aside(write) {
            self.error.get_or_insert(error);
        }
    }

    /// Fails if something could not be written.
    pub fn check(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Shows the screen, as much of it as there is room for.
    pub fn show(&mut self) {
        let Some(lines) = self.screen.replace(Vec::new()) else {
            return;
        };
        let text = screen(&lines, self.style);
        self.write(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        });
    }
}
