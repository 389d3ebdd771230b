// SPDX-License-Identifier: GPL-2.0

//! Commits: a server is asked once for each file of a vector, in however many ways that is in it.

use super::{
    mount::Mount,
    server::Temper, //
};
use std::{
    fs::File,
    os::fd::AsFd, //
};
use vm_map_sync::{
    Flags,
    Map,
    Target, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    vector::all_succeed_somehow,
    PAGE, //
};

const PAGES: usize = 4;

/// A file of the server, mapped through a descriptor that is closed again.
fn map(mount: &Mount, name: &str) -> Result<Mapping, Failure> {
    let file = File::options()
        .read(true)
        .write(true)
        .open(mount.directory().join(name))?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::Shared)?;
    Ok(mapping)
}

pub fn one_fsync_for_each_file_of_a_vector() -> Verdict {
    // In memory that the server and the caller share.
    let count = Mapping::reserve(1)?;
    count.map_anonymous(0..1, libc::MAP_SHARED)?;
    let mount = Mount::with(
        Temper::default(),
        Box::new(|_| {
            count.poke(0, count.peek(0) + 1);
            Ok(())
        }),
    )?;
    let [one, two, three] = ["one", "two", "three"].map(|name| mount.create(name, PAGES));
    let (one, two, three) = (one?, two?, three?);
    let again = File::open(mount.directory().join("one"))?;
    let mappings = [
        map(&mount, "one")?,
        map(&mount, "one")?,
        map(&mount, "two")?,
        map(&mount, "two")?,
    ];
    let [one_here, one_there, two_here, two_there] = &mappings;
    let map = Map::current()?;
    let targets = [
        Target::addresses(one_here.range(0..2)),
        Target::addresses(two_here.all()),
        Target::addresses(one_there.range(1..PAGES)),
        Target::file(again.as_fd(), ..),
        Target::file(one.as_fd(), ..PAGE as u64),
        Target::file(three.as_fd(), ..),
        Target::addresses(two_there.range(1..2)),
        Target::file(two.as_fd(), (3 * PAGE) as u64..),
    ];
    for (flags, fsyncs) in [(Flags::SYNCIO, 3), (Flags::empty(), 0), (Flags::SYNCIO, 3)] {
        for mapping in &mappings {
            mapping.poke(2, 1);
        }
        let before = count.peek(0);
        let outcomes = all_succeed_somehow(&map, &targets, flags);
        assert_eq!(count.peek(0) - before, fsyncs, "{flags:?}");
        assert!(outcomes.all.pushed >= 2, "{outcomes:?}");
        map.sync_vectored(&targets, Flags::INVALIDATE)?;
    }
    // One file, of which nothing is dirty.
    let before = count.peek(0);
    let of_one = [targets[0], targets[2], targets[3], targets[4]];
    all_succeed_somehow(&map, &of_one, Flags::SYNCIO);
    assert_eq!(count.peek(0) - before, 1);
    Ok(())
}
