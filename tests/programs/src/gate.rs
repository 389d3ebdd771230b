// SPDX-License-Identifier: GPL-2.0

//! Gates: disks that hold back what they are asked for until they are told to let it pass, however long
//! that is.

use crate::{
    harness::{
        Failure,
        Verdict, //
    },
    mapper::Mapper,
    spare::Spare,
};
use std::{
    io,
    path::Path,
    process, //
};

/// In milliseconds. It ends only for those who were killed before they could open the gate.
const EVER: u32 = 600_000;

/// What a gate holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Reads, writes and flushes.
    All,
    /// Writes of data.
    Writes,
    /// Flushes of the cache.
    Flushes,
}

/// A disk with a gate before it, which is open at first. It opens when this is dropped.
///
/// What is on it has to be dropped before, as for [`Spare`].
pub struct Gate {
    mapper: Mapper,
    below: String,
    spare: Spare,
    owner: u32,
}

impl Gate {
    /// Makes a disk as [`Spare::new`] does, with a gate before it.
    pub fn new(megabytes: usize, attributes: &[(&str, &str)]) -> Result<Self, Failure> {
        let spare = Spare::new(megabytes, attributes)?;
        let below = format!("{} 0", spare.device().display());
        Ok(Self {
            mapper: Mapper::new(megabytes, "linear", &below)?,
            below,
            spare,
            owner: process::id(),
        })
    }

    /// The block device to be used.
    pub fn device(&self) -> &Path {
        self.mapper.device()
    }

    /// The disk behind the gate.
    pub fn spare(&self) -> &Spare {
        &self.spare
    }

    /// Holds back what comes from now on.
    pub fn close(&self, held: Held) -> Verdict {
        let delay = |is_held| if is_held { EVER } else { 0 };
        let below = &self.below;
        let parameters = format!(
            "{below} {} {below} {} {below} {}",
            delay(held == Held::All),
            delay(held != Held::Flushes),
            delay(held != Held::Writes),
        );
        self.mapper
            .become_target("delay", &parameters)
            .map_err(|error| Failure::skip(format!("no dm-delay: {error}")))
    }

    /// How many requests are held back at this moment.
    pub fn held(&self) -> io::Result<usize> {
        // Reads, writes and flushes; nothing if it is open.
        let status = self.mapper.status()?;
        Ok(status
            .split(' ')
            .filter_map(|word| word.parse::<usize>().ok())
            .sum())
    }

    /// What opens it at last.
    pub fn opener(&self) -> Opener<'_> {
        Opener(self)
    }

    /// Lets everything pass that is held back, and what comes from now on.
    pub fn open(&self) -> io::Result<()> {
        self.mapper.become_target("linear", &self.below)
    }
}

/// Opens a gate when this is dropped. To be made after the files on it: a test that fails with the gate closed
/// would wait for what never comes when they are closed, and when what they are on is unmounted.
pub struct Opener<'a>(&'a Gate);

impl Drop for Opener<'_> {
    fn drop(&mut self) {
        if process::id() == self.0.owner {
            let _ = self.0.open();
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if process::id() == self.owner {
            // Whoever has failed with the gate closed is not to leave others behind it.
            let _ = self.open();
        }
    }
}
