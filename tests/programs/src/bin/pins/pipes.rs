// SPDX-License-Identifier: GPL-2.0

//! Pages in a pipe: whoever reads from the pipe reads from the pages themselves.

use nix::fcntl::{
    splice,
    SpliceFFlags, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
        BOTH, //
    },
    file::TestFile,
    harness::Verdict,
    mapping::Mapping,
    pattern,
    pipe::Pipe,
    PAGE, //
};

const PAGES: usize = 12;
const HELD: std::ops::Range<usize> = 5..8;

/// Frees all but what is in the pipe, changes that, reads it from the pipe, and frees the rest.
fn hold(file: &TestFile, mapping: &Mapping, pipe: &mut Pipe) -> Verdict {
    let map = Map::current()?;
    let count = HELD.len() as u64;
    let want = Counts {
        pushed: PAGES as u64,
        freed: PAGES as u64 - count,
        left: count,
        ..Counts::default()
    };
    let first = mapping.address(HELD.start);
    check::busy(&map, mapping.all(), BOTH, want, first);
    assert_eq!(file.picture(0..PAGES)?, ".....CCC....");
    file.assert_on_disk(1, 0..PAGES);

    // A second time there is nothing to write, and they stay all the same.
    let want = Counts {
        left: count,
        ..Counts::default()
    };
    check::busy(&map, mapping.all(), BOTH, want, first);

    mapping.fill(2, HELD);
    for page in HELD {
        assert!(
            pipe.read()? == pattern(2, page),
            "the pipe has a page {page} that is no longer the file's"
        );
    }
    check::succeeds(&map, mapping.all(), BOTH, check::counts(count, count));
    file.assert_on_disk(2, HELD);
    mapping.assert_has(2, HELD);
    Ok(())
}

pub fn memory_in_a_pipe() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, 0..PAGES);
    let mut pipe = Pipe::holding(&mapping, HELD)?;
    hold(&file, &mapping, &mut pipe)
}

pub fn file_in_a_pipe() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, 0..PAGES);
    let mut pipe = Pipe::new()?;
    let mut offset = (HELD.start * PAGE) as i64;
    let length = HELD.len() * PAGE;
    let moved = splice(
        file.file(),
        Some(&mut offset),
        pipe.entrance(),
        None,
        length,
        SpliceFFlags::empty(),
    )?;
    assert_eq!(moved, length);
    hold(&file, &mapping, &mut pipe)
}
