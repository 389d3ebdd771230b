// SPDX-License-Identifier: GPL-2.0

//! The subject: a file of the file system, and what is to be expected of that.

use std::{
    env,
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    os::unix::fs::FileExt,
    path::{
        Path,
        PathBuf, //
    },
    process,
};
use vm_map_sync_tests::{
    check::{
        counts,
        Counts, //
    },
    disk::Disk,
    harness::Failure,
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    place,
    residency::Cached,
    PAGE, //
};

/// What a file system does with the pages of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// They are cached, and written back.
    Cached,
    /// They are cached, and nothing can be written (`read-only`).
    ReadOnly,
    /// They are nowhere else, so that there is nothing to do (`memory`).
    Memory,
    /// They are not cached, what is mapped is the disk (`dax`).
    Dax,
    /// They cannot be dealt with (`special`).
    Special,
}

/// What is special about a file system.
#[derive(Clone, Debug)]
pub struct Traits {
    words: Vec<String>,
}

impl Traits {
    /// What the environment says.
    pub fn get() -> Self {
        let words = env::var("VMS_TRAITS").unwrap_or_default();
        Self {
            words: words.split_whitespace().map(String::from).collect(),
        }
    }

    /// Whether it has a trait:
    ///
    /// - those of [`Kind`];
    /// - `memfd`: there is no file system, the file is a memfd;
    /// - `device`: there is no file system, the file is the disk itself;
    /// - `large`: files have large folios;
    /// - `small`: they have none;
    /// - `whole`: a commit writes all that is dirty in the file;
    /// - `journals-data`: data is written to the journal first, so writing it is committing it;
    /// - `forgets`: what is left of a file that is truncated is not cached any more;
    /// - `remote`: a disk, if there is one, is not this file system's.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|have| have == word)
    }

    pub fn kind(&self) -> Kind {
        match self.words.iter().map(String::as_str).find_map(kind) {
            Some(kind) => kind,
            None if self.has("memfd") => Kind::Memory,
            None => Kind::Cached,
        }
    }
}

fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "read-only" => Kind::ReadOnly,
        "memory" => Kind::Memory,
        "dax" => Kind::Dax,
        "special" => Kind::Special,
        _ => return None,
    })
}

/// A file.
pub struct Subject {
    pub traits: Traits,
    pages: usize,
    file: File,
    /// The file whose pages they are.
    real: File,
    path: Option<PathBuf>,
    owner: u32,
}

/// Pages of the file that a read-only file system has.
const PREPARED: usize = 64;
const PREPARED_NAME: &str = "prepared";

/// Makes the file of a file system that is to become read only.
pub fn prepare() -> io::Result<()> {
    let file = File::create(place::directory()?.join(PREPARED_NAME))?;
    write(&file, 0, 0..PREPARED)?;
    file.sync_all()
}

/// Says why a test passed with less than all.
pub fn note(test: &str, why: &str) {
    println!("# note: {test}: {why}");
}

impl Subject {
    /// A file of `pages` pages that can be written, with version 0 of the pattern, all of it on the
    /// disk and cached, clean, each page a folio of its own.
    ///
    /// Skips the test if the file system has no such files.
    pub fn new(pages: usize) -> Result<Self, Failure> {
        let subject = Self::empty(pages)?;
        for page in 0..pages {
            write(&subject.file, 0, page..page + 1)?;
        }
        subject.file.sync_all()?;
        Ok(subject)
    }

