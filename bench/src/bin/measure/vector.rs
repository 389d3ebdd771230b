// SPDX-License-Identifier: GPL-2.0

//! Vectors: as many ranges as a call can have, each of a file of its own, all dirty.

use crate::{
    calls::{
        self,
        Ring, //
    },
    clock::Clock,
    contest::{
        scene,
        Contest,
        Peer, //
    },
    place::{
        Kind,
        Place,
        Speed,
        KINDS, //
    },
    Done,
};
use nix::sys::resource::{
    getrlimit,
    setrlimit,
    Resource, //
};
use std::fs::File;
use vm_map_sync::{
    Flags,
    Map,
    Target,
    RANGES_MAX, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::mapping::{
    Mapping,
    Share, //
};

const SUBJECT: &str = "vector";

/// Not many: those who go one by one take seconds for each.
const ROUNDS: usize = 3;

/// As many workers as a ring has for them.
const WORKERS: u32 = 256;

pub fn measure() -> Done {
    // All of the files are open at once.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    // A btrfs that has committed has committed all of its files.
    for kind in KINDS.into_iter().filter(|kind| kind.name != "btrfs") {
        race(kind)?;
    }
    Ok(())
}

fn race(kind: Kind) -> Done {
    let place = Place::new(kind, Speed::SlowFlush, 512)?;
    let files: Vec<File> = (0..RANGES_MAX)
        .map(|_| place.file(1, 1))
        .collect::<Done<_>>()?;
    let mappings: Vec<Mapping> = files
        .iter()
        .map(|file| {
            let mapping = Mapping::reserve(1)?;
            mapping.map(0..1, file, 0, Share::Shared)?;
            Ok(mapping)
        })
        .collect::<Done<_>>()?;
    let targets: Vec<Target<'_>> = mappings
        .iter()
        .map(|mapping| Target::addresses(mapping.all()))
        .collect();
    let map = Map::current()?;
    let mut rings = files
        .chunks(WORKERS as usize)
        .map(|files| Ok((Ring::new(WORKERS)?, files)))
        .collect::<Done<Vec<_>>>()?;
    let peers = vec![
        Peer::new(names::VECTOR, || {
            map.sync_vectored(&targets, Flags::SYNCIO)?;
            Ok(())
        }),
        Peer::new(names::IO_URING, || {
            rings
                .iter_mut()
                .try_for_each(|(ring, files)| ring.fdatasync(files))
        }),
        Peer::new(names::MSYNC, || {
            mappings
                .iter()
                .try_for_each(|mapping| calls::msync(mapping, libc::MS_SYNC))
        }),
        Peer::new("vm_map_sync(SYNCIO), one by one", || {
            mappings
                .iter()
                .try_for_each(|mapping| calls::ours(&map, mapping.all(), Flags::SYNCIO))
        }),
        Peer::new("syncfs", || files.first().map_or(Ok(()), calls::syncfs)),
    ];
    let contest = Contest {
        scene: scene(SUBJECT, place.name(), files.len(), "files"),
        reference: names::VECTOR,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    let mut word = 0;
    let prepare = || {
        word += 1;
        for mapping in &mappings {
            mapping.poke(0, word);
        }
        Ok(())
    };
    contest.run(peers, prepare, || Ok(Vec::new()))
}
