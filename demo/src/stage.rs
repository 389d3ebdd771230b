// SPDX-License-Identifier: GPL-2.0

//! The stage: the file, and the two processes that map it.

use std::{
    env,
    error::Error,
    fs,
    io,
    ops::Range,
    os::fd::AsFd,
    time::Instant, //
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Failure,
    mapping::Mapping,
    pattern,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    PAGE, //
};
use vmsync::{
    picture::{
        self,
        Bar,
        Mark, //
    },
    style::Style,
};

/// How many pages the file has: 64 MiB.
pub const PAGES: usize = 16384;

/// How many marks a bar has. With the numbers behind it, it fits into 80 columns.
const MARKS: usize = 64;

/// With this number instead of a version the other process ends.
const END: usize = usize::MAX;

/// With this bit the other process does not write a version, but counts the pages that have it.
const COUNT: usize = 1 << 32;

/// The file, on the disk and in the cache.
pub fn file() -> io::Result<TestFile> {
    TestFile::written_by(PAGES, 16)
}

/// The name of the disk below it.
pub fn device() -> String {
    env::var("VMS_DEV").unwrap_or_default()
}

/// The kind of the file system on it.
pub fn file_system() -> io::Result<String> {
    let device = device();
    let kind = fs::read_to_string("/proc/self/mounts")?
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&device.as_str()))
        .and_then(|fields| Some((*fields.get(2)?).to_owned()));
    Ok(kind.unwrap_or_else(|| "a file system".to_owned()))
}

/// Starts the process that maps the file as well. It is told a version, and says when it is done.
pub fn other_process(file: &TestFile, line: Line) -> io::Result<Child> {
    Child::spawn(|| {
        let mapping = file.map()?;
        loop {
            match line.receive()? {
                END => return Ok(()),
                word if word & COUNT != 0 => {
                    let version = (word & !COUNT) as u64;
                    let right = |&page: &usize| mapping.read(page) == pattern(version, page);
                    line.send((0..PAGES).filter(right).count())?;
                }
                version => {
                    mapping.fill(version as u64, (1..PAGES).step_by(2));
                    mapping.touch(0..PAGES);
                    line.send(0)?;
                }
            }
        }
    })
}

/// How many pages the other process finds to have `version` in them.
pub fn count_by_other(line: &Line, version: u64) -> io::Result<usize> {
    line.send(version as usize | COUNT)?;
    line.receive()
}

/// What is shown on.
pub struct Stage<'a> {
    /// The file.
    pub file: &'a TestFile,
    /// Where this process maps it.
    pub mapping: &'a Mapping,
    /// The line to the other process that does.
    pub other: &'a Line,
    /// What it is looked at with.
    pub map: &'a Map,
    /// How it is drawn.
    pub style: Style,
}

impl Stage<'_> {
    /// Has both processes write a version, half of the pages each, and touch all of them. Whatever
    /// an earlier call left to be written is out of the way by then.
    pub fn dirty(&self, version: u64) -> io::Result<()> {
        self.file.file().sync_all()?;
        self.mapping.fill(version, (0..PAGES).step_by(2));
        self.other.send(version as usize)?;
        self.other.receive()?;
        self.mapping.touch(0..PAGES);
        Ok(())
    }

    /// Says what the marks mean.
    pub fn legend(&self) {
        let marks = [
            Mark::Dirty,
            Mark::Others,
            Mark::Cached,
            Mark::Part,
            Mark::Absent,
        ];
        for line in picture::legend(marks, self.style) {
            println!("{line}");
        }
        println!("({} KiB each)", (PAGES / MARKS * PAGE) >> 10);
    }

    /// Shows the file as it is.
    pub fn still(&self, caption: &str) -> io::Result<()> {
        let cached = self.file.cached()?;
        println!("\n{caption}: {} dirty", cached.dirty);
        self.draw(cached)
    }

    /// Makes a call, and shows the file after it, and what the call cost.
    pub fn act(
        &self,
        caption: &str,
        call: impl FnOnce() -> io::Result<()>,
    ) -> Result<(), Box<dyn Error>> {
        let disk = self.file.disk();
        let before = disk.counters()?;
        let start = Instant::now();
        let done = call();
        let took = start.elapsed();
        let cached = self.file.cached()?;
        let after = disk.counters()?;
        done.map_err(|error| format!("{caption}: {error}"))?;

        let flushes = after.flushes - before.flushes;
        println!(
            "\n{caption}: {} ms, {} writes, {flushes} flush{}, {} dirty",
            took.as_millis(),
            after.writes - before.writes,
            if flushes == 1 { "" } else { "es" },
            cached.dirty + cached.writeback
        );
        Ok(self.draw(cached)?)
    }

    fn draw(&self, cached: Cached) -> io::Result<()> {
        let bytes = |part: Range<u64>| part.start * PAGE as u64..part.end * PAGE as u64;
        let parts = picture::look(self.map, PAGES as u64, MARKS, Flags::empty(), |part| {
            Target::file(self.file.file().as_fd(), bytes(part))
        });
        let bar = Bar::of(&parts.map_err(io::Error::other)?);
        println!("{} {}/{PAGES}", bar.draw(self.style), cached.resident);
        Ok(())
    }

    /// Ends the other process.
    pub fn leave(&self, other: Child) -> Result<(), Box<dyn Error>> {
        self.other.send(END)?;
        other.join().map_err(|failure| match failure {
            Failure::Failed(why) | Failure::Skipped(why) => why.into(),
        })
    }
}
