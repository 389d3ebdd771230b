// SPDX-License-Identifier: GPL-2.0

//! Trace: what is told of a call to those who listen.

use nix::unistd::gettid;
use std::{
    path::Path,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        BOTH, //
    },
    file::TestFile,
    harness::{
        self,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    tests,
    PAGE, //
};

mod failures;
mod heard;

use self::{
    failures::*,
    heard::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        each_step,
        steps_of_each_flag,
        nothing_dirty,
        parts_of_a_file,
        files,
        range_of_a_file,
        several_ranges,
        refused_calls,
        failed_writes,
        pages_that_stay,
        killed_calls,
        each_event_by_itself,
        nothing_when_nobody_listens,
        types_for_those_who_listen,
    ])
}

/// A file of 8 pages, mapped.
fn scene() -> Result<(Map, TestFile, Mapping), Failure> {
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    mapping.touch(0..8);
    Ok((Map::current()?, file, mapping))
}

fn each_step() -> Verdict {
    let (map, file, mapping) = scene()?;
    mapping.fill(1, [1, 2, 6]);
    let heard = hear(|| {
        succeeds(&map, mapping.all(), BOTH, counts(3, 8));
        Ok(())
    })?;
    let steps = [
        begin(&mapping.all(), "syncio|invalidate"),
        pushed(&file, 0..8, 3),
        written(&file, 0..8, 0),
        committed(&file, gettid(), 0),
        freed(&file, 0..8, 8, 0),
        end(0, "none", 3, 8, 0),
    ];
    assert_eq!(heard, steps);
    Ok(())
}

fn steps_of_each_flag() -> Verdict {
    for (flags, name, count) in [
        (Flags::empty(), "none", counts(1, 0)),
        (Flags::SYNCIO, "syncio", counts(1, 0)),
        (Flags::INVALIDATE, "invalidate", counts(1, 8)),
        (
            Flags::INVALIDATE | Flags::FORGET_ERRORS,
            "invalidate|forget_errors",
            counts(1, 8),
        ),
    ] {
        let (map, file, mapping) = scene()?;
        mapping.fill(1, [3]);
        let heard = hear(|| {
            succeeds(&map, mapping.all(), flags, count);
            Ok(())
        })?;
        let mut steps = vec![begin(&mapping.all(), name), pushed(&file, 0..8, 1)];
        if flags != Flags::empty() {
            steps.push(written(&file, 0..8, 0));
        }
        if flags.contains(Flags::SYNCIO) {
            steps.push(committed(&file, gettid(), 0));
        }
        if flags.contains(Flags::INVALIDATE) {
            steps.push(freed(&file, 0..8, 8, 0));
        }
        steps.push(end(0, "none", 1, count.freed as usize, 0));
        assert_eq!(heard, steps);
    }
    Ok(())
}

/// Nothing is pushed then. A whole entry can be meant by an empty range.
fn nothing_dirty() -> Verdict {
    let (map, file, mapping) = scene()?;
    let entry = mapping.address(2)..mapping.address(2);
    let heard = hear(|| {
        map.sync(entry.clone(), Flags::SYNCIO)?;
        Ok(())
    })?;
    let steps = [
        begin(&entry, "syncio"),
        written(&file, 0..8, 0),
        committed(&file, gettid(), 0),
        end(0, "none", 0, 0, 0),
    ];
    assert_eq!(heard, steps);
    Ok(())
}

/// Two runs of pages: they are written each for itself, and are otherwise told of together.
fn parts_of_a_file() -> Verdict {
    let file = TestFile::new(16)?;
    let whole = file.map()?;
    whole.fill(1, 0..16);
    let mapping = Mapping::reserve(5)?;
    mapping.map(0..3, file.file(), 9, Share::Shared)?;
    mapping.map(3..5, file.file(), 4, Share::Shared)?;
    let map = Map::current()?;
    let heard = hear(|| {
        succeeds(&map, mapping.all(), Flags::INVALIDATE, counts(5, 5));
        Ok(())
    })?;
    let steps = [
        begin(&mapping.all(), "invalidate"),
        pushed(&file, 4..9, 5),
        written(&file, 4..6, 0),
        written(&file, 9..12, 0),
        freed(&file, 4..9, 5, 0),
        end(0, "none", 5, 5, 0),
    ];
    assert_eq!(heard, steps);
    Ok(())
}

