// SPDX-License-Identifier: GPL-2.0

//! The proof: what is so, by looking at it.

use crate::stage::{
    count_by_other,
    device,
    PAGES, //
};
use std::io;
use vm_map_sync_tests::{
    file::TestFile,
    mapping::Mapping,
    pattern,
    process::Line, //
};

fn say(what: &str, found: usize, wanted: usize, how: &str) -> bool {
    let holds = found == wanted;
    println!(
        "{what:12} {found:5} of {PAGES} pages {}{how}",
        if holds { "" } else { "FAILED: " }
    );
    holds
}

/// Reads the disk past all caches, where the file system says that the file is.
pub fn on_the_disk(file: &TestFile, version: u64) -> io::Result<bool> {
    let mut found = 0;
    file.read_disk(0..PAGES, |page, bytes| {
        found += usize::from(*bytes == pattern(version, page));
    })?;
    println!();
    let how = format!("read back from {} past the cache", device());
    Ok(say("on the disk", found, PAGES, &how))
}

/// Asks who should know.
pub fn not_cached(file: &TestFile, mapping: &Mapping) -> io::Result<bool> {
    let in_map = mapping.resident(0..PAGES)?;
    let in_map = in_map.into_iter().filter(|&resident| resident).count();
    let in_cache = usize::try_from(file.cached()?.resident).unwrap_or(PAGES);
    let cached = say("in the map", in_map, 0, "found by mincore");
    Ok(say("in the cache", in_cache, 0, "found by cachestat") && cached)
}

/// Has the other process read all of it.
pub fn intact(line: &Line, version: u64) -> io::Result<bool> {
    let found = count_by_other(line, version)?;
    Ok(say(
        "intact",
        found,
        PAGES,
        "read by the other process, as they were written",
    ))
}