    /// The same, but nothing has been written to it.
    pub fn empty(pages: usize) -> Result<Self, Failure> {
        let traits = Traits::get();
        match traits.kind() {
            Kind::Special => return Err(Failure::skip("its mappings are special: refused")),
            Kind::ReadOnly => return Err(Failure::skip("read only")),
            _ => {}
        }
        if traits.has("memfd") {
            let name = c"contract";
            let file = File::from(nix::sys::memfd::memfd_create(
                name,
                nix::sys::memfd::MemFdCreateFlag::empty(),
            )?);
            return Ok(Self::of(traits, pages, file.try_clone()?, file, None));
        }
        if traits.has("device") {
            let device = env::var_os("VMS_DEV").unwrap_or_default();
            let open = || OpenOptions::new().read(true).write(true).open(&device);
            return Ok(Self::of(traits, pages, open()?, open()?, None));
        }
        let directory = place::directory()?;
        let name = (0..)
            .map(|number| format!("contract-{}-{number}", process::id()))
            .find(|name| !directory.join(name).exists())
            .unwrap_or_default();
        let path = directory.join(&name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        let real = real_directory()?.join(name);
        let real = File::open(real)?;
        Ok(Self::of(traits, pages, file, real, Some(path)))
    }

    /// The file of a file system, whether it can be written or not.
    pub fn any(pages: usize) -> Result<Self, Failure> {
        let traits = Traits::get();
        if traits.kind() != Kind::ReadOnly {
            return Self::new(pages);
        }
        let file = File::open(place::directory()?.join(PREPARED_NAME))?;
        let real = File::open(real_directory()?.join(PREPARED_NAME))?;
        Ok(Self::of(traits, PREPARED, file, real, None))
    }

    fn of(traits: Traits, pages: usize, file: File, real: File, path: Option<PathBuf>) -> Self {
        Self {
            traits,
            pages,
            file,
            real,
            path,
            owner: process::id(),
        }
    }

    pub fn pages(&self) -> usize {
        self.pages
    }

    /// It has more pages now.
    pub fn grow(&mut self, pages: usize) {
        self.pages = pages;
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is, if it has a name.
    pub fn path(&self) -> Result<&Path, Failure> {
        self.path
            .as_deref()
            .ok_or_else(|| Failure::skip("the file has no name"))
    }

    /// All of it, mapped as it can be.
    pub fn map(&self) -> io::Result<Mapping> {
        let share = match self.traits.kind() {
            Kind::ReadOnly => Share::SharedRead,
            _ => Share::Shared,
        };
        self.map_as(share, self.pages)
    }

    /// Its first pages, whether they are there or not.
    pub fn map_as(&self, share: Share, pages: usize) -> io::Result<Mapping> {
        let mapping = Mapping::reserve(pages)?;
        mapping.map(0..pages, &self.file, 0, share)?;
        Ok(mapping)
    }

    /// What of it is cached.
    pub fn cached(&self) -> io::Result<Cached> {
        // Linux 7.3 takes what DAX keeps in place of pages for the shadows of pages, and crashes.
        if self.traits.kind() == Kind::Dax {
            return Ok(Cached::default());
        }
        Cached::of(&self.real, 0..self.pages)
    }

    /// What is to be expected of a call that pushes and frees so many pages of a cache.
    pub fn counts(&self, pushed: u64, freed: u64) -> Counts {
        match self.traits.kind() {
            Kind::Cached => counts(pushed, freed),
            Kind::ReadOnly => counts(0, freed),
            Kind::Memory | Kind::Dax | Kind::Special => counts(0, 0),
        }
    }

    /// Whether pages leave the cache when they are freed.
    pub fn is_freed(&self) -> bool {
        matches!(self.traits.kind(), Kind::Cached | Kind::ReadOnly)
    }

    #[track_caller]
    pub fn assert_cached(&self, resident: u64, dirty: u64) {
        match self.traits.kind() {
            // Its pages are dirty from the start; nobody cares.
            Kind::Memory | Kind::Dax => return,
            _ => {}
        }
        let cached = self.cached().expect("cachestat works");
        let found = (cached.resident, cached.dirty, cached.writeback);
        assert_eq!(
            found,
            (resident, dirty, 0),
            "resident, dirty, being written"
        );
    }

    /// The disk that it is on, if that can be watched.
    pub fn disk(&self) -> io::Result<Option<Disk>> {
        if self.traits.has("remote") || self.traits.kind() != Kind::Cached {
            return Ok(None);
        }
        match env::var_os("VMS_DEV") {
            Some(_) => place::disk().map(Some),
            None => Ok(None),
        }
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // A forked child has the file, but it is not the child's to remove.
        if process::id() == self.owner {
            if let Some(path) = &self.path {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Writes `version` of the pattern to pages, at once.
pub fn write(file: &File, version: u64, pages: std::ops::Range<usize>) -> io::Result<()> {
    let start = (pages.start * PAGE) as u64;
    let bytes: Vec<u8> = pages.flat_map(|page| pattern(version, page)).collect();
    file.write_all_at(&bytes, start)
}

fn real_directory() -> io::Result<PathBuf> {
    match env::var_os("VMS_REAL") {
        Some(directory) => Ok(directory.into()),
        None => place::directory(),
    }
}
