// SPDX-License-Identifier: GPL-2.0

//! Connections: what the kernel has asked a server for.

use nix::mount::{
    mount,
    MsFlags, //
};
use std::{
    fs, io,
    path::{
        Path,
        PathBuf, //
    },
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    patience::wait_until, //
};

const ROOT: &str = "/sys/fs/fuse/connections";

/// The connection of a server, as an administrator sees it.
pub struct Connection(PathBuf);

impl Connection {
    /// The one with a number. It is that of the device that the files are on.
    pub fn numbered(number: usize) -> Result<Self, Failure> {
        let this = Self(Path::new(ROOT).join(number.to_string()));
        if !this.0.exists() {
            let none = None::<&str>;
            mount(
                Some("fusectl"),
                ROOT,
                Some("fusectl"),
                MsFlags::empty(),
                none,
            )?;
        }
        Ok(this)
    }

    /// How many requests are not answered.
    fn waiting(&self) -> Result<usize, Failure> {
        let text = fs::read_to_string(self.0.join("waiting"))?;
        Ok(text.trim().parse()?)
    }

    /// Waits until so many requests are not answered, or more.
    pub fn wait_for(&self, requests: usize) -> Verdict {
        wait_until(&format!("{requests} requests"), || {
            Ok::<_, Failure>(self.waiting()? >= requests)
        })
    }

    /// Ends it: nothing will be answered any more.
    pub fn abort(&self) -> io::Result<()> {
        fs::write(self.0.join("abort"), "1")
    }
}
