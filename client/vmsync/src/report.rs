// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The report: what was done, what was not, and why.

use crate::{
    output::Output,
    record::{
        Record,
        What, //
    },
    subject::Subject,
    totals::{
        Deed,
        Totals, //
    },
    trouble::End,
    walk::Passed,
    why::Why, //
};
use rustix::param::page_size;
use std::{
    io,
    path::Path,
    sync::{
        Mutex,
        MutexGuard,
        PoisonError, //
    },
    time::Instant,
};
use vmsync::{
    counts::Counts,
    picture::Bar,
    shown::{
        name,
        wrapped, //
    },
};

/// What is told, as it happens and at the end.
#[derive(Debug)]
pub struct Report {
    totals: Totals,
    began: Instant,
    finished: bool,
    /// Where it is told.
    pub output: Output,
}

impl Report {
    /// A new one, of the verb of that name.
    pub fn new(verb: &'static str, deed: Deed, output: Output) -> Self {
        Self {
            totals: Totals::new(verb, deed, page_size() as u64),
            began: Instant::now(),
            finished: false,
            output,
        }
    }

    /// A directory is gone through.
    pub fn directory(&mut self) {
        self.totals.directories += 1;
    }

    /// Something is passed over.
    pub fn passed(&mut self, passed: Passed) {
        *self.totals.passed_over.entry(passed).or_default() += 1;
    }

    /// What was done to some bytes of something.
    pub fn add(&mut self, bytes: u64, deed: Deed) {
        self.totals.bytes += bytes;
        self.totals.deed += deed;
    }

    /// All of something is done.
    pub fn file(&mut self) {
        self.totals.files += 1;
    }

    /// Pages stay, for a reason.
    pub fn left(&mut self, word: &'static str, pages: u64) {
        if pages != 0 {
            self.totals.why.entry(word).or_default().pages += pages;
        }
    }

    /// Something could not be dealt with.
    pub fn problem<'a>(&mut self, what: impl Into<What<'a>>, shown: &str, why: &Why) {
        self.totals.failed += 1;
        self.totals.why.entry(why.word).or_default().files += 1;
        if self.output.json {
            self.output.record(&Record::Problem {
                what: what.into(),
                reason: why.word,
                message: &why.sentence,
            });
        } else {
            self.output.complain(&format!("{shown}: {}", why.sentence));
        }
    }

    /// The same of a file that could not even be opened.
    pub fn bad(&mut self, path: &Path, why: &Why) {
        self.problem(path, &name(path), why);
    }

    /// Shows what is cached of something, part by part.
    pub fn picture(&mut self, subject: &Subject, when: Option<&'static str>, parts: &[Counts]) {
        if self.output.json {
            self.output.record(&Record::cached(subject, when, parts));
            return;
        }
        let style = self.output.style;
        let counts: Counts = parts.iter().copied().sum();
        match when {
            None => self.output.say(&subject.name()),
            Some(when) => self.output.say(&format!("{} ({when})", subject.name())),
        }
        let bar = Bar::of(parts).draw(style);
        let pages = counts.pages + counts.hidden + counts.unpaged;
        self.output
            .say(&format!("{bar} {}/{pages}", counts.resident));
        let said = counts.sentences(page_size() as u64);
        for line in wrapped(said.iter().map(String::as_str), ", ", style.width, 2) {
            self.output.say(&line);
        }
    }

    /// Tells what it comes to.
    pub fn finish(&mut self, interrupted: Option<&'static str>) -> io::Result<End> {
        if !self.finished {
            self.finished = true;
            self.output.progress.end();
            self.totals.seconds = self.began.elapsed().as_secs_f64();
            self.totals.interrupted = interrupted;
            if self.output.json {
                self.output.record(&self.totals);
            } else {
                for line in self.totals.lines() {
                    self.output.say_all(&line);
                }
            }
        }
        self.output.check()?;
        Ok(match self.totals.failed {
            0 => End::Done,
            _ => End::Partly,
        })
    }
}

/// The report, for this thread.
pub fn lock(report: &Mutex<Report>) -> MutexGuard<'_, Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
