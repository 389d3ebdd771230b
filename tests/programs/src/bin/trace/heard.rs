// SPDX-License-Identifier: GPL-2.0

//! What is heard of calls, and what is to be heard.

use nix::{
    sys::stat::{
        major,
        minor, //
    },
    unistd::Pid,
};
use std::{
    fmt::Display,
    ops::Range,
    os::unix::fs::MetadataExt, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    trace::{
        Event,
        Trace, //
    }, //
};

/// The subsystem of all events.
pub const ALL: &str = "vm_map_sync";

/// Listens to some events, of all threads.
pub fn listen(events: &[&str]) -> Result<Trace, Failure> {
    if !Trace::is_there() {
        return Err(Failure::skip("this kernel has no tracing (CONFIG_TRACING)"));
    }
    Trace::of_all(events)
}

/// What is heard while something is done. How long a commit took is left out, if it makes sense.
pub fn hear(call: impl FnOnce() -> Verdict) -> Result<Vec<String>, Failure> {
    let trace = listen(&[ALL])?;
    trace.clear()?;
    call()?;
    heard(&trace)
}

/// What was heard up to now.
pub fn heard(trace: &Trace) -> Result<Vec<String>, Failure> {
    let events = trace.events()?;
    let time = |event: Option<&Event>| event.map_or(0, |event| event.time);
    let microseconds = time(events.last()) - time(events.first());
    let mut texts = Vec::new();
    for event in &events {
        let mut text = event.text();
        if event.name == "vm_map_sync_committed" {
            let duration = event.number("duration")?;
            let limit = (microseconds + 1) * 1000;
            assert!((1..=limit).contains(&duration), "{duration} of {limit} ns");
            text = text.replace(&format!(" duration={duration}"), "");
        }
        texts.push(text);
    }
    Ok(texts)
}

/// A call with one range begins.
pub fn begin(range: &Range<usize>, flags: &str) -> String {
    begin_of_many(range, flags, 1)
}

/// A call begins.
pub fn begin_of_many(range: &Range<usize>, flags: &str, ranges: usize) -> String {
    let Range { start, end } = range;
    format!("vm_map_sync_begin start={start:#x} end={end:#x} flags={flags} ranges={ranges}")
}

/// Writing begins.
pub fn pushed(file: &TestFile, pages: Range<usize>, dirty: usize) -> String {
    of_pages("pushed", file, pages, format!("dirty={dirty} error=0"))
}

/// Pages are not being written any more.
pub fn written(file: &TestFile, pages: Range<usize>, error: i32) -> String {
    of_pages("written", file, pages, format!("error={error}"))
}

/// A file is committed, without writing any pages.
pub fn committed(file: &TestFile, thread: Pid, error: i32) -> String {
    let file = name(file);
    format!("vm_map_sync_committed {file} pages=0 pid={thread} error={error}")
}

/// What could be freed is free.
pub fn freed(file: &TestFile, pages: Range<usize>, freed: usize, left: usize) -> String {
    of_pages("freed", file, pages, format!("freed={freed} left={left}"))
}

/// A call ends.
pub fn end(error: i32, reason: &str, pushed: usize, freed: usize, left: usize) -> String {
    format!(
        "vm_map_sync_end error={error} reason={reason} pushed={pushed} freed={freed} left={left}"
    )
}

fn of_pages(event: &str, file: &TestFile, pages: Range<usize>, rest: impl Display) -> String {
    let (file, first, count) = (name(file), pages.start, pages.len());
    format!("vm_map_sync_{event} {file} first={first} pages={count} {rest}")
}

fn name(file: &TestFile) -> String {
    let metadata = file.file().metadata().expect("it is open");
    let (major, minor) = (major(metadata.dev()), minor(metadata.dev()));
    format!("dev={major}:{minor} ino={}", metadata.ino())
}
