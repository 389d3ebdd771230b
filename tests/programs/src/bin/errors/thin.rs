// SPDX-License-Identifier: GPL-2.0

//! The thin disk: one that has less room than it says.

use nix::{
    errno::Errno,
    mount::{
        mount,
        umount,
        MsFlags, //
    }, //
};
use std::{
    env,
    fs::{
        self,
        File, //
    },
    os::fd::AsRawFd,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command, //
    },
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    room,
    PAGE, //
};

const LOOP_SET_FD: libc::Ioctl = 0x4c00;
const LOOP_CLR_FD: libc::Ioctl = 0x4c01;
const LOOP_CTL_GET_FREE: libc::Ioctl = 0x4c82;

/// A disk of 64 MB that has room for 16.
pub struct Thin {
    directory: PathBuf,
    image: File,
    disk: File,
    pub device: PathBuf,
}

impl Thin {
    pub fn new() -> Result<Self, Failure> {
        let _ = Command::new("modprobe").arg("loop").output();
        let Ok(control) = File::open("/dev/loop-control") else {
            return Err(Failure::skip("no loop devices"));
        };
        let directory = env::temp_dir().join(format!("thin-{}", process::id()));
        fs::create_dir(&directory)?;
        mount(
            None::<&str>,
            &directory,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("size=16m"),
        )?;
        let image = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(directory.join("image"))?;
        image.set_len(64 << 20)?;
        // SAFETY: The call takes no argument.
        let free = unsafe { libc::ioctl(control.as_raw_fd(), LOOP_CTL_GET_FREE) };
        let device = PathBuf::from(format!("/dev/loop{}", Errno::result(free)?));
        let disk = File::options().read(true).write(true).open(&device)?;
        // SAFETY: The call takes a number.
        let code = unsafe { libc::ioctl(disk.as_raw_fd(), LOOP_SET_FD, image.as_raw_fd()) };
        Errno::result(code)?;
        Ok(Self {
            directory,
            image,
            disk,
            device,
        })
    }

    /// Uses up all the room.
    pub fn fill(&self) -> Verdict {
        room::take(&self.filler())
    }

    /// Gives the room back.
    pub fn relieve(&self) -> Verdict {
        Ok(fs::remove_file(self.filler())?)
    }

    fn filler(&self) -> PathBuf {
        self.directory.join("filler")
    }

    /// Forgets what it has at byte `offset`.
    pub fn punch(&self, offset: u64) -> Verdict {
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: The call takes numbers only.
        let code =
            unsafe { libc::fallocate(self.image.as_raw_fd(), mode, offset as i64, PAGE as i64) };
        Errno::result(code)?;
        Ok(())
    }
}

impl Drop for Thin {
    fn drop(&mut self) {
        // SAFETY: The call takes no argument.
        unsafe { libc::ioctl(self.disk.as_raw_fd(), LOOP_CLR_FD) };
        let _ = umount_lazily(&self.directory);
        let _ = fs::remove_dir(&self.directory);
    }
}

fn umount_lazily(directory: &Path) -> nix::Result<()> {
    nix::mount::umount2(directory, nix::mount::MntFlags::MNT_DETACH).or_else(|_| umount(directory))
}
