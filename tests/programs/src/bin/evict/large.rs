// SPDX-License-Identifier: GPL-2.0

//! Large folios, which can only be freed whole.

use std::ops::Range;
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        busy,
        counts,
        succeeds,
        Counts,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    residency::Cached,
};

/// A file with a large folio in it, mapped, and the pages of that folio.
fn large() -> Result<(TestFile, Mapping, Range<usize>), Failure> {
    const AT: usize = 24;

    let file = TestFile::written_by(64, 16)?;
    let mapping = file.map()?;
    mapping.touch(0..64);
    // A folio is dirty as a whole.
    mapping.fill(1, [AT]);
    let picture = file.picture(0..64)?;
    let first = picture.find('D').unwrap_or_default();
    let end = picture.rfind('D').unwrap_or_default() + 1;
    assert!((first..end).contains(&AT));
    if end - first < 8 {
        return Err(Failure::skip("the file system made no large folio"));
    }
    assert!(first + 3 < AT && AT + 3 < end, "{picture}");
    Ok((file, mapping, first..end))
}

pub fn large_folio_whole() -> Verdict {
    let (file, mapping, folio) = large()?;
    let size = folio.len() as u64;
    let range = mapping.range(folio.clone());
    succeeds(&Map::current()?, range, BOTH, counts(size, size));
    assert_eq!(file.cached()?.resident, 64 - size);
    file.assert_on_disk(1, [24]);
    Ok(())
}

pub fn large_folio_in_parts() -> Verdict {
    for pages in [23..26, 24..25, 23..24] {
        let (file, mapping, folio) = large()?;
        let (size, inside) = (folio.len() as u64, pages.len() as u64);
        let want = Counts {
            beyond: size - inside,
            ..counts(inside, size)
        };
        succeeds(&Map::current()?, mapping.range(pages), BOTH, want);
        assert_eq!(file.cached()?.resident, 64 - size);
        assert_eq!(Cached::of(file.file(), folio)?, Cached::default());
        file.assert_on_disk(1, [24]);
        mapping.assert_has(1, [24]);
        mapping.assert_has(0, (0..24).chain(25..64));
    }
    Ok(())
}

/// Somebody has a page of it locked that is not in the range.
pub fn large_folio_with_a_wired_page() -> Verdict {
    let (file, mapping, folio) = large()?;
    let elsewhere = Mapping::reserve(folio.len())?;
    elsewhere.map(0..folio.len(), file.file(), folio.start, Share::SharedRead)?;
    elsewhere.lock(0..folio.len())?;
    let left = Counts {
        left: 3,
        ..counts(3, 0)
    };
    let range = mapping.range(23..26);
    busy(&Map::current()?, range, BOTH, left, mapping.address(23));
    assert_eq!(file.cached()?.resident, 64);
    let present = elsewhere.present(0..folio.len())?;
    assert!(present.iter().all(|&present| present));
    file.assert_on_disk(1, [24]);
    Ok(())
}

/// Somebody has a single page of it locked.
pub fn large_folio_with_one_wired_page() -> Verdict {
    let (file, mapping, folio) = large()?;
    let elsewhere = Mapping::reserve(1)?;
    elsewhere.map(0..1, file.file(), folio.start + 1, Share::SharedRead)?;
    elsewhere.lock(0..1)?;
    let left = Counts {
        left: 3,
        ..counts(3, 0)
    };
    let range = mapping.range(23..26);
    busy(&Map::current()?, range, BOTH, left, mapping.address(23));
    assert_eq!(elsewhere.present(0..1)?, [true]);
    Ok(())
}
