// SPDX-License-Identifier: GPL-2.0

//! The model: what is in each page, by the one who writes to it, for all to see.
//!
//! A page has one owner. Before the owner writes a version to it, it says so; afterwards, it says
//! that it has. Whoever finds the same version finished before it read the page and begun after it
//! did, has read that very version, or something is wrong.

use std::{
    io,
    sync::atomic::{
        AtomicU64,
        Ordering, //
    },
};
use vm_map_sync_tests::{
    mapping::Mapping,
    pattern,
    Page,
    PAGE, //
};

/// Not a version of the pattern, but a page of zeros.
const ZEROS: u64 = 1 << 63;

/// The versions of pages, in memory that forked processes share.
pub struct Model {
    memory: Mapping,
    pages: usize,
}

impl Model {
    /// A model of `pages` pages that have version 0 of the pattern in them.
    pub fn new(pages: usize) -> io::Result<Self> {
        let length = (pages * 2 * size_of::<u64>()).div_ceil(PAGE);
        let memory = Mapping::reserve(length)?;
        memory.map_anonymous(0..length, libc::MAP_SHARED)?;
        Ok(Self { memory, pages })
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < 2 * self.pages);
        let address = self.memory.address(0) + index * size_of::<u64>();
        // SAFETY: It lies within the memory, is aligned, and nothing else is ever made of it.
        unsafe { AtomicU64::from_ptr(address as *mut u64) }
    }

    fn begun(&self, page: usize) -> &AtomicU64 {
        self.word(2 * page)
    }

    fn finished(&self, page: usize) -> &AtomicU64 {
        self.word(2 * page + 1)
    }

    /// Has the owner of a page write its next version, which is zeros if `zeros` say so.
    pub fn write(&self, page: usize, zeros: bool, write: impl FnOnce(&Page)) {
        let before = self.begun(page).load(Ordering::SeqCst);
        let version = ((before & !ZEROS) + 1) | if zeros { ZEROS } else { 0 };
        self.begun(page).store(version, Ordering::SeqCst);
        write(&content(version, page));
        self.finished(page).store(version, Ordering::SeqCst);
    }

    /// The last version of a page that is finished.
    pub fn version(&self, page: usize) -> u64 {
        self.finished(page).load(Ordering::SeqCst)
    }

    /// Whether a page has been left alone since it had `version`.
    pub fn is(&self, page: usize, version: u64) -> bool {
        self.begun(page).load(Ordering::SeqCst) == version
    }

    /// Reads a page with `read`, and asserts that it is what it has to be, unless its owner was
    /// at it meanwhile. `how` says how it was read.
    #[track_caller]
    pub fn check(&self, page: usize, how: &str, read: impl FnOnce() -> Page) {
        let version = self.version(page);
        let found = read();
        if self.is(page, version) {
            assert_content(&found, page, version, how);
        }
    }
}

/// What a page has in it in a version.
fn content(version: u64, page: usize) -> Page {
    if version & ZEROS != 0 {
        [0; PAGE]
    } else {
        pattern(version, page)
    }
}

/// Asserts that `found` is a version of a page, and else says what it is instead.
#[track_caller]
pub fn assert_content(found: &Page, page: usize, version: u64, how: &str) {
    let want = content(version, page);
    if *found == want {
        return;
    }
    let number = version & !ZEROS;
    let older = (0..number).rev().take(1000);
    let instead = older
        .flat_map(|number| [number, number | ZEROS])
        .find(|&older| *found == content(older, page));
    let differ = found.iter().zip(&want).filter(|(a, b)| a != b).count();
    panic!(
        "page {page} by {how}: not version {version:#x}, but {}; {differ} bytes differ",
        match instead {
            Some(older) => format!("stale: version {older:#x}"),
            None if *found == [0; PAGE] => "zeros".into(),
            None => "torn or lost".into(),
        }
    );
}
