// SPDX-License-Identifier: GPL-2.0

//! Pages that are held by somebody, and stay.

use super::scene::{
    assert_gone,
    assert_intact,
    scene,
    DIRTY,
    PAGES, //
};
use vm_map_sync_tests::{
    check::{
        busy,
        counts,
        succeeds,
        Counts,
        BOTH, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    pattern,
    pipe::Pipe,
    process::{
        Child,
        Line, //
    }, //
};

/// What somebody else has locked stays, and so do its bytes.
pub fn wired_by_another_process() -> Verdict {
    let (map, file, mapping) = scene()?;
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        mapping.lock(8..10)?;
        theirs.send(0)?;
        theirs.receive()?;
        let present = mapping.present(7..11)?;
        assert_eq!(present, [false, true, true, false], "locked, but unmapped");
        mapping.unlock(8..10)?;
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    ours.receive()?;
    let left = Counts {
        left: 2,
        ..counts(5, 14)
    };
    busy(&map, mapping.all(), BOTH, left, mapping.address(8));
    assert_eq!(file.picture(0..PAGES)?, "........CC......");
    file.assert_on_disk(1, DIRTY);
    ours.send(0)?;
    ours.receive()?;
    succeeds(&map, mapping.all(), BOTH, counts(0, 2));
    assert_gone(&file, &mapping);
    ours.send(0)?;
    child.join()?;
    assert_intact(&mapping);
    Ok(())
}

/// The range itself is not locked, but one of its pages is, at another place.
pub fn wired_elsewhere_in_the_map() -> Verdict {
    let (map, file, mapping) = scene()?;
    let other = Mapping::reserve(1)?;
    other.map(0..1, file.file(), 4, Share::SharedRead)?;
    other.lock(0..1)?;
    let left = Counts {
        left: 1,
        ..counts(5, 15)
    };
    busy(&map, mapping.all(), BOTH, left, mapping.address(4));
    assert_eq!(file.picture(0..PAGES)?, "....C...........");
    assert_eq!(other.present(0..1)?, [true]);
    assert_intact(&mapping);
    Ok(())
}

fn keeps_pinned(page: usize, version: u64) -> Verdict {
    let (map, file, mapping) = scene()?;
    let mut pipe = Pipe::holding(&mapping, page..page + 1)?;
    let left = Counts {
        left: 1,
        ..counts(5, 15)
    };
    busy(&map, mapping.all(), BOTH, left, mapping.address(page));
    let mut picture = ".".repeat(PAGES);
    picture.replace_range(page..page + 1, "C");
    assert_eq!(file.picture(0..PAGES)?, picture);
    file.assert_on_disk(1, DIRTY);

    // It is the same page still: what is written through the mapping shows in the pipe.
    mapping.assert_has(version, [page]);
    mapping.fill(7, [page]);
    assert!(
        pipe.read()? == pattern(7, page),
        "the pipe has another page"
    );

    succeeds(&map, mapping.range(page..page + 1), BOTH, counts(1, 1));
    file.assert_on_disk(7, [page]);
    mapping.assert_has(7, [page]);
    Ok(())
}

pub fn pinned() -> Verdict {
    keeps_pinned(5, 0)
}

pub fn pinned_and_dirty() -> Verdict {
    keeps_pinned(9, 1)
}

/// It is one page, however often the range has it.
pub fn pinned_and_mapped_twice() -> Verdict {
    let (map, file, once) = scene()?;
    let mapping = Mapping::reserve(PAGES + 6)?;
    mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
    mapping.map(PAGES..PAGES + 6, file.file(), 4, Share::SharedRead)?;
    mapping.touch(0..PAGES + 6);
    let pipe = Pipe::holding(&mapping, 8..9)?;
    let left = Counts {
        left: 1,
        ..counts(5, 15)
    };
    busy(&map, mapping.all(), BOTH, left, mapping.address(8));
    drop(pipe);
    succeeds(&map, mapping.all(), BOTH, counts(0, 1));
    assert_intact(&once);
    Ok(())
}
