// SPDX-License-Identifier: GPL-2.0

//! Views of a file: private and read-only mappings, and large folios.

use super::subject::{
    self,
    note,
    Kind,
    Subject,
    Traits, //
};
use std::{
    env,
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::Path, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        succeeds,
        Counts,
        BOTH, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    }, //
};

/// The pager of a private mapping is the file; the private copies stay what they are.
pub fn private_copies() -> Verdict {
    let subject = Subject::any(16)?;
    let pages = subject.pages();
    let shared = subject.map()?;
    let changed = match subject.traits.kind() {
        Kind::ReadOnly => 0,
        _ => 8,
    };
    let private = subject.map_as(Share::Private, pages)?;
    private.touch(0..pages);
    private.fill(2, [3, 4, 12]);
    shared.touch(0..pages);
    shared.fill(1, 0..changed);
    let counts = subject.counts(changed as u64, pages as u64);
    succeeds(&Map::current()?, private.all(), BOTH, counts);
    if subject.is_freed() {
        subject.assert_cached(0, 0);
    }
    private.assert_has(2, [3, 4, 12]);
    private.assert_has(1, (0..changed).filter(|page| ![3, 4].contains(page)));
    shared.assert_has(1, 0..changed);
    shared.assert_has(0, changed..pages);
    Ok(())
}

/// A mapping through a descriptor that cannot write is as good as any.
pub fn read_only_mapping() -> Verdict {
    let subject = Subject::any(16)?;
    let pages = subject.pages();
    let mapping = Mapping::reserve(pages)?;
    if subject.traits.kind() == Kind::ReadOnly {
        mapping.map(0..pages, subject.file(), 0, Share::SharedRead)?;
        mapping.touch(0..pages);
        succeeds(
            &Map::current()?,
            mapping.all(),
            BOTH,
            subject.counts(0, pages as u64),
        );
        subject.assert_cached(0, 0);
        mapping.assert_has(0, 0..pages);
        return Ok(());
    }
    let reader = File::open(subject.path()?)?;
    mapping.map(0..pages, &reader, 0, Share::SharedRead)?;
    mapping.touch(0..pages);
    for page in 0..8 {
        subject::write(subject.file(), 1, page..page + 1)?;
    }
    // What was written may be on its way already: a file system without a cache for writes.
    let dirty = subject.cached()?.dirty;
    if dirty != 8 && subject.traits.kind() == Kind::Cached {
        note("read_only_mapping", "write() goes through to the server");
        assert_eq!(dirty, 0);
    }
    let counts = subject.counts(dirty, pages as u64);
    succeeds(&Map::current()?, mapping.all(), BOTH, counts);
    if subject.is_freed() {
        subject.assert_cached(0, 0);
    }
    mapping.assert_has(1, 0..8);
    mapping.assert_has(0, 8..pages);
    Ok(())
}

/// A few pages in the middle of a large folio: it is written and freed whole, and counted so.
pub fn large_folio() -> Verdict {
    let traits = Traits::get();
    if traits.kind() != Kind::Cached {
        return Err(Failure::skip(match traits.kind() {
            Kind::ReadOnly => "read only",
            Kind::Memory => "nothing is ever freed",
            Kind::Dax => "no page cache",
            _ => "its mappings are special: refused",
        }));
    }
    let subject = Subject::empty(128)?;
    subject::write(subject.file(), 0, 0..128)?;
    subject.file().sync_all()?;
    let mapping = subject.map()?;
    mapping.touch(0..128);
    let folio = folio_around(&mapping, 70)?;
    if folio.len() < 8 {
        assert!(
            !traits.has("large"),
            "large folios were expected, not {folio:?}"
        );
        return Err(Failure::skip("its files have no large folios here"));
    }
    assert!(
        !traits.has("small"),
        "no large folios were expected, but {folio:?}"
    );

    let first = folio.start + folio.len() / 2 - 1;
    let part = first..first + 3;
    mapping.fill(1, [first + 1]);
    let size = folio.len() as u64;
    subject.assert_cached(128, size);
    let want = Counts {
        pushed: 3,
        freed: size,
        beyond: size - 3,
        left: 0,
    };
    succeeds(&Map::current()?, mapping.range(part), BOTH, want);
    subject.assert_cached(128 - size, 0);
    mapping.assert_has(0, (0..128).filter(|&page| page != first + 1));
    mapping.assert_has(1, [first + 1]);
    Ok(())
}

/// What somebody else has written is seen when what was cached has been freed, and not before.
pub fn other_client() -> Verdict {
    let Some(directory) = env::var_os("VMS_OTHER") else {
        return Err(Failure::skip("nobody else writes to it"));
    };
    let subject = Subject::new(8)?;
    let mapping = subject.map()?;
    mapping.touch(0..8);
    let name = subject.path()?.file_name().unwrap_or_default();
    let other = File::options()
        .write(true)
        .open(Path::new(&directory).join(name))?;
    subject::write(&other, 3, 0..4)?;
    other.sync_all()?;
    drop(other);
    mapping.assert_has(0, 0..8);
    succeeds(
        &Map::current()?,
        mapping.all(),
        Flags::INVALIDATE,
        subject.counts(0, 8),
    );
    mapping.assert_has(3, 0..4);
    mapping.assert_has(0, 4..8);
    Ok(())
}

const KPF_COMPOUND_HEAD: u64 = 1 << 15;
const KPF_COMPOUND_TAIL: u64 = 1 << 16;

/// The pages of the folio that has a page in it.
fn folio_around(mapping: &Mapping, page: usize) -> io::Result<Range<usize>> {
    let pagemap = File::open("/proc/self/pagemap")?;
    let kpageflags = File::open("/proc/kpageflags")?;
    let word = |file: &File, number: u64| -> io::Result<u64> {
        let mut word = [0; 8];
        file.read_exact_at(&mut word, number * 8)?;
        Ok(u64::from_ne_bytes(word))
    };
    let flags = |page: usize| -> io::Result<u64> {
        let entry = word(
            &pagemap,
            (mapping.address(page) / vm_map_sync_tests::PAGE) as u64,
        )?;
        // The number of the page frame.
        word(&kpageflags, entry & ((1 << 55) - 1))
    };
    let mut folio = page..page + 1;
    while flags(folio.start)? & KPF_COMPOUND_TAIL != 0 {
        folio.start -= 1;
    }
    if flags(folio.start)? & KPF_COMPOUND_HEAD == 0 {
        return Ok(folio);
    }
    while folio.end < mapping.pages() && flags(folio.end)? & KPF_COMPOUND_TAIL != 0 {
        folio.end += 1;
    }
    Ok(folio)
}
