// SPDX-License-Identifier: GPL-2.0

//! The whole map in one call.

use super::specials::is_special;
use nix::sys::stat::fstat;
use std::{
    collections::HashMap,
    fs::{
        self,
        File, //
    },
    ops::Range,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        refused,
        succeeds_somehow,
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
    maps::{
        entries,
        Entry, //
    },
    pattern,
    process::Child,
    trace::Trace,
    PAGE, //
};

/// All there is.
const WHOLE: Range<usize> = 0..usize::MAX;
/// What it takes for that.
const ANYTHING: Flags = Flags::ALLOW_HOLES.union(Flags::SKIP_SPECIALS);

const PAGES: usize = 8;
const DIRTY: [usize; 2] = [1, 6];

/// Files that are mapped in all ways, and one that is not.
struct Scene {
    map: Map,
    /// Mapped shared, twice.
    shared: TestFile,
    /// Mapped privately, with a copy of page 3.
    private: TestFile,
    /// Mapped to be read, and written by its descriptor.
    read: TestFile,
    /// Not mapped.
    apart: TestFile,
    copies: Mapping,
    _mappings: [Mapping; 3],
}

impl Scene {
    fn new() -> Result<Self, Failure> {
        let new = || TestFile::new(PAGES);
        let (shared, private, read, apart) = (new()?, new()?, new()?, new()?);
        let map = |file: &TestFile, share| -> Result<Mapping, Failure> {
            let mapping = Mapping::reserve(PAGES)?;
            mapping.map(0..PAGES, file.file(), 0, share)?;
            Ok(mapping)
        };
        let copies = map(&private, Share::Private)?;
        copies.fill(7, [3]);
        let mappings = [
            map(&shared, Share::Shared)?,
            map(&shared, Share::SharedRead)?,
            map(&read, Share::SharedRead)?,
        ];
        let scene = Self {
            map: Map::current()?,
            shared,
            private,
            read,
            apart,
            copies,
            _mappings: mappings,
        };
        for file in scene.files().into_iter().chain([&scene.apart]) {
            for page in DIRTY {
                let bytes = pattern(1, page);
                file.file().write_all_at(&bytes, (page * PAGE) as u64)?;
            }
        }
        Ok(scene)
    }

    /// Those that are mapped.
    fn files(&self) -> [&TestFile; 3] {
        [&self.shared, &self.private, &self.read]
    }

    fn assert_durable(&self, letter: &str) -> Verdict {
        for file in self.files() {
            file.assert_on_disk(1, DIRTY);
            assert_eq!(file.picture(0..PAGES)?, letter.repeat(PAGES));
        }
        assert_eq!(
            self.apart.picture(0..PAGES)?,
            "CDCCCCDC",
            "it is not mapped"
        );
        self.copies.assert_has(7, [3]);
        Ok(())
    }
}

/// What is pushed, at least: the program itself may be on a disk as well.
const PUSHED: u64 = 3 * DIRTY.len() as u64;

pub fn whole_map_becomes_durable() -> Verdict {
    let scene = Scene::new()?;
    let outcome = succeeds_somehow(&scene.map, WHOLE, Flags::SYNCIO | ANYTHING);
    assert_eq!((outcome.pushed, outcome.freed), (PUSHED, 0));
    scene.assert_durable("C")
}

pub fn whole_map_is_freed() -> Verdict {
    let scene = Scene::new()?;
    let outcome = succeeds_somehow(&scene.map, WHOLE, BOTH | ANYTHING);
    assert_eq!(outcome.pushed, PUSHED);
    assert!(outcome.freed >= (3 * PAGES) as u64, "{outcome:?}");
    assert_eq!(outcome.left, 0);
    scene.assert_durable(".")
}

/// By who has a handle on it.
pub fn whole_map_of_somebody_else() -> Verdict {
    let scene = Scene::new()?;
    let child = Child::spawn(|| {
        let outcome = succeeds_somehow(&scene.map, WHOLE, Flags::SYNCIO | ANYTHING);
        assert_eq!((outcome.pushed, outcome.freed), (PUSHED, 0));
        Ok(())
    })?;
    child.join()?;
    scene.assert_durable("C")
}

