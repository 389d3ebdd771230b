// SPDX-License-Identifier: GPL-2.0

//! Spare disks: disks that a test makes for itself, with a speed and faults of their own.

use crate::{
    harness::{
        Failure,
        Verdict, //
    },
    patience::wait_until,
    PAGE, //
};
use nix::{
    errno::Errno,
    mount::{
        mount,
        umount,
        MsFlags, //
    },
};
use std::{
    cell::OnceCell,
    env,
    ffi::OsString,
    fs, io,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command, //
    },
};

const NULL_BLK: &str = "/sys/kernel/config/nullb";

/// A `null_blk` that keeps in memory what is written to it; it goes when this is dropped.
///
/// What is on it has to be dropped before: let it be the first variable of a test, or the last
/// field of a structure.
pub struct Spare {
    config: PathBuf,
    device: PathBuf,
    owner: u32,
}

impl Spare {
    /// Makes a disk of `megabytes`, with further attributes of `null_blk`.
    pub fn new(megabytes: usize, attributes: &[(&str, &str)]) -> Result<Self, Failure> {
        if !Path::new(NULL_BLK).exists() {
            return Err(Failure::skip(format!("no {NULL_BLK}: load null_blk")));
        }
        let name = unused(Path::new(NULL_BLK), "spare");
        let spare = Self {
            config: Path::new(NULL_BLK).join(&name),
            device: Path::new("/dev").join(&name),
            owner: process::id(),
        };
        fs::create_dir(&spare.config)?;
        spare.set("size", &megabytes.to_string())?;
        spare.set("memory_backed", "1")?;
        for (name, value) in attributes {
            spare.set(name, value)?;
        }
        spare.power_on()?;
        Ok(spare)
    }

    fn power_on(&self) -> io::Result<()> {
        self.set("power", "1")?;
        // No request is lost, however slow the machine.
        let name = self.device.file_name().unwrap_or_default();
        let queue = Path::new("/sys/block").join(name).join("queue");
        fs::write(queue.join("io_timeout"), "600000")
    }

    /// Cuts the power, and puts it on again: what was in the disk's cache only is gone. Nobody may have
    /// it open.
    pub fn cut_power(&self) -> io::Result<()> {
        self.set("power", "0")?;
        self.power_on()
    }

    /// The block device.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// Has reads and writes fail that touch the page at byte `offset`.
    pub fn break_page(&self, offset: u64) -> io::Result<()> {
        self.set("badblocks", &format!("+{}", sectors(offset)))
    }

    /// Undoes [`break_page`](Self::break_page).
    pub fn mend_page(&self, offset: u64) -> io::Result<()> {
        self.set("badblocks", &format!("-{}", sectors(offset)))
    }

    fn set(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.config.join(name), value)
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if process::id() == self.owner {
            // If it is in use still there is nobody to tell.
            let _ = fs::remove_dir(&self.config);
        }
    }
}

/// The sectors of a page, as `badblocks` takes them.
fn sectors(offset: u64) -> String {
    let first = offset / 512;
    format!("{first}-{}", first + PAGE as u64 / 512 - 1)
}

/// A name that is not in `directory`.
fn unused(directory: &Path, kind: &str) -> String {
    (0..)
        .map(|number| format!("{kind}-{}-{number}", process::id()))
        .find(|name| !directory.join(name).exists())
        .unwrap_or_default()
}

/// A new file system on a block device, an ext4 if nothing else is said, mounted; unmounted when this is
/// dropped.
///
/// Its files have to be closed before, as for [`Spare`].
pub struct Site {
    device: PathBuf,
    directory: PathBuf,
    owner: u32,
    kind: String,
    mount_options: String,
    before: OnceCell<[Option<OsString>; 2]>,
}

impl Site {
    /// An ext4 with a small journal, which does not commit by itself while anything is counted.
    pub fn new(device: &Path) -> Result<Self, Failure> {
        Self::with(device, &["-J", "size=4"], "commit=600")
    }

