// SPDX-License-Identifier: GPL-2.0

//! Sparse: ten pages, alone, far apart, and in a terabyte of address space.

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

/// The pages that are resident, and dirty.
const PAGES: usize = 10;
/// The pages that are mapped: none but these, 40 MiB, and 1 TiB.
const MAPPED: [usize; 3] = [PAGES, 1024 * PAGES, (1 << 40) / PAGE];
const ROUNDS: usize = 100;

pub fn measure() -> Done {
    let clock = Clock::instructions()?;
    for kind in KINDS {
        let place = Place::new(kind, Speed::Instant, 512)?;
        for pages in MAPPED {
            let file = place.sparse(pages)?;
            let mapping = Mapping::reserve(pages)?;
            mapping.map(0..pages, &file, 0, Share::Shared)?;
            // Without reading ahead, so that what lies between stays away.
            mapping.advise(0..pages, libc::MADV_RANDOM)?;
            let map = Map::open()?;
            let ours = |flags| calls::ours(&map, mapping.all(), flags);
            let clean = || Ok(file.sync_data()?);
            let peers = vec![
                Peer::new(names::FDATASYNC, || Ok(file.sync_data()?)),
                Peer::new(names::SYNCIO, || ours(Flags::SYNCIO)),
                Peer::new(names::BOTH, || ours(Flags::SYNCIO | Flags::INVALIDATE)),
                Peer::new("vm_map_sync(SYNCIO), clean", || ours(Flags::SYNCIO)).after(clean),
                Peer::new("vm_map_sync(INVALIDATE), clean", || ours(Flags::INVALIDATE))
                    .after(clean),
                Peer::new("posix_fadvise(DONTNEED), clean, unmapped", || {
                    calls::fadvise(&file, libc::POSIX_FADV_DONTNEED)
                })
                .after(|| {
                    file.sync_data()?;
                    Ok(mapping.advise(0..pages, libc::MADV_DONTNEED)?)
                }),
            ];
            let contest = Contest {
                scene: scene(SUBJECT, place.name(), pages, "pages mapped"),
                reference: names::FDATASYNC,
                clock,
                rounds: ROUNDS,
                disk: place.disk(),
            };
            let mut word = 0;
            let prepare = || {
                word += 1;
                for page in 0..PAGES {
                    mapping.poke(page * (pages / PAGES), word);
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
