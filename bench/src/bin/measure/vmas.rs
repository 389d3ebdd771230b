// SPDX-License-Identifier: GPL-2.0

//! Entries: one file, with some of its pages dirty, mapped by ever more of them.

use crate::{
    calls::{
        self,
        Ring, //
    },
    clock::Clock,
    contest::{
        note,
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
use std::slice;
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::mapping::{
    Mapping,
    Share, //
};

const SUBJECT: &str = "vmas";

/// The least that is mapped: 2 MiB.
const PAGES: usize = 512;
/// What of it is dirty, from its beginning.
const DIRTY: usize = 256;
const ROUNDS: usize = 9;

/// Where `msync()` takes seconds, and where it would take half a minute.
const LONG: usize = 4096;
const TOO_LONG: usize = 60_000;

pub fn measure() -> Done {
    note(
        SUBJECT,
        format!("msync is left out for {TOO_LONG} entries: it would take half a minute each time"),
    );
    for kind in KINDS {
        let place = Place::new(kind, Speed::Usual, 1024)?;
        let map = Map::current()?;
        // A process can have 65,530 of them.
        for entries in [1, 8, 64, 512, LONG, TOO_LONG] {
            let pages = entries.max(PAGES);
            let file = place.file(pages, 16)?;
            let mapping = Mapping::reserve(pages)?;
            mapping.map(0..pages, &file, 0, Share::Shared)?;
            split(&mapping, entries)?;
            let mut ring = Ring::new(1)?;
            let mut peers = vec![
                Peer::new(names::FDATASYNC, || Ok(file.sync_data()?)),
                Peer::new(names::SYNCIO, || {
                    calls::ours(&map, mapping.all(), Flags::SYNCIO)
                }),
                Peer::new("sync_file_range + fdatasync", || {
                    calls::sync_file_range(&file)?;
                    Ok(file.sync_data()?)
                }),
                Peer::new("io_uring fsync", || ring.fdatasync(slice::from_ref(&file))),
            ];
            if entries < TOO_LONG {
                let msync = Peer::new(names::MSYNC, || calls::msync(&mapping, libc::MS_SYNC));
                peers.push(msync.slow(if entries < LONG { ROUNDS } else { 2 }));
            }
            let contest = Contest {
                scene: scene(SUBJECT, place.name(), entries, "VMAs"),
                reference: names::FDATASYNC,
                clock: Clock::Time,
                rounds: ROUNDS,
                disk: place.disk(),
            };
            let mut word = 0;
            let prepare = || {
                word += 1;
                for page in 0..DIRTY {
                    mapping.poke(page, word);
                }
                Ok(())
            };
            contest.run(peers, prepare, || Ok(Vec::new()))?;
        }
    }
    Ok(())
}

/// Makes as many entries of a mapping. All can be written to, but every other one can be executed
/// as well, so that they are not merged.
pub fn split(mapping: &Mapping, entries: usize) -> Done {
    let executable = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let first = |entry: usize| entry * mapping.pages() / entries;
    for entry in (1..entries).step_by(2) {
        mapping.protect(first(entry)..first(entry + 1), executable)?;
    }
    Ok(())
}