/// Each file is committed once, however often it is mapped.
pub fn one_commit_for_each_file_of_the_map() -> Verdict {
    if !Trace::is_there() {
        return Err(Failure::skip("this kernel has no tracing (CONFIG_FTRACE)"));
    }
    let scene = Scene::new()?;
    let trace = Trace::of_all(&["ext4/ext4_sync_file_enter"])?;
    trace.clear()?;
    succeeds_somehow(&scene.map, WHOLE, Flags::SYNCIO | ANYTHING);
    let mut commits: HashMap<u64, usize> = HashMap::new();
    for event in trace.events()? {
        *commits.entry(event.number("ino")?).or_default() += 1;
    }
    for file in scene.files() {
        let inode = fstat(file.file().as_raw_fd())?.st_ino;
        assert_eq!(commits.get(&inode), Some(&1), "{commits:?}");
    }
    let apart = fstat(scene.apart.file().as_raw_fd())?.st_ino;
    assert_eq!(commits.get(&apart), None, "{commits:?}");
    Ok(())
}

/// Where the addresses of this process end.
fn end_of_map() -> Result<usize, Failure> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let large = text.split_whitespace().any(|flag| flag == "la57");
    Ok((1 << if large { 56 } else { 47 }) - PAGE)
}

/// Calls on the whole map, in a moment in which nothing comes or goes. Returns what is in the map, too.
fn quiet_call(map: &Map) -> Result<(Outcome, Vec<Entry>), Failure> {
    let ranges =
        |entries: &[Entry]| -> Vec<_> { entries.iter().map(|entry| entry.range.clone()).collect() };
    for _ in 0..10 {
        let before = entries()?;
        let outcome = succeeds_somehow(map, WHOLE, ANYTHING);
        if ranges(&entries()?) == ranges(&before) {
            return Ok((outcome, before));
        }
    }
    Err(Failure::Failed("the map is never quiet".to_owned()))
}

/// To the byte: all that is not mapped, and all that is special.
pub fn skipped_bytes_of_the_map_are_exact() -> Verdict {
    let map = Map::current()?;
    let memory = Mapping::reserve(100)?;
    let end = end_of_map()?;
    let skipped = || -> Result<u64, Failure> {
        let (outcome, entries) = quiet_call(&map)?;
        let mapped = entries.iter().filter(|entry| !is_special(entry));
        let mapped: usize = mapped.map(|entry| entry.range.len()).sum();
        assert_eq!(outcome.skipped, (end - mapped) as u64);
        assert_eq!(outcome.done, (usize::MAX - PAGE + 1) as u64);
        Ok(outcome.skipped)
    };
    let before = skipped()?;
    memory.unmap(10..17)?;
    let after = skipped()?;
    assert_eq!(after - before, 7 * PAGE as u64);
    Ok(())
}

/// Each of the two flags is for one thing.
pub fn whole_map_needs_both_flags() -> Verdict {
    let scene = Scene::new()?;
    let entries = entries()?;
    let special = entries.iter().find(|entry| is_special(entry));
    let special = special.ok_or_else(|| Failure::skip("no special mappings"))?;
    for flags in [Flags::SYNCIO, BOTH] {
        let holes = flags | Flags::ALLOW_HOLES;
        let start = special.range.start;
        refused(&scene.map, WHOLE, holes, Reason::Special, start);
        let specials = flags | Flags::SKIP_SPECIALS;
        refused(&scene.map, WHOLE, specials, Reason::Hole, 0);
        refused(&scene.map, WHOLE, flags, Reason::Hole, 0);
    }
    for file in scene.files() {
        assert_eq!(file.picture(0..PAGES)?, "CDCCCCDC", "something was done");
    }
    Ok(())
}

/// An end that cannot be rounded up is behind all there is.
pub fn end_of_all_addresses() -> Verdict {
    let scene = Scene::new()?;
    for end in [usize::MAX, usize::MAX - 1, usize::MAX - PAGE + 1, 1 << 63] {
        let outcome = succeeds_somehow(&scene.map, 0..end, Flags::SYNCIO | ANYTHING);
        assert!(outcome.pushed == PUSHED || outcome.pushed == 0);
    }
    scene.assert_durable("C")?;
    let again = File::options().write(true).open(scene.shared.path())?;
    again.write_all_at(&pattern(2, 0), 0)?;
    let outcome = succeeds_somehow(&scene.map, 1..usize::MAX, BOTH | ANYTHING);
    assert_eq!(outcome.pushed, 1);
    Ok(())
}
