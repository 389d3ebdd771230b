// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The walk: which files are meant.

use crate::why::Why;
use serde::Serialize;
use std::{
    fs, io,
    os::unix::fs::{
        FileTypeExt,
        MetadataExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
};
use vmsync::options::Subjects;
use walkdir::{
    DirEntry,
    WalkDir, //
};

/// What is found on the way.
#[derive(Debug)]
pub enum Found<'a> {
    /// A file or a block device.
    File {
        /// What was named: itself, or a directory above it.
        root: &'a Path,
        /// Where it is.
        path: PathBuf,
        /// The file system that it must be on, if that matters.
        device: Option<u64>,
    },
    /// A directory that is gone through.
    Directory,
    /// What is passed over.
    Passed(Passed),
    /// What was named, or should be there, and cannot be dealt with.
    Bad(PathBuf, Why),
}

/// Why something in a directory is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Passed {
    SymbolicLinks,
    HardLinks,
    SpecialFiles,
    OtherFileSystems,
}

impl Passed {
    pub fn name(self) -> &'static str {
        match self {
            Self::SymbolicLinks => "symbolic links",
            Self::HardLinks => "hard links",
            Self::SpecialFiles => "special files",
            Self::OtherFileSystems => "on other file systems",
        }
    }
}

/// Goes through all that is meant.
pub fn walk(subjects: &Subjects) -> impl Iterator<Item = Found<'_>> {
    subjects.files.iter().flat_map(move |path| {
        let device = subjects
            .one_file_system
            .then(|| device_of(path, subjects.follow))
            .flatten();
        WalkDir::new(path)
            .follow_links(subjects.follow)
            .follow_root_links(subjects.follow)
            .same_file_system(subjects.one_file_system)
            .max_depth(if subjects.recursive { usize::MAX } else { 0 })
            .into_iter()
            .map(move |entry| match entry {
                Ok(entry) => found(path, &entry, subjects, device),
                Err(error) => bad(path, &error),
            })
    })
}

fn device_of(path: &Path, follow: bool) -> Option<u64> {
    let metadata = if follow {
        fs::metadata(path)
    } else {
        fs::symlink_metadata(path)
    };
    Some(metadata.ok()?.dev())
}

fn found<'a>(
    root: &'a Path,
    entry: &DirEntry,
    subjects: &Subjects,
    device: Option<u64>,
) -> Found<'a> {
    let (kind, named) = (entry.file_type(), entry.depth() == 0);
    let bad = |word, sentence: &str| Found::Bad(entry.path().to_owned(), Why::new(word, sentence));
    if kind.is_file() || kind.is_block_device() {
        Found::File {
            root,
            path: entry.path().to_owned(),
            device,
        }
    } else if kind.is_dir() && subjects.recursive {
        Found::Directory
    } else if kind.is_dir() {
        bad("directory", "it is a directory; pass -r to go through it")
    } else if kind.is_symlink() && named {
        bad(
            "symbolic_link",
            "it is a symbolic link; pass -f to follow it",
        )
    } else if kind.is_symlink() {
        Found::Passed(Passed::SymbolicLinks)
    } else if named {
        bad(
            "special",
            "it is no file with pages: name a regular file or a block device",
        )
    } else {
        Found::Passed(Passed::SpecialFiles)
    }
}

fn bad<'a>(named: &Path, error: &walkdir::Error) -> Found<'a> {
    // All that is below the link is reached without it.
    if error.loop_ancestor().is_some() {
        return Found::Passed(Passed::SymbolicLinks);
    }
    let path = error.path().unwrap_or(named).to_owned();
    let unknown = io::Error::other("the directory cannot be read");
    let why = match error.io_error() {
        // Where a link leads to is not there; the link is.
        Some(_) if error.depth() > 0 && path.is_symlink() => {
            return Found::Passed(Passed::SymbolicLinks);
        }
        Some(error) => Why::not_opened(error),
        None => Why::not_opened(&unknown),
    };
    Found::Bad(path, why)
}
