// SPDX-License-Identifier: GPL-2.0

//! Changes: a map that becomes another one while its pages are given up. What is memory now keeps what is in
//! it.

use std::{
    io,
    ops::Range,
    thread, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::Crowd, //
};

const PAGES: usize = 64;
/// How often each of the two has a go, at least.
const OFTEN: usize = 200;

/// One maps a file, then memory, then a private copy of the file at the same place, and writes there; the other
/// one gives up what is there all the time.
pub fn memory_is_not_given_up() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let place = Mapping::reserve(PAGES)?;
    let map = Map::current()?;
    let flags = Flags::INVALIDATE | Flags::SPARE_SHARED | Flags::ALLOW_HOLES;
    let crowd = Crowd::<2>::new(OFTEN);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 1;
            crowd.act(0, || {
                round += 1;
                let shared = place.map(0..PAGES, file.file(), 0, Share::Shared);
                shared.expect("the file can be mapped");
                place.touch(0..PAGES);
                keeps(&place, round, |pages| {
                    place.map_anonymous(pages, libc::MAP_PRIVATE)
                });
                keeps(&place, round, |pages| {
                    place.map(pages, file.file(), 0, Share::Private)
                });
                true
            });
        });
        crowd.act(1, || {
            match map.sync(place.all(), flags) {
                Ok(_) => {}
                // The other one is touching it.
                Err(SyncError::Failed(fault)) => assert_eq!(fault.reason, Reason::Busy),
                Err(error) => panic!("{error}"),
            }
            true
        });
    });
    Ok(())
}

/// Asserts that what is written to a mapping is there afterwards.
fn keeps(place: &Mapping, word: u64, map: impl FnOnce(Range<usize>) -> io::Result<()>) {
    map(0..PAGES).expect("it can be mapped");
    for page in 0..PAGES {
        place.poke(page, word);
    }
    thread::yield_now();
    for page in 0..PAGES {
        assert_eq!(place.peek(page), word, "page {page} was given up");
    }
}
