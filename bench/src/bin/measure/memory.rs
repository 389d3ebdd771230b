// SPDX-License-Identifier: GPL-2.0

//! Memory: what a call allocates for pieces that do not merge.

use crate::{
    calls,
    clock::Clock,
    contest::{
        scene,
        Contest,
        Counts,
        Peer, //
    },
    place::{
        Place,
        Speed,
        EXT4, //
    },
    Done,
};
use std::{
    collections::HashMap,
    fs::File, //
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

const SUBJECT: &str = "memory";
/// A number that is just below a power of two, and one that is just above another.
const PIECES: [usize; 2] = [60_000, 33_000];
const ROUNDS: usize = 3;

pub fn measure() -> Done {
    let place = Place::new(EXT4, Speed::Usual, 256)?;
    for pieces in PIECES {
        let (one, two) = (place.sparse(2 * pieces)?, place.sparse(2 * pieces)?);
        let mapping = Mapping::reserve(pieces)?;
        scatter(&mapping, &[&one])?;
        watch(&place, "one file", &mapping)?;
        scatter(&mapping, &[&one, &two])?;
        watch(&place, "two files", &mapping)?;
    }
    Ok(())
}

/// Maps every other page of files, the files in turn, so that no two pieces merge.
pub fn scatter(mapping: &Mapping, files: &[&File]) -> Done {
    for page in 0..mapping.pages() {
        let file = files[page % files.len()];
        mapping.map(page..page + 1, file, 2 * page, Share::Shared)?;
    }
    Ok(())
}

fn watch(place: &Place, what: &str, mapping: &Mapping) -> Done {
    let map = Map::current()?;
    let trace = Trace::start(&[
        "kmem/kmalloc",
        "kmem/kfree",
        "vmalloc/alloc_vmap_area",
        "vmalloc/free_vmap_area_noflush",
    ])?;
    let peers = vec![Peer::new(names::SYNCIO, || {
        calls::ours(&map, mapping.all(), Flags::SYNCIO)
    })];
    let contest = Contest {
        scene: scene(
            SUBJECT,
            &format!("{}, {what}", place.name()),
            mapping.pages(),
            "pieces",
        ),
        reference: names::SYNCIO,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    contest.run(
        peers,
        || trace.clear(),
        || allocated(&trace, mapping.pages()),
    )
}

/// What was allocated, and how much of it there was at once at the most.
fn allocated(trace: &Trace, pieces: usize) -> Done<Counts> {
    let mut live: HashMap<String, u64> = HashMap::new();
    let (mut now, mut most, mut total) = (0, 0, 0);
    for event in trace.events()? {
        let (name, size) = match event.name.as_str() {
            "kmalloc" => (event.field("ptr")?.to_owned(), event.number("bytes_alloc")?),
            "alloc_vmap_area" => (event.number("va_start")?.to_string(), event.number("size")?),
            "kfree" => (event.field("ptr")?.to_owned(), 0),
            _ => (event.number("va_start")?.to_string(), 0),
        };
        // What was allocated before the call, or by something else, is not known here.
        now -= live.remove(&name).unwrap_or(0);
        if size > 0 {
            live.insert(name, size);
        }
        now += size;
        total += size;
        most = most.max(now);
    }
    Ok(vec![
        ("bytes at once", most),
        ("bytes in all", total),
        ("bytes a piece, at once", most.div_ceil(pieces as u64)),
    ])
}
