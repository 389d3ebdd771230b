// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Opening: files so that nothing hangs, nothing is followed and nobody is disturbed.
//!
//! What is in a directory can be exchanged by its owner at any time. So nothing is opened that was not looked
//! at before, by a handle (`O_PATH`) that cannot become something else: to open a device can be to use it.

use crate::{
    walk::Passed,
    why::Why, //
};
use rustix::{
    fs::{
        fstat,
        open,
        openat2,
        FileType,
        Mode,
        OFlags,
        ResolveFlags,
        Stat, //
    },
    io::Errno,
};
use std::{
    collections::HashSet,
    fs::File,
    io::{
        self,
        Seek,
        SeekFrom, //
    },
    os::fd::{
        AsRawFd,
        OwnedFd, //
    },
    path::{
        Path,
        PathBuf, //
    },
};

/// A file that is open, for reading if that is possible.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// How many bytes it has.
    pub length: u64,
    /// Which file it is: device and inode.
    pub id: (u64, u64),
}

/// Why a file is not dealt with.
#[derive(Debug)]
pub enum NotOpened {
    /// It is passed over.
    Passed(Passed),
    /// It should be.
    Bad(Why),
}

impl From<Errno> for NotOpened {
    fn from(errno: Errno) -> Self {
        match errno {
            // A directory above it has become one.
            Errno::LOOP => Self::Passed(Passed::SymbolicLinks),
            errno => Self::Bad(Why::not_opened(&errno.into())),
        }
    }
}

impl From<io::Error> for NotOpened {
    fn from(error: io::Error) -> Self {
        Self::Bad(Why::not_opened(&error))
    }
}

/// Opens files, and each of them once.
#[derive(Debug)]
pub struct Opener {
    follow: bool,
    /// The directory that is gone through.
    root: Option<(PathBuf, OwnedFd)>,
    /// Files with several names that have been seen, if only the first of them counts.
    seen: Option<HashSet<(u64, u64)>>,
}

impl Opener {
    /// `hard_links`: whether all names of a file count.
    pub fn new(follow: bool, hard_links: bool) -> Self {
        Self {
            follow,
            root: None,
            seen: (!hard_links).then(HashSet::new),
        }
    }

    /// Opens a file that was named, or found below a `root` that was, if it is on the file system `device`,
    /// where that matters.
    pub fn open(
        &mut self,
        root: &Path,
        path: &Path,
        device: Option<u64>,
    ) -> Result<Opened, NotOpened> {
        let handle = self.handle(root, path)?;
        let status = fstat(&handle)?;
        let kind = FileType::from_raw_mode(status.st_mode);
        match kind {
            FileType::RegularFile | FileType::BlockDevice => {}
            FileType::Symlink => return Err(NotOpened::Passed(Passed::SymbolicLinks)),
            _ => return Err(NotOpened::Passed(Passed::SpecialFiles)),
        }
        if device.is_some_and(|device| device != status.st_dev) {
            return Err(NotOpened::Passed(Passed::OtherFileSystems));
        }
        if let Some(seen) = self.seen.as_mut().filter(|_| status.st_nlink > 1) {
            if !seen.insert((status.st_dev, status.st_ino)) {
                return Err(NotOpened::Passed(Passed::HardLinks));
            }
        }
        let mut file = reopened(&handle)?;
        let length = match kind {
            FileType::BlockDevice => file.seek(SeekFrom::End(0))?,
            _ => status.st_size.unsigned_abs(),
        };
        Ok(Opened {
            file,
            length,
            id: id(kind, &status),
        })
    }

    /// A handle on a file, whatever it is. If nothing is to be followed, it is reached from the root without
    /// any symbolic link.
    fn handle(&mut self, root: &Path, path: &Path) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        if self.follow {
            return open(path, flags, Mode::empty());
        }
        let flags = flags | OFlags::NOFOLLOW;
        let below = match path.strip_prefix(root) {
            Ok(below) if !below.as_os_str().is_empty() => below,
            _ => return open(path, flags, Mode::empty()),
        };
        let directory = match &mut self.root {
            Some((name, directory)) if name == root => directory,
            other => {
                let directory = open(root, flags | OFlags::DIRECTORY, Mode::empty())?;
                &mut other.insert((root.to_owned(), directory)).1
            }
        };
        match openat2(
            directory,
            below,
            flags,
            Mode::empty(),
            ResolveFlags::NO_SYMLINKS,
        ) {
            // Somebody filters system calls who does not know it.
            Err(Errno::NOSYS) => open(path, flags, Mode::empty()),
            other => other,
        }
    }
}