    /// An ext4, with further options of `mke2fs` and those of the mount.
    pub fn with(device: &Path, options: &[&str], mount_options: &str) -> Result<Self, Failure> {
        let mut mkfs = Command::new("mke2fs");
        mkfs.args(["-q", "-F", "-t", "ext4", "-b", "4096"]);
        // What a new disk has is zero, so that need not be written: neither now nor behind a test's back.
        mkfs.args(["-E", "nodiscard,lazy_journal_init=1,lazy_itable_init=1"]);
        let mount_options = format!("noinit_itable,{mount_options}");
        let mount_options = mount_options.trim_end_matches(',');
        Self::of_kind("ext4", device, mkfs.args(options), mount_options)
    }

    /// A btrfs, with options of the mount.
    pub fn btrfs(device: &Path, mount_options: &str) -> Result<Self, Failure> {
        let mut mkfs = Command::new("mkfs.btrfs");
        Self::of_kind(
            "btrfs",
            device,
            mkfs.args(["-q", "-f", "-K"]),
            mount_options,
        )
    }

    /// An xfs, with a log so small that nobody else is to have one.
    pub fn xfs(device: &Path) -> Result<Self, Failure> {
        let mut mkfs = Command::new("mkfs.xfs");
        let options = ["--unsupported", "-q", "-f", "-K"];
        Self::of_kind("xfs", device, mkfs.args(options), "")
    }

    /// A file system of a `kind`, which `mkfs` makes when it is told the device.
    pub fn of_kind(
        kind: &str,
        device: &Path,
        mkfs: &mut Command,
        mount_options: &str,
    ) -> Result<Self, Failure> {
        // It may be loaded, or built in.
        let _ = Command::new("modprobe").arg(kind).output();
        let made = mkfs.arg(device).output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr).into_owned();
            return Err(Failure::Failed(format!("{mkfs:?}: {said}")));
        }
        let directory = env::temp_dir().join(unused(&env::temp_dir(), "site"));
        fs::create_dir(&directory)?;
        let site = Self {
            kind: kind.to_owned(),
            mount_options: mount_options.to_owned(),
            device: device.to_owned(),
            directory,
            owner: process::id(),
            before: OnceCell::new(),
        };
        site.mount()?;
        Ok(site)
    }

    /// Where it is mounted.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Has this process's [`TestFile`](crate::file::TestFile)s made here as long as this lives.
    pub fn settle(&self) {
        self.before.get_or_init(|| PLACE.map(env::var_os));
        env::set_var(PLACE[0], &self.directory);
        env::set_var(PLACE[1], &self.device);
    }

    /// Unmounts it and mounts it anew. All files on it must be closed.
    pub fn remount(&self) -> Verdict {
        self.unmount()?;
        Ok(self.mount()?)
    }

    /// Mounts what is on another device now, in place of what was [unmounted](Self::unmount).
    pub fn mount_from(&mut self, device: &Path) -> io::Result<()> {
        self.device = device.to_owned();
        self.mount()
    }

    fn mount(&self) -> io::Result<()> {
        Ok(mount(
            Some(&self.device),
            &self.directory,
            Some(self.kind.as_str()),
            MsFlags::empty(),
            Some(self.mount_options.as_str()),
        )?)
    }

    /// Unmounts it. All files on it must be closed.
    pub fn unmount(&self) -> Verdict {
        leave(&self.directory)
    }
}

/// What says where test files are made.
const PLACE: [&str; 2] = ["VMS_DIR", "VMS_DEV"];

impl Drop for Site {
    fn drop(&mut self) {
        for (name, value) in PLACE.iter().zip(self.before.get().into_iter().flatten()) {
            match value {
                Some(value) => env::set_var(name, value),
                None => env::remove_var(name),
            }
        }
        if process::id() == self.owner && self.unmount().is_ok() {
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

/// Unmounts what is mounted at `directory`. A helper of the module that still commits a file for a
/// process that is gone can hold it for a while.
pub fn leave(directory: &Path) -> Verdict {
    wait_until("unmounted", || match umount(directory) {
        Ok(()) => Ok(true),
        Err(Errno::EBUSY) => Ok(false),
        Err(errno) => Err(errno),
    })
}
