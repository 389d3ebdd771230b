// SPDX-License-Identifier: GPL-2.0

//! Files: many of them under one range, all dirty.

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
        Place,
        Speed,
        KINDS, //
    },
    Done,
};
use std::fs::File;
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::mapping::{
    Mapping,
    Share, //
};

const SUBJECT: &str = "files";

/// The dirty pages of each file.
const DIRTY: usize = 16;
const ROUNDS: usize = 7;

pub fn measure() -> Done {
    for kind in KINDS {
        for speed in [Speed::Usual, Speed::SlowFlush] {
            let place = Place::new(kind, speed, 512)?;
            for count in [1, 4, 16, 64] {
                let files: Vec<File> = (0..count)
                    .map(|_| place.file(DIRTY, DIRTY))
                    .collect::<Done<_>>()?;
                race(&place, &files)?;
            }
        }
    }
    Ok(())
}

fn race(place: &Place, files: &[File]) -> Done {
    let map = Map::current()?;
    let mapping = Mapping::reserve(files.len() * DIRTY)?;
    for (number, file) in files.iter().enumerate() {
        let first = number * DIRTY;
        mapping.map(first..first + DIRTY, file, 0, Share::Shared)?;
    }
    let mut ring = Ring::new(u32::try_from(files.len())?)?;
    let peers = vec![
        Peer::new(names::IO_URING, || ring.fdatasync(files)),
        Peer::new(names::SYNCIO, || {
            calls::ours(&map, mapping.all(), Flags::SYNCIO)
        }),
        Peer::new(names::MSYNC, || calls::msync(&mapping, libc::MS_SYNC)),
        Peer::new("fdatasync, one by one", || {
            Ok(files.iter().try_for_each(File::sync_data)?)
        }),
        Peer::new("fdatasync, a thread each", || {
            calls::fdatasync_by_threads(files)
        }),
        Peer::new("syncfs", || files.first().map_or(Ok(()), calls::syncfs)),
    ];
    let contest = Contest {
        scene: scene(SUBJECT, place.name(), files.len(), "files"),
        reference: names::IO_URING,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    let mut word = 0;
    let prepare = || {
        word += 1;
        for page in 0..mapping.pages() {
            mapping.poke(page, word);
        }
        Ok(())
    };
    contest.run(peers, prepare, || Ok(Vec::new()))
}
