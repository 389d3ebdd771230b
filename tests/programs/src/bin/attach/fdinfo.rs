// SPDX-License-Identifier: GPL-2.0

//! Fdinfo: what a handle says of itself to whoever looks at the open file.

use super::target::{
    attaches,
    Target, //
};
use std::{
    collections::BTreeMap,
    fs,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
    path::Path,
    process, //
};
use vm_map_sync::{
    uapi,
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
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    process::Child,
};

/// What there is of a handle in the fdinfo of the process at `proc`.
pub fn fdinfo(proc: &Path, map: &Map) -> Result<BTreeMap<String, String>, Failure> {
    let descriptor = map.as_fd().as_raw_fd().to_string();
    let text = fs::read_to_string(proc.join("fdinfo").join(descriptor))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split_once(":\t"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

/// Asserts what there is, in the order: pid, map, calls, pushed, freed, left, error, reason.
#[track_caller]
fn assert_shows(proc: &str, map: &Map, want: [&str; 8]) {
    let shown = fdinfo(Path::new(proc), map).expect("the file is open");
    let names = [
        "pid", "map", "calls", "pushed", "freed", "left", "error", "reason",
    ];
    let shown = names.map(|name| shown.get(name).map_or("", String::as_str));
    assert_eq!(shown, want);
}

pub fn record_in_fdinfo() -> Verdict {
    const OWN: &str = "/proc/self";
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let this = process::id().to_string();
    assert_shows(OWN, &map, [&this, "own", "0", "0", "0", "0", "0", "0"]);

    mapping.fill(1, [1, 2, 5]);
    succeeds(&map, mapping.all(), Flags::SYNCIO, counts(3, 0));
    assert_shows(OWN, &map, [&this, "own", "1", "3", "0", "0", "0", "0"]);
    mapping.fill(2, [2]);
    succeeds(&map, mapping.all(), BOTH, counts(1, 8));
    assert_shows(OWN, &map, [&this, "own", "2", "4", "8", "0", "0", "0"]);

    refused(&map, 0..1, BOTH, Reason::Hole, 0);
    let hole = uapi::VM_MAP_SYNC_REASON_HOLE.to_string();
    let errno = libc::ENOMEM.to_string();
    let failed = [&this, "own", "3", "4", "8", "0", &errno, &hole];
    assert_shows(OWN, &map, failed);
    // The last one that did not succeed, whatever came after it.
    succeeds(&map, mapping.all(), Flags::empty(), counts(0, 0));
    let now = [&this, "own", "4", "4", "8", "0", &errno, &hole];
    assert_shows(OWN, &map, now);

    // Whoever looks is told whether it is his own.
    Child::spawn(|| {
        let others = [&this, "other", "4", "4", "8", "0", &errno, &hole];
        assert_shows(OWN, &map, others);
        assert_shows(&format!("/proc/{this}"), &map, others);
        Ok(())
    })?
    .join()?;
    // Each handle has its own.
    let another = Map::current()?;
    assert_shows(OWN, &another, [&this, "own", "0", "0", "0", "0", "0", "0"]);
    Ok(())
}

pub fn dead_map_in_fdinfo() -> Verdict {
    let target = Target::new(|| Ok(()))?;
    let map = attaches(target.number());
    let number = target.number().to_string();
    let shown = fdinfo(Path::new("/proc/self"), &map)?;
    assert_eq!((&*shown["pid"], &*shown["map"]), (&*number, "other"));
    let hole = uapi::VM_MAP_SYNC_REASON_HOLE.to_string();
    assert_eq!(
        shown["reason"], hole,
        "of the call by which it was looked at"
    );
    target.end()?;
    let shown = fdinfo(Path::new("/proc/self"), &map)?;
    assert_eq!((&*shown["pid"], &*shown["map"]), ("0", "dead"));
    Ok(())
}
