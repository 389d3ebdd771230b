// SPDX-License-Identifier: GPL-2.0

//! Meanwhile: what others do during a call.

use super::{
    file,
    PAGES, //
};
use std::{
    os::unix::fs::FileExt,
    thread, //
};
use vm_map_sync::{
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        self,
        ALL,
        BOTH, //
    },
    file::TestFile,
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    patience::Crowd,
    pattern,
    process::Child,
    PAGE,
};

/// How often each of those who disturb each other has a go, at least.
const OFTEN: usize = 50;

/// A writer does not notice that its pages are written and freed all the time.
pub fn written_to_meanwhile() -> Verdict {
    let file = file()?;
    let mapping = file.map()?;
    for page in 0..PAGES {
        mapping.poke(page, 0);
    }
    let written = Mapping::reserve(1)?;
    written.map_anonymous(0..1, libc::MAP_SHARED)?;
    let writer = Child::spawn(|| loop {
        for page in 0..PAGES {
            let last = written.peek(0);
            assert_eq!(mapping.peek(page), last, "page {page} lost a write");
            mapping.poke(page, last + 1);
        }
        written.poke(0, written.peek(0) + 1);
    })?;
    let map = Map::current()?;
    let (mut rounds, mut whole) = (0, 0);
    while rounds < OFTEN || whole == 0 || written.peek(0) < 2 {
        match map.sync(mapping.all(), BOTH) {
            Ok(_) => whole += 1,
            // A page that the writer is just getting at.
            Err(SyncError::Failed(fault)) => assert_eq!(fault.reason, Reason::Busy),
            Err(error) => return Err(error.into()),
        }
        rounds += 1;
    }
    writer.die()?;

    let words: Vec<u64> = (0..PAGES).map(|page| mapping.peek(page)).collect();
    for &word in &words {
        assert!(word.abs_diff(written.peek(0)) <= 1);
    }
    check::succeeds_in_the_end(&map, mapping.all(), BOTH);
    for (page, word) in words.into_iter().enumerate() {
        let bytes = file.on_disk(page)?;
        assert_eq!(bytes[..8], word.to_ne_bytes(), "page {page} on the disk");
    }
    Ok(())
}

pub fn many_callers_at_once() -> Verdict {
    let file = file()?;
    let mapping = file.map()?;
    mapping.fill(1, 0..PAGES);
    let map = Map::current()?;
    let crowd = Crowd::<{ ALL.len() }>::new(OFTEN);
    thread::scope(|scope| {
        for (page, flags) in ALL.into_iter().enumerate() {
            let (map, mapping, crowd) = (&map, &mapping, &crowd);
            scope.spawn(move || {
                crowd.act(page, || {
                    let result = map.sync(mapping.all(), flags);
                    if let Err(error) = result {
                        assert_eq!(error.errno(), Some(libc::EBUSY), "{error}");
                    }
                    mapping.fill(1, [page]);
                    true
                });
            });
        }
    });
    succeeds_in_the_end(&map, &file, &mapping)
}

fn succeeds_in_the_end(map: &Map, file: &TestFile, mapping: &Mapping) -> Verdict {
    check::succeeds_in_the_end(map, mapping.all(), BOTH);
    assert_eq!(file.picture(0..PAGES)?, "........");
    file.assert_on_disk(1, 0..PAGES);
    mapping.assert_has(1, 0..PAGES);
    Ok(())
}

/// Another thread changes the map: each call meets it in one of its states.
pub fn mapped_and_unmapped_meanwhile() -> Verdict {
    let file = file()?;
    file.map()?.fill(1, 0..PAGES);
    let mapping = Mapping::reserve(PAGES)?;
    let map = Map::current()?;
    // One changes the map, and the other one has calls that are refused and calls that are not.
    let (crowd, mut refused, mut passed) = (Crowd::<2>::new(OFTEN), 0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            crowd.act(0, || {
                let half = mapping.map(0..PAGES / 2, file.file(), 0, Share::Shared);
                let rest = mapping.map(PAGES / 2..PAGES, file.file(), PAGES / 2, Share::SharedRead);
                half.and(rest).expect("the file can be mapped");
                mapping.touch(0..PAGES);
                mapping.unmap(0..PAGES).expect("the file can be unmapped");
                true
            });
        });
        crowd.act(1, || {
            match map.sync(mapping.all(), BOTH) {
                Ok(_) => passed += 1,
                Err(SyncError::Failed(fault)) => {
                    assert_eq!(fault.reason, Reason::Busy);
                    passed += 1;
                }
                Err(SyncError::Refused(fault)) => {
                    assert_eq!(fault.reason, Reason::Hole);
                    let address = fault.address as usize;
                    assert!([mapping.address(0), mapping.address(PAGES / 2)].contains(&address));
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
            refused > 0 && passed > 0
        });
    });
    let mapping = file.map()?;
    succeeds_in_the_end(&map, &file, &mapping)
}

/// Pages vanish from the file while they are written and freed.
pub fn truncated_meanwhile() -> Verdict {
    let file = file()?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let crowd = Crowd::<2>::new(OFTEN);
    thread::scope(|scope| {
        scope.spawn(|| {
            crowd.act(0, || {
                for length in [1, PAGES] {
                    let length = (length * PAGE) as u64;
                    file.file().set_len(length).expect("it can be truncated");
                }
                for page in 0..PAGES {
                    let bytes = pattern(1, page);
                    let written = file.file().write_all_at(&bytes, (page * PAGE) as u64);
                    written.expect("it can be written");
                }
                true
            });
        });
        crowd.act(1, || {
            if let Err(error) = map.sync(mapping.all(), BOTH) {
                assert_eq!(error.errno(), Some(libc::EBUSY), "{error}");
            }
            true
        });
    });
    check::succeeds_in_the_end(&map, mapping.all(), BOTH);
    assert_eq!(file.picture(0..PAGES)?, "........");
    mapping.assert_has(1, 0..PAGES);
    Ok(())
}
