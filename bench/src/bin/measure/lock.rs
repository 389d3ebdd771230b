// SPDX-License-Identifier: GPL-2.0

//! The lock: for how long others cannot change the map while a call walks over it.

use crate::{
    calls,
    clock::Clock,
    contest::{
        scene,
        Contest,
        Peer, //
    },
    memory::scatter,
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
    trace::Trace, //
};

const SUBJECT: &str = "lock";
const ENTRIES: usize = 60_000;
const ROUNDS: usize = 15;

pub fn measure() -> Done {
    let place = Place::new(EXT4, Speed::Usual, 256)?;
    let file = place.sparse(2 * ENTRIES)?;
    let mapping = Mapping::reserve(ENTRIES)?;
    mapping.map(0..ENTRIES, &file, 0, Share::Shared)?;
    split(&mapping, ENTRIES)?;
    watch(&place, "one range of the file", &mapping)?;
    scatter(&mapping, &[&file])?;
    watch(&place, "as many ranges", &mapping)
}

fn watch(place: &Place, what: &str, mapping: &Mapping) -> Done {
    let map = Map::current()?;
    let trace = Trace::start(&["mmap_lock"])?;
    let peers = vec![
        Peer::new("msync(MS_ASYNC)", || calls::msync(mapping, libc::MS_ASYNC)),
        Peer::new(names::SYNCIO, || {
            calls::ours(&map, mapping.all(), Flags::SYNCIO)
        }),
    ];
    let contest = Contest {
        scene: scene(
            SUBJECT,
            &format!("{}, {what}", place.name()),
            ENTRIES,
            "VMAs",
        ),
        reference: "msync(MS_ASYNC)",
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    contest.run(
        peers,
        || trace.clear(),
        || {
            let (mut holds, mut longest, mut total, mut since) = (0, 0, 0, 0);
            for event in trace.events()? {
                match event.name.as_str() {
                    "mmap_lock_acquire_returned" => since = event.time,
                    "mmap_lock_released" => {
                        let held = event.time - since;
                        holds += 1;
                        total += held;
                        longest = longest.max(held);
                    }
                    _ => {}
                }
            }
            Ok(vec![
                ("holds", holds),
                ("longest hold, us", longest),
                ("held in all, us", total),
            ])
        },
    )
}
