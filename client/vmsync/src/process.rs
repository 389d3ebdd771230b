// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Processes: a handle on what a process has mapped, which is never that of another one.

use crate::trouble::{
    open_device,
    plain,
    Trouble, //
};
use rustix::{
    io::Errno,
    process::{
        pidfd_open,
        Pid,
        PidfdFlags, //
    },
};
use std::fs;
use vm_map_sync::{
    AttachError,
    Map,
    Whose, //
};
use vmsync::{
    maps::{
        self,
        Mapping, //
    },
    span::Span,
};

/// A process, as it was when it was attached to: with the program that it executed then.
#[derive(Debug)]
pub struct Process {
    /// The handle on its map.
    pub map: Map,
    number: i32,
}

impl Process {
    /// Attaches to the process that has the number now.
    pub fn attach(number: i32) -> Result<Self, Trouble> {
        open_device()?;
        let wrong = |why: &str| Trouble::Other(format!("process {number}: {why}"));
        let none = "there is none with that number, or it has no memory; look for it with ps";
        let pid = Pid::from_raw(number).ok_or_else(|| wrong(none))?;
        // From here on it is this process, or none.
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(|error| match error {
            Errno::SRCH => wrong(none),
            // That of a thread which is not the first of its process.
            Errno::INVAL | Errno::NOENT => wrong("it is a thread; name its process"),
            error => wrong(&plain(error)),
        })?;
        let map = Map::attach_to(&pidfd).map_err(|error| match error {
            AttachError::Open(error) => Trouble::Device(error),
            error => wrong(&plain(error)),
        })?;
        Ok(Self { map, number })
    }

    /// What it has mapped of files, in a span of addresses.
    pub fn mappings(&self, span: &Span) -> Result<Vec<Mapping>, Trouble> {
        let text = fs::read(format!("/proc/{}/maps", self.number));
        // If the map is in use still, the number was that of its process all the time.
        let info = self
            .map
            .info()
            .map_err(|error| Trouble::Other(plain(error)))?;
        if info.whose == Whose::Dead {
            return Err(Trouble::Other(format!(
                "process {}: the process has ended, or executes another program by now; look for its number again",
                self.number
            )));
        }
        let text = text.map_err(|error| {
            Trouble::Other(format!(
                "process {}: /proc/{}/maps cannot be read: {}; run this as root, where /proc is mounted",
                self.number,
                self.number,
                plain(error)
            ))
        })?;
        Ok(maps::parse(&text)
            .iter()
            .filter_map(|mapping| mapping.within(span))
            .collect())
    }
}
