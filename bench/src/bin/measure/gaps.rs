// SPDX-License-Identifier: GPL-2.0

//! Gaps: dirty pages of the file that lie between those that are mapped.

use crate::{
    calls,
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
    residency::Cached, //
};

const SUBJECT: &str = "gaps";

/// The pages that are mapped, and as many that are not.
const PIECES: usize = 512;
const ROUNDS: usize = 7;

pub fn measure() -> Done {
    note(
        SUBJECT,
        "btrfs commits whole files: its fsync writes all that is dirty, whatever the range",
    );
    for kind in KINDS {
        let place = Place::new(kind, Speed::Usual, 512)?;
        let file = place.file(2 * PIECES, 1)?;
        let map = Map::current()?;
        let whole = Mapping::reserve(2 * PIECES)?;
        whole.map(0..2 * PIECES, &file, 0, Share::Shared)?;
        // The even pages, at adjacent addresses.
        let mapping = Mapping::reserve(PIECES)?;
        for piece in 0..PIECES {
            mapping.map(piece..piece + 1, &file, 2 * piece, Share::Shared)?;
        }
        let peers = vec![
            Peer::new(names::FDATASYNC, || Ok(file.sync_data()?)),
            Peer::new(names::SYNCIO, || {
                calls::ours(&map, mapping.all(), Flags::SYNCIO)
            }),
            Peer::new(names::MSYNC, || calls::msync(&mapping, libc::MS_SYNC)),
        ];
        let contest = Contest {
            scene: scene(SUBJECT, place.name(), PIECES, "VMAs"),
            reference: names::FDATASYNC,
            clock: Clock::Time,
            rounds: ROUNDS,
            disk: place.disk(),
        };
        let mut word = 0;
        let prepare = || {
            word += 1;
            for page in 0..2 * PIECES {
                whole.poke(page, word);
            }
            Ok(())
        };
        contest.run(peers, prepare, || {
            let mut dirty = [0; 2];
            for page in 0..2 * PIECES {
                dirty[page % 2] += Cached::of(&file, page..page + 1)?.dirty;
            }
            let [inside, between] = dirty;
            Ok(vec![("dirty in range", inside), ("dirty in gaps", between)])
        })?;
    }
    Ok(())
}
