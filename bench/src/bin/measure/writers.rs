// SPDX-License-Identifier: GPL-2.0

//! Writers: threads that keep a file dirty while it is synced.

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
        KINDS, //
    },
    Done,
};
use std::{
    cell::Cell,
    fs::File,
    sync::atomic::{
        AtomicBool,
        AtomicU64,
        Ordering, //
    },
    thread,
    time::Duration, //
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
    PAGE, //
};

const SUBJECT: &str = "writers";

/// Pages of the file: 64 MiB.
const PAGES: usize = (64 << 20) / PAGE;
const WRITERS: usize = 8;
const ROUNDS: usize = 9;
/// How long they have been at it when a call comes.
const LEAD: Duration = Duration::from_millis(100);

/// How a thread goes on from one page to the next.
#[derive(Clone, Copy)]
struct Manner {
    name: &'static str,
    /// How long it sleeps in between.
    rest: Option<Duration>,
}

const MANNERS: [Manner; 2] = [
    Manner {
        name: "gentle",
        rest: Some(Duration::from_millis(1)),
    },
    Manner {
        name: "spinning",
        rest: None,
    },
];

pub fn measure() -> Done {
    for kind in KINDS {
        for manner in MANNERS {
            let place = Place::new(kind, Speed::Usual, 512)?;
            let file = place.file(PAGES, 1)?;
            race(&place, &file, manner)?;
        }
    }
    Ok(())
}

fn race(place: &Place, file: &File, manner: Manner) -> Done {
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, file, 0, Share::Shared)?;
    let map = Map::current()?;
    let written = AtomicU64::new(0);
    let during = Cell::new(0);
    // What is written while a call is under way is more work for it, or it would be for the next one.
    let beside = |call: &dyn Fn() -> Done| {
        let before = written.load(Ordering::Relaxed);
        call()?;
        during.set(written.load(Ordering::Relaxed) - before);
        Ok(())
    };
    let peers = vec![
        Peer::new(names::FDATASYNC, || beside(&|| Ok(file.sync_data()?))),
        Peer::new(names::MSYNC, || {
            beside(&|| calls::msync(&mapping, libc::MS_SYNC))
        }),
        Peer::new(names::SYNCIO, || {
            beside(&|| calls::ours(&map, mapping.all(), Flags::SYNCIO))
        }),
    ];
    let contest = Contest {
        scene: scene(
            SUBJECT,
            &format!("{}, {}", place.name(), manner.name),
            WRITERS,
            "threads",
        ),
        reference: names::FDATASYNC,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    let prepare = || {
        file.sync_data()?;
        thread::sleep(LEAD);
        Ok(())
    };
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (mapping, over, written) = (&mapping, &over, &written);
            scope.spawn(move || {
                for (word, page) in (1..).zip((writer..PAGES).step_by(WRITERS).cycle()) {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    mapping.poke(page, word);
                    written.fetch_add(1, Ordering::Relaxed);
                    if let Some(rest) = manner.rest {
                        thread::sleep(rest);
                    }
                }
            });
        }
        let done = contest.run(peers, prepare, || {
            Ok(vec![("stores meanwhile", during.get())])
        });
        over.store(true, Ordering::Relaxed);
        done
    })
}