/// The files of a call take each step together. What helpers commit they do for the caller.
fn files() -> Verdict {
    const FILES: usize = 3;
    const PAGES: usize = 4;

    let mapping = Mapping::reserve(FILES * PAGES)?;
    let mut files = Vec::new();
    for number in 0..FILES {
        let file = TestFile::new(PAGES)?;
        let first = number * PAGES;
        mapping.map(first..first + PAGES, file.file(), 0, Share::Shared)?;
        for page in first..=first + number {
            mapping.poke(page, 1);
        }
        files.push(file);
    }
    let map = Map::current()?;
    let heard = hear(|| {
        succeeds(&map, mapping.all(), BOTH, counts(6, 12));
        Ok(())
    })?;

    let mut steps = vec![vec![begin(&mapping.all(), "syncio|invalidate")]];
    let mut step = |told: &dyn Fn(usize, &TestFile) -> String| {
        let told = files.iter().enumerate().map(|(n, file)| told(n, file));
        steps.push(told.collect());
    };
    step(&|number, file| pushed(file, 0..PAGES, number + 1));
    step(&|_, file| written(file, 0..PAGES, 0));
    step(&|_, file| committed(file, gettid(), 0));
    step(&|_, file| freed(file, 0..PAGES, PAGES, 0));
    steps.push(vec![end(0, "none", 6, 12, 0)]);
    let mut rest = heard.as_slice();
    for mut step in steps {
        let (head, tail) = rest.split_at(step.len().min(rest.len()));
        let mut head = head.to_vec();
        // In which order they take it is nobody's business.
        head.sort();
        step.sort();
        assert_eq!(head, step);
        rest = tail;
    }
    assert_eq!(rest.len(), 0, "{rest:?}");
    Ok(())
}

/// It is told of in bytes, as it was asked for.
fn range_of_a_file() -> Verdict {
    let (map, file, mapping) = scene()?;
    mapping.fill(1, 0..8);
    let bytes = 2 * PAGE..4 * PAGE;
    let heard = hear(|| {
        map.sync_file(file.file(), bytes.start as u64..bytes.end as u64, BOTH)?;
        Ok(())
    })?;
    let steps = [
        begin(&bytes, "syncio|invalidate|file"),
        pushed(&file, 2..4, 2),
        written(&file, 2..4, 0),
        committed(&file, gettid(), 0),
        freed(&file, 2..4, 2, 0),
        end(0, "none", 2, 2, 0),
    ];
    assert_eq!(heard, steps);
    Ok(())
}

/// Of several ranges none is told of by itself. A file is told of once.
fn several_ranges() -> Verdict {
    let (map, file, mapping) = scene()?;
    mapping.fill(1, 0..8);
    let targets = [5..7, 0..1, 6..8].map(|pages| Target::addresses(mapping.range(pages)));
    let heard = hear(|| {
        map.sync_vectored(&targets, BOTH)?;
        Ok(())
    })?;
    let steps = [
        begin_of_many(&(0..0), "syncio|invalidate", 3),
        pushed(&file, 0..4, 4),
        written(&file, 0..1, 0),
        written(&file, 5..8, 0),
        committed(&file, gettid(), 0),
        freed(&file, 0..4, 4, 0),
        end(0, "none", 4, 4, 0),
    ];
    assert_eq!(heard, steps);
    Ok(())
}

fn each_event_by_itself() -> Verdict {
    for event in ["begin", "pushed", "written", "committed", "freed", "end"] {
        let (map, _file, mapping) = scene()?;
        mapping.fill(1, [1]);
        let name = format!("{ALL}_{event}");
        let trace = listen(&[&format!("{ALL}/{name}")])?;
        trace.clear()?;
        succeeds(&map, mapping.all(), BOTH, counts(1, 8));
        let events = trace.events()?;
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names, [name]);
    }
    Ok(())
}

fn nothing_when_nobody_listens() -> Verdict {
    let (map, _file, mapping) = scene()?;
    let trace = listen(&[ALL])?;
    trace.clear()?;
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(0, 0));
    trace.ignore(ALL)?;
    mapping.fill(1, [1]);
    succeeds(&map, mapping.all(), BOTH, counts(1, 8));
    assert_eq!(heard(&trace)?.last(), Some(&end(0, "none", 0, 0, 0)));
    Ok(())
}

/// bpftrace takes the fields of events, and the arguments of functions, from the module's own types.
fn types_for_those_who_listen() -> Verdict {
    let types = Path::new("/sys/kernel/btf");
    if !types.join("vmlinux").exists() {
        return Err(Failure::skip(
            "this kernel has no types (CONFIG_DEBUG_INFO_BTF)",
        ));
    }
    assert!(types.join("vm_map_sync").exists(), "the module has none");
    Ok(())
}
