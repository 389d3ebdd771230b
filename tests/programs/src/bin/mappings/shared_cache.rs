// SPDX-License-Identifier: GPL-2.0

//! Images that share their page cache: what is cached of a file belongs to an inode that is in none of
//! them, and that is root's, whoever owns the file.

use crate::images::{
    know_sharing,
    Image, //
};
use std::fs::File;
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        become_user,
        Child,
        NOBODY, //
    },
};

const PAGES: usize = 8;

/// The file of two images, mapped through either.
struct Pair {
    one: Mapping,
    other: Mapping,
}

impl Pair {
    fn of(images: &[Image; 2]) -> Result<Self, Failure> {
        let map = |image: &Image| -> Result<Mapping, Failure> {
            let mapping = Mapping::reserve(PAGES)?;
            mapping.map(0..PAGES, &File::open(image.file())?, 0, Share::SharedRead)?;
            Ok(mapping)
        };
        Ok(Self {
            one: map(&images[0])?,
            other: map(&images[1])?,
        })
    }

    /// Reads the file through the first one, and finds it cached in both.
    fn fill(&self) -> Verdict {
        self.one.assert_has(0, 0..PAGES);
        self.are(true)
    }

    /// Asserts that all pages are cached, or none is, whichever image is asked.
    fn are(&self, resident: bool) -> Verdict {
        for mapping in [&self.one, &self.other] {
            assert_eq!(mapping.resident(0..PAGES)?, [resident; PAGES]);
        }
        Ok(())
    }
}

/// What several images share is freed for all of them, whichever it is mapped from, and read again.
pub fn cache_that_images_share() -> Verdict {
    know_sharing()?;
    let images = [Image::new(PAGES, 0)?, Image::new(PAGES, NOBODY)?];
    let pair = Pair::of(&images)?;
    let map = Map::current()?;
    let none = counts(0, 0);
    let all = counts(0, PAGES as u64);
    pair.are(false)?;
    pair.fill()?;

    for flags in [Flags::empty(), Flags::SYNCIO] {
        succeeds(&map, pair.one.all(), flags, none);
        pair.are(true)?;
    }
    for flags in [Flags::INVALIDATE, BOTH] {
        for mapping in [&pair.one, &pair.other] {
            // So that it is in both page tables as well.
            pair.fill()?;
            pair.other.touch(0..PAGES);
            succeeds(&map, mapping.all(), flags, all);
            pair.are(false)?;
            assert_eq!(pair.one.present(0..PAGES)?, [false; PAGES]);
            assert_eq!(pair.other.present(0..PAGES)?, [false; PAGES]);
            pair.other.assert_has(0, 0..PAGES);
            pair.one.assert_has(0, 0..PAGES);
        }
    }

    // Somebody else has the handle: the commit goes through a file of the call's own.
    Child::spawn(|| {
        succeeds(&map, pair.one.all(), BOTH, all);
        Ok(())
    })?
    .join()?;
    pair.are(false)?;

    // It matters who owns the file in the image that it is mapped from.
    pair.fill()?;
    Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::current()?;
        let own = Pair::of(&images)?;
        own.one.touch(0..PAGES);
        for flags in [Flags::INVALIDATE, BOTH] {
            let start = own.one.address(0);
            refused(&map, own.one.all(), flags, Reason::Protection, start);
        }
        assert_eq!(own.one.present(0..PAGES)?, [true; PAGES]);
        succeeds(&map, own.one.all(), Flags::SYNCIO, none);
        succeeds(&map, own.other.all(), BOTH, all);
        assert_eq!(own.one.present(0..PAGES)?, [false; PAGES]);
        own.one.assert_has(0, 0..PAGES);
        Ok(())
    })?
    .join()?;
    pair.one.assert_has(0, 0..PAGES);
    Ok(())
}
