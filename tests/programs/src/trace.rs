// SPDX-License-Identifier: GPL-2.0

//! Traces: what the kernel itself says of what it does.

use crate::harness::{
    Failure,
    Verdict, //
};
use nix::{
    mount::{
        mount,
        MsFlags, //
    },
    unistd::gettid, //
};
use std::{
    fs,
    path::{
        Path,
        PathBuf, //
    },
};

const ROOT: &str = "/sys/kernel/tracing";

/// Tracing of some events, until it is dropped.
pub struct Trace(PathBuf);

/// Something that happened.
pub struct Event {
    /// When, in microseconds.
    pub time: u64,
    /// What.
    pub name: String,
    fields: String,
}

impl Trace {
    /// Whether the kernel can trace at all.
    pub fn is_there() -> bool {
        Path::new(ROOT).exists()
    }

    /// Has events of the calling thread, which are named as in `events/`, recorded from now on.
    pub fn start(events: &[&str]) -> Result<Self, Failure> {
        Self::of(&gettid().to_string(), events)
    }

    /// The same, but those of all threads.
    pub fn of_all(events: &[&str]) -> Result<Self, Failure> {
        Self::of("", events)
    }

    fn of(thread: &str, events: &[&str]) -> Result<Self, Failure> {
        let root = Path::new(ROOT);
        if !root.join("trace").exists() {
            let none = None::<&str>;
            mount(
                Some("tracefs"),
                root,
                Some("tracefs"),
                MsFlags::empty(),
                none,
            )?;
        }
        let this = Self(root.to_owned());
        this.set("trace_clock", "mono")?;
        this.set("buffer_size_kb", "8192")?;
        this.set("set_event_pid", thread)?;
        for event in events {
            this.set(&format!("events/{event}/enable"), "1")?;
        }
        Ok(this)
    }

    /// Forgets what was recorded so far, and records anew.
    pub fn clear(&self) -> Verdict {
        self.set("trace", "")?;
        self.set("tracing_on", "1")
    }

    /// Stops recording, since reading makes events as well. What was recorded, in order.
    pub fn events(&self) -> Result<Vec<Event>, Failure> {
        self.set("tracing_on", "0")?;
        let text = fs::read_to_string(self.0.join("trace"))?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                Event::parse(line).ok_or_else(|| Failure::Failed(format!("not an event: {line}")))
            })
            .collect()
    }

    /// Has events recorded no more that were.
    pub fn ignore(&self, event: &str) -> Verdict {
        self.set(&format!("events/{event}/enable"), "0")
    }

    fn set(&self, name: &str, value: &str) -> Verdict {
        fs::write(self.0.join(name), value)
            .map_err(|error| Failure::Failed(format!("{ROOT}/{name}: {error}")))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // If that fails, nobody minds: the guest is there for one subject only.
        let _ = self.set("events/enable", "0");
    }
}

impl Event {
    /// `TASK-PID [CPU] FLAGS SECONDS.MICROSECONDS: NAME: FIELDS`
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once("] ")?;
        let (_, rest) = rest.trim_start().split_once(' ')?;
        let (time, rest) = rest.trim_start().split_once(": ")?;
        let (name, fields) = rest.split_once(": ")?;
        let (seconds, microseconds) = time.split_once('.')?;
        Some(Self {
            time: seconds.parse::<u64>().ok()? * 1_000_000 + microseconds.parse::<u64>().ok()?,
            name: name.to_owned(),
            fields: fields.to_owned(),
        })
    }

    /// All that is said of it, with its name before it.
    pub fn text(&self) -> String {
        format!("{} {}", self.name, self.fields)
    }

    /// Whether this is the beginning (`sys_enter`) or the end (`sys_exit`) of an `ioctl()`.
    pub fn is_of_ioctl(&self, name: &str) -> bool {
        let number = u64::try_from(libc::SYS_ioctl).ok();
        self.name == name && self.number("NR").ok() == number
    }

    /// A field, `NAME=VALUE` or `NAME: VALUE`.
    pub fn field(&self, name: &str) -> Result<&str, Failure> {
        let mut words = self.fields.split([' ', '=']);
        words
            .find(|word| word.trim_end_matches(':') == name)
            .and_then(|_| words.next())
            .ok_or_else(|| {
                Failure::Failed(format!("{} without {name}: {}", self.name, self.fields))
            })
    }

    /// A field that is a number.
    pub fn number(&self, name: &str) -> Result<u64, Failure> {
        let text = self.field(name)?;
        Ok(match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16)?,
            None => text.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read() {
        let line = "  measure-123  [001] d..1.    12.000345: alloc_vmap_area: va_start: 17 size=8";
        let event = Event::parse(line).expect("it is one");
        assert_eq!(
            (event.time, event.name.as_str()),
            (12_000_345, "alloc_vmap_area")
        );
        assert_eq!(event.text(), "alloc_vmap_area va_start: 17 size=8");
        assert_eq!(event.number("va_start").ok(), Some(17));
        assert_eq!(event.number("size").ok(), Some(8));
        assert!(event.field("end").is_err());
        assert!(Event::parse("no event").is_none());
    }
}
