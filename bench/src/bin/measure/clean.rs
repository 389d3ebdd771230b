// SPDX-License-Identifier: GPL-2.0

//! Clean: nothing is dirty. How many instructions does it take to see that?

use crate::{
    calls,
    clock::Clock,
    contest::{
        scene,
        Contest,
        Peer, //
    },
    place::{
        Place,
        Speed,
        EXT4, //
    },
    vmas::split,
    Done,
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::{
    mapping::{
        Mapping,
        Share, //
    },
    raw, //
};

const SUBJECT: &str = "clean";

/// The least that is mapped.
const PAGES: usize = 256;
/// The most.
const MANY: usize = 60_000;

pub fn measure() -> Done {
    let clock = Clock::instructions()?;
    let place = Place::new(EXT4, Speed::Instant, 512)?;
    let file = place.file(MANY, 16)?;
    let map = Map::current()?;
    for entries in [1, 8, 64, 512, 4096, MANY] {
        let mapping = Mapping::reserve(entries.max(PAGES))?;
        mapping.map(0..mapping.pages(), &file, 0, Share::Shared)?;
        split(&mapping, entries)?;
        mapping.touch(0..mapping.pages());
        let rounds = if entries < 4096 { 200 } else { 10 };
        let msync = |flags| calls::msync(&mapping, flags);
        let ours = |flags| calls::ours(&map, mapping.all(), flags);
        let peers = vec![
            Peer::new(names::MSYNC, || msync(libc::MS_SYNC)).slow(if entries < 4096 {
                rounds
            } else {
                2
            }),
            Peer::new("msync(MS_ASYNC)", || msync(libc::MS_ASYNC)),
            Peer::new(names::FDATASYNC, || Ok(file.sync_data()?)),
            Peer::new(names::SYNCIO, || ours(Flags::SYNCIO)),
            Peer::new(names::ASYNC, || ours(Flags::empty())),
            Peer::new("ioctl of no command", || {
                // What it costs to get to the module and back.
                match raw::ioctl(&map, 0, 0) {
                    Err(nix::errno::Errno::ENOTTY) => Ok(()),
                    other => Ok(other?),
                }
            }),
        ];
        let contest = Contest {
            scene: scene(SUBJECT, place.name(), entries, "VMAs"),
            reference: names::MSYNC,
            clock,
            rounds,
            disk: place.disk(),
        };
        contest.run(peers, || Ok(()), || Ok(Vec::new()))?;
    }
    Ok(())
}
