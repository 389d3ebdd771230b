// SPDX-License-Identifier: GPL-2.0

//! Dirty pages that are written and freed.

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
        available,
        resident,
        Place,
        Speed,
        EXT4,
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
    PAGE, //
};

const SUBJECT: &str = "dirty";

/// In MiB. Up to the small ones it is also done on other file systems.
const SIZES: [usize; 6] = [1, 4, 16, 64, 256, 1024];
const SMALL: usize = 256;

pub fn measure() -> Done {
    for kind in KINDS {
        let place = Place::new(kind, Speed::Usual, 4096)?;
        for megabytes in SIZES {
            if kind.name != EXT4.name && megabytes > SMALL {
                break;
            }
            // They are in the cache and on the disk, and that is memory too.
            if available()? < (3 * megabytes) << 20 {
                note(
                    SUBJECT,
                    format!("{megabytes} MiB are left out: the guest has too little memory"),
                );
                break;
            }
            race(&place, megabytes)?;
        }
    }
    Ok(())
}

fn race(place: &Place, megabytes: usize) -> Done {
    let pages = (megabytes << 20) / PAGE;
    let file = place.sparse(pages)?;
    let mapping = Mapping::reserve(pages)?;
    mapping.map(0..pages, &file, 0, Share::Shared)?;
    // Whoever comes first is not to pay for the room on the disk.
    for page in 0..pages {
        mapping.poke(page, 1);
    }
    file.sync_all()?;
    let map = Map::current()?;
    let peers = vec![
        Peer::new("fdatasync, unmap, posix_fadvise(DONTNEED)", || {
            file.sync_data()?;
            mapping.advise(0..pages, libc::MADV_DONTNEED)?;
            calls::fadvise(&file, libc::POSIX_FADV_DONTNEED)
        }),
        Peer::new(names::BOTH, || {
            calls::ours(&map, mapping.all(), Flags::SYNCIO | Flags::INVALIDATE)
        }),
        Peer::new("msync(MS_SYNC | MS_INVALIDATE)", || {
            calls::msync(&mapping, libc::MS_SYNC | libc::MS_INVALIDATE)
        }),
    ];
    let contest = Contest {
        scene: scene(SUBJECT, place.name(), pages, "pages"),
        reference: "fdatasync, unmap, posix_fadvise(DONTNEED)",
        clock: Clock::Time,
        rounds: match megabytes {
            0..=16 => 5,
            17..=SMALL => 2,
            _ => 1,
        },
        disk: place.disk(),
    };
    let mut word = 0;
    let prepare = || {
        word += 1;
        for page in 0..pages {
            mapping.poke(page, word);
        }
        Ok(())
    };
    contest.run(peers, prepare, || Ok(vec![("left", resident(&mapping)?)]))
}
