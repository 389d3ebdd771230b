// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Processes: a handle on what a process has mapped, which is never that of another one.

use crate::trouble::{
    open_device,
    plain,
    Trouble, //
};
use rustix::{
    event::{
        poll,
        PollFd,
        PollFlags, //
    },
    io::Errno,
    process::{
        pidfd_open,
        Pid,
        PidfdFlags, //
    },
};
use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Read,
        Seek, //
    },
    os::fd::{
        AsRawFd,
        OwnedFd, //
    },
};
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
    /// What is mapped there. It stays with that map, as the handle does.
    maps: File,
    pidfd: OwnedFd,
    number: i32,
}

impl Process {
    /// Attaches to the process that has the number now.
    pub fn attach(number: i32) -> Result<Self, Trouble> {
        open_device()?;
        let wrong = |why: &str| wrong(number, why);
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
        let there = number_in_proc(&pidfd).map_err(|error| {
            wrong(&format!(
                "/proc does not say what it has mapped: {}; mount one: mount -t proc proc /proc",
                plain(error)
            ))
        })?;
        let maps = File::open(format!("/proc/{there}/maps"));
        // If it is there still, that was its number all the time.
        if has_ended(&pidfd) {
            return Err(wrong(ENDED));
        }
        let maps = maps.map_err(|error| unreadable(number, &error))?;
        Ok(Self {
            map,
            maps,
            pidfd,
            number,
        })
    }

    /// What it has mapped of files, in a span of addresses.
    pub fn mappings(&self, span: &Span) -> Result<Vec<Mapping>, Trouble> {
        let mut text = Vec::new();
        let mut maps = &self.maps;
        let read = maps.rewind().and_then(|()| maps.read_to_end(&mut text));
        let info = self
            .map
            .info()
            .map_err(|error| Trouble::Other(plain(error)))?;
        // Its map can be in use still, by who has lent it to the process (vfork).
        if info.whose == Whose::Dead || has_ended(&self.pidfd) {
            return Err(wrong(self.number, ENDED));
        }
        read.map_err(|error| unreadable(self.number, &error))?;
        Ok(maps::parse(&text)
            .iter()
            .filter_map(|mapping| mapping.within(span))
            .collect())
    }
}

const ENDED: &str =
    "the process has ended, or executes another program by now; look for its number again";

fn wrong(number: i32, why: &str) -> Trouble {
    Trouble::Other(format!("process {number}: {why}"))
}

fn unreadable(number: i32, error: &io::Error) -> Trouble {
    let error = plain(error);
    wrong(
        number,
        &format!("what it has mapped cannot be read: {error}; run this as root"),
    )
}

/// The number that a process has in `/proc`, which can be that of another pid namespace than ours.
fn number_in_proc(pidfd: &OwnedFd) -> io::Result<u32> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd()))?;
    let numbers = text.lines().filter_map(|line| line.strip_prefix("Pid:"));
    // None is 0 or -1.
    let mut numbers = numbers.filter_map(|number| number.trim().parse().ok());
    numbers
        .find(|&number| number != 0)
        .ok_or_else(|| io::Error::other("the process is not in it"))
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    let mut wanted = [PollFd::new(pidfd, PollFlags::IN)];
    poll(&mut wanted, 0).is_ok_and(|ready| ready != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn numbers_and_ends() {
        let mut child = Command::new("sleep").arg("600").spawn().expect("it runs");
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).expect("it is there");
        assert_eq!(number_in_proc(&pidfd).ok(), Some(child.id()));
        assert!(!has_ended(&pidfd));
        child.kill().expect("it is ours");
        poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], -1).expect("it is a pidfd");
        assert!(has_ended(&pidfd));
        child.wait().expect("it is ours");
        assert!(number_in_proc(&pidfd).is_err());
    }
}
