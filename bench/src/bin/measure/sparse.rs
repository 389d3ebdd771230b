// SPDX-License-Identifier: GPL-2.0

//! Sparse: a few pages, alone, far apart, and in a terabyte of address space.

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
    residency::Cached,
    PAGE, //
};

const SUBJECT: &str = "sparse";

/// How many pages are resident, and dirty.
const SOME: usize = 10;
const MORE: usize = 100;
const TERABYTE: usize = (1 << 40) / PAGE;
/// What is mapped, its pages, and those that are resident.
const SCENES: [(&str, usize, usize); 4] = [
    ("nothing else", SOME, SOME),
    ("40 MiB", 1024 * SOME, SOME),
    ("1 TiB", TERABYTE, SOME),
    ("1 TiB", TERABYTE, MORE),
];
const ROUNDS: usize = 100;

pub fn measure() -> Done {
    let clock = Clock::instructions()?;
    for kind in KINDS {
        let place = Place::new(kind, Speed::Instant, 512)?;
        for (mapped, pages, resident) in SCENES {
            let file = place.sparse(pages)?;
            let mapping = Mapping::reserve(pages)?;
            mapping.map(0..pages, &file, 0, Share::Shared)?;
            // Without reading ahead, so that what lies between stays away.
            mapping.advise(0..pages, libc::MADV_RANDOM)?;
            let map = Map::current()?;
            let ours = |flags| calls::ours(&map, mapping.all(), flags);
            let clean = || Ok(file.sync_data()?);
            let peers = vec![
                Peer::new(names::FDATASYNC, || Ok(file.sync_data()?)),
                Peer::new(names::SYNCIO, || ours(Flags::SYNCIO)),
                Peer::new(names::BOTH, || ours(Flags::SYNCIO | Flags::INVALIDATE)),
                Peer::new(names::CLEAN_SYNCIO, || ours(Flags::SYNCIO)).after(clean),
                Peer::new(names::CLEAN_INVALIDATE, || ours(Flags::INVALIDATE)).after(clean),
                Peer::new("posix_fadvise(DONTNEED), clean, unmapped", || {
                    calls::fadvise(&file, libc::POSIX_FADV_DONTNEED)
                })
                .after(|| {
                    file.sync_data()?;
                    Ok(mapping.advise(0..pages, libc::MADV_DONTNEED)?)
                }),
            ];
            let contest = Contest {
                scene: scene(
                    SUBJECT,
                    &format!("{}, {mapped} mapped", place.name()),
                    resident,
                    "pages",
                ),
                reference: names::FDATASYNC,
                clock,
                rounds: ROUNDS,
                disk: place.disk(),
            };
            let mut word = 0;
            let prepare = || {
                word += 1;
                for page in 0..resident {
                    mapping.poke(page * (pages / resident), word);
                }
                Ok(())
            };
            contest.run(peers, prepare, || {
                Ok(vec![("left", Cached::of(&file, 0..pages)?.resident)])
            })?;
        }
    }
    Ok(())
}
