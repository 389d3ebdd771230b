// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Opening: files so that nothing hangs, nothing is followed and nobody is disturbed.

use crate::{
    walk::Passed,
    why::Why, //
};
use rustix::fs::OFlags;
use std::{
    collections::HashSet,
    fs::{
        File,
        OpenOptions, //
    },
    io::{
        self,
        Seek,
        SeekFrom, //
    },
    os::unix::fs::{
        FileTypeExt,
        MetadataExt,
        OpenOptionsExt, //
    },
    path::Path,
};

/// A file that is open, for reading if that is possible.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// How many bytes it has.
    pub length: u64,
}

/// Why a file is not dealt with.
#[derive(Debug)]
pub enum NotOpened {
    /// It is passed over.
    Passed(Passed),
    /// It should be.
    Bad(Why),
}

/// Opens files, and each of them once.
#[derive(Debug)]
pub struct Opener {
    follow: bool,
    /// Files with several names that have been seen, if only the first of them counts.
    seen: Option<HashSet<(u64, u64)>>,
}

impl Opener {
    /// `hard_links`: whether all names of a file count.
    pub fn new(follow: bool, hard_links: bool) -> Self {
        Self {
            follow,
            seen: (!hard_links).then(HashSet::new),
        }
    }

    /// Opens a file, if it is on the file system `device`, where that matters.
    pub fn open(&mut self, path: &Path, device: Option<u64>) -> Result<Opened, NotOpened> {
        let bad = |error: io::Error| NotOpened::Bad(Why::not_opened(&error));
        let file = self.descriptor(path).map_err(bad)?;
        let metadata = file.metadata().map_err(bad)?;
        // It may have been exchanged since it was looked at.
        let kind = metadata.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            return Err(NotOpened::Passed(Passed::SpecialFiles));
        }
        if device.is_some_and(|device| device != metadata.dev()) {
            return Err(NotOpened::Passed(Passed::OtherFileSystems));
        }
        if let Some(seen) = self.seen.as_mut().filter(|_| metadata.nlink() > 1) {
            if !seen.insert((metadata.dev(), metadata.ino())) {
                return Err(NotOpened::Passed(Passed::HardLinks));
            }
        }
        let length = if kind.is_file() {
            metadata.len()
        } else {
            (&file).seek(SeekFrom::End(0)).map_err(bad)?
        };
        Ok(Opened { file, length })
    }

    /// For reading, which is all that it takes; or for writing, if it may be written to only.
    fn descriptor(&self, path: &Path) -> io::Result<File> {
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        if !self.follow {
            flags |= OFlags::NOFOLLOW;
        }
        let flags = flags.bits() as i32;
        let open = |options: &mut OpenOptions| options.custom_flags(flags).open(path);
        match open(OpenOptions::new().read(true)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                open(OpenOptions::new().write(true)).map_err(|_| error)
            }
            other => other,
        }
    }
}
