// SPDX-License-Identifier: GPL-2.0

//! Files: what the tests map.

use crate::{
    disk::{
        Disk,
        Extents, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    pattern,
    place,
    residency::Cached,
    Page,
    PAGE, //
};
use std::{
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::{
        Path,
        PathBuf, //
    },
    process,
};

/// A file on the disk of the tests; it is removed when it is dropped.
pub struct TestFile {
    path: PathBuf,
    pages: usize,
    file: File,
    disk: Disk,
    extents: Extents,
    owner: u32,
}

impl TestFile {
    /// Makes a file of `pages` pages with version 0 of the [`pattern`] in it. All of it is on the
    /// disk and in the page cache, clean, each page a folio of its own.
    pub fn new(pages: usize) -> io::Result<Self> {
        Self::written_by(pages, 1)
    }

    /// The same, but written by `step` pages at a time, so that folios can be as large as that.
    pub fn written_by(pages: usize, step: usize) -> io::Result<Self> {
        let directory = place::directory()?;
        let path = (0..)
            .map(|number| directory.join(format!("test-{}-{number}", process::id())))
            .find(|path| !path.exists())
            .unwrap_or_default();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        for first in (0..pages).step_by(step) {
            let bytes: Vec<u8> = (first..pages.min(first + step))
                .flat_map(|page| pattern(0, page))
                .collect();
            file.write_all_at(&bytes, (first * PAGE) as u64)?;
        }
        file.sync_all()?;
        Ok(Self {
            extents: Extents::of(&file)?,
            disk: place::disk()?,
            path,
            pages,
            file,
            owner: process::id(),
        })
    }

    /// Its size in pages.
    pub fn pages(&self) -> usize {
        self.pages
    }

    /// The file, open for reading and writing.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of it, mapped shared, for reading and writing.
    pub fn map(&self) -> io::Result<Mapping> {
        let mapping = Mapping::reserve(self.pages)?;
        mapping.map(0..self.pages, &self.file, 0, Share::Shared)?;
        Ok(mapping)
    }

    /// What of it is cached.
    pub fn cached(&self) -> io::Result<Cached> {
        Cached::of(&self.file, 0..self.pages)
    }

    /// Waits until nothing of it is dirty or being written any more.
    #[track_caller]
    pub fn wait_until_written(&self) -> Verdict {
        self.wait_until_written_in(0..self.pages)
    }

    /// Waits until nothing of some pages is dirty or being written any more.
    #[track_caller]
    pub fn wait_until_written_in(&self, pages: Range<usize>) -> Verdict {
        wait_until("written", || {
            let cached = Cached::of(&self.file, pages.clone())?;
            io::Result::Ok(cached.dirty == 0 && cached.writeback == 0)
        })
    }

    /// The states of the given pages, a [letter](Cached::letter) each.
    pub fn picture(&self, pages: Range<usize>) -> io::Result<String> {
        pages
            .map(|page| Ok(Cached::of(&self.file, page..page + 1)?.letter()))
            .collect()
    }

    /// Shows what the disk itself has for some pages.
    pub fn read_disk(
        &self,
        pages: Range<usize>,
        mut show: impl FnMut(usize, &Page),
    ) -> io::Result<()> {
        // As much as is read at once.
        const MANY: usize = 256;

        let mut page = pages.start;
        while page < pages.end {
            let (offset, length) = self.extents.locate_run(page)?;
            let count = length.min(pages.end - page).min(MANY);
            for bytes in self.disk.pages(offset, count)? {
                show(page, &bytes);
                page += 1;
            }
        }
        Ok(())
    }

    /// What the disk itself has for a page.
    pub fn on_disk(&self, page: usize) -> io::Result<Page> {
        let mut found = [0; PAGE];
        self.read_disk(page..page + 1, |_, bytes| found = *bytes)?;
        Ok(found)
    }

    /// Asserts that the disk itself has `version` of the pattern in `pages`.
    #[track_caller]
    pub fn assert_on_disk(&self, version: u64, pages: impl IntoIterator<Item = usize>) {
        for page in pages {
            let found = self.on_disk(page).expect("the disk can be read");
            assert!(
                found == pattern(version, page),
                "the disk does not have version {version} of page {page}"
            );
        }
    }

    /// The disk that it is on.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        // A forked child has the file, but it is not the child's to remove.
        if process::id() == self.owner {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// All that is known of a file and its mapping, to see whether anything happened to them.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    cached: String,
    resident: Vec<bool>,
    present: Vec<bool>,
    disk: Vec<Page>,
}

impl State {
    /// The state of `file`, whose first pages are mapped at the `pages` of `mapping`.
    pub fn of(file: &TestFile, mapping: &Mapping, pages: Range<usize>) -> io::Result<Self> {
        let own = 0..pages.len();
        Ok(Self {
            cached: file.picture(own.clone())?,
            resident: mapping.resident(pages.clone())?,
            present: mapping.present(pages)?,
            disk: own
                .map(|page| file.on_disk(page))
                .collect::<io::Result<_>>()?,
        })
    }
}
