// SPDX-License-Identifier: GPL-2.0

//! Overlays: file systems whose files are those of others below them.

use crate::{
    harness::Failure,
    pattern,
    place, //
};
use nix::mount::{
    mount,
    umount2,
    MntFlags,
    MsFlags, //
};
use std::{
    fs::{
        self,
        File, //
    },
    path::PathBuf,
    process::{
        self,
        Command, //
    },
};

/// An overlay with one file, which copies up what is known of a file without what is in it. It goes when
/// this is dropped.
pub struct Overlay(PathBuf);

impl Overlay {
    /// Makes one, with so many pages in the file, which is in the lower directory.
    pub fn new(pages: usize) -> Result<Self, Failure> {
        let _ = Command::new("modprobe").arg("overlay").output();
        let this = Self(place::directory()?.join(format!("overlay-{}", process::id())));
        for name in ["lower", "upper", "work", "merged"] {
            fs::create_dir_all(this.0.join(name))?;
        }
        let bytes: Vec<u8> = (0..pages).flat_map(|page| pattern(0, page)).collect();
        fs::write(this.path("lower"), bytes)?;
        File::open(this.path("lower"))?.sync_all()?;
        let at = |name| this.0.join(name).display().to_string();
        let options = format!(
            "metacopy=on,lowerdir={},upperdir={},workdir={}",
            at("lower"),
            at("upper"),
            at("work")
        );
        mount(
            Some("overlay"),
            &this.0.join("merged"),
            Some("overlay"),
            MsFlags::empty(),
            Some(options.as_str()),
        )?;
        Ok(this)
    }

    /// The file in one of the directories: `lower`, `upper`, or `merged`, which is the overlay.
    pub fn path(&self, directory: &str) -> PathBuf {
        self.0.join(directory).join("file")
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        let _ = umount2(&self.0.join("merged"), MntFlags::MNT_DETACH);
        let _ = fs::remove_dir_all(&self.0);
    }
}
