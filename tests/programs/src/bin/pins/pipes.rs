// SPDX-License-Identifier: GPL-2.0

//! Pages in a pipe: whoever reads from the pipe reads from the pages themselves.

use nix::{
    fcntl::{
        splice,
        vmsplice,
        SpliceFFlags, //
    },
    unistd::pipe, //
};
use std::{
    fs::File,
    io::{
        IoSlice,
        Read, //
    },
    slice,
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
    PAGE, //
};

const PAGES: usize = 12;
const HELD: std::ops::Range<usize> = 5..8;

/// Frees all but what is in the pipe, changes that, reads it from the pipe, and frees the rest.
fn hold(file: &TestFile, mapping: &Mapping, pipe: &mut File) -> Verdict {
    let map = Map::open()?;
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
    let mut bytes = vec![0; PAGE];
    for page in HELD {
        pipe.read_exact(&mut bytes)?;
        assert!(
            bytes == pattern(2, page),
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
    let (reader, writer) = pipe()?;
    {
        let range = mapping.range(HELD);
        // SAFETY: The memory is mapped; nobody writes to it while this slice lives.
        let bytes = unsafe { slice::from_raw_parts(range.start as *const u8, range.len()) };
        let moved = vmsplice(&writer, &[IoSlice::new(bytes)], SpliceFFlags::empty())?;
        assert_eq!(moved, range.len());
    }
    hold(&file, &mapping, &mut reader.into())
}

pub fn file_in_a_pipe() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(1, 0..PAGES);
    let (reader, writer) = pipe()?;
    let mut offset = (HELD.start * PAGE) as i64;
    let length = HELD.len() * PAGE;
    let moved = splice(
        file.file(),
        Some(&mut offset),
        &writer,
        None,
        length,
        SpliceFFlags::empty(),
    )?;
    assert_eq!(moved, length);
    hold(&file, &mapping, &mut reader.into())
}