/// Opens the very file that a handle is on: for reading, which is all that it takes; or for writing, if it may
/// be written to only.
fn reopened(handle: &OwnedFd) -> Result<File, NotOpened> {
    let path = format!("/proc/self/fd/{}", handle.as_raw_fd());
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let open = |access| open(path.as_str(), flags | access, Mode::empty());
    let opened = match open(OFlags::RDONLY) {
        Err(error @ Errno::ACCESS) => open(OFlags::WRONLY).map_err(|_| error),
        other => other,
    };
    match opened {
        Ok(file) => Ok(file.into()),
        Err(Errno::NOENT) => Err(NotOpened::Bad(Why::new(
            "not_opened",
            "it cannot be opened without /proc: mount -t proc proc /proc, then try again",
        ))),
        Err(errno) => Err(NotOpened::Bad(Why::not_opened(&errno.into()))),
    }
}

/// Which file it is. All nodes of a block device are one.
fn id(kind: FileType, status: &Stat) -> (u64, u64) {
    match kind {
        FileType::BlockDevice => (status.st_rdev, 0),
        _ => (status.st_dev, status.st_ino),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::{
        fs::{
            inotify,
            mknodat,
            CWD, //
        },
        io::read,
    };
    use std::{
        env,
        fs,
        os::unix::fs::symlink,
        process, //
    };

    /// A directory; it is removed when this is dropped.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Self {
            let path = env::temp_dir().join(format!("vmsync-open-{}-{name}", process::id()));
            fs::create_dir_all(path.join("real")).expect("there is room");
            fs::write(path.join("real/file"), "1").expect("there is room");
            symlink("real", path.join("link")).expect("there is room");
            Self(path)
        }

        /// Opens what is below it, and says whether anybody has opened it, or had no way to.
        #[track_caller]
        fn opens(&self, opener: &mut Opener, name: &str) -> (Result<Opened, NotOpened>, bool) {
            let path = self.0.join(name);
            let watch = inotify::init(inotify::CreateFlags::NONBLOCK).expect("it can be watched");
            inotify::add_watch(&watch, &path, inotify::WatchFlags::OPEN).expect("it is there");
            let opened = opener.open(&self.0, &path, None);
            (opened, read(&watch, &mut [0; 256]).is_ok())
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_opened() {
        let tree = Tree::new("file");
        let (opened, was_opened) = tree.opens(&mut Opener::new(false, false), "real/file");
        assert_eq!(opened.map(|opened| opened.length).ok(), Some(1));
        assert!(was_opened);
    }

    /// As one finds it that was exchanged since the directory was read.
    #[test]
    fn directories_that_became_links() {
        let tree = Tree::new("link");
        let (opened, was_opened) = tree.opens(&mut Opener::new(false, false), "link/file");
        let passed = matches!(opened, Err(NotOpened::Passed(Passed::SymbolicLinks)));
        assert!(passed && !was_opened, "{opened:?}");
        let (opened, was_opened) = tree.opens(&mut Opener::new(true, false), "link/file");
        assert!(opened.is_ok() && was_opened);
    }

    #[test]
    fn files_that_became_something_else() {
        let tree = Tree::new("pipe");
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, tree.0.join("pipe"), FileType::Fifo, mode, 0).expect("there is room");
        for follow in [false, true] {
            let (opened, was_opened) = tree.opens(&mut Opener::new(follow, false), "pipe");
            let passed = matches!(opened, Err(NotOpened::Passed(Passed::SpecialFiles)));
            assert!(passed && !was_opened, "{opened:?}");
        }
    }
}
