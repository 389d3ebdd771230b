// SPDX-License-Identifier: GPL-2.0

//! Stalls: somebody else uses the same file, elsewhere, while it is written or freed.

use crate::{
    calls,
    clock::Clock,
    contest::{
        note,
        scene,
        Contest,
        Counts,
        Peer, //
    },
    place::{
        available,
        read_in,
        Place,
        Speed,
        EXT4, //
    },
    Done,
};
use nix::{
    sched::{
        sched_setaffinity,
        CpuSet, //
    },
    unistd::Pid, //
};
use std::{
    cell::RefCell,
    fs::File,
    os::unix::fs::FileExt,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_bench::names;
use vm_map_sync_tests::{
    harness::Failure,
    mapping::{
        Mapping,
        Share, //
    },
    PAGE, //
};

const SUBJECT: &str = "stall";

/// Pages of the file that are freed, 4 GiB, and how many of them are dirty where any are.
const VICTIMS: usize = (4 << 30) / PAGE;
const DIRTY: usize = (512 << 20) / PAGE;
/// Pages behind them, which the other thread uses.
const OTHERS: usize = 4096;
const ROUNDS: usize = 2;

/// What the other thread does.
#[derive(Clone, Copy)]
struct Deed<'a> {
    name: &'a str,
    /// What it does with a page; that is timed.
    each: &'a (dyn Fn(usize) -> Done + Sync),
    /// What it does when it has been at all pages, before it starts anew.
    again: &'a (dyn Fn() -> Done + Sync),
}

pub fn measure() -> Done {
    let victims = VICTIMS.min(available()? / PAGE / 4 * 3);
    if victims < VICTIMS {
        note(
            SUBJECT,
            format!("only {victims} pages are freed: the guest has too little memory"),
        );
    }
    let place = Place::new(EXT4, Speed::Usual, 2048)?;
    let file = place.sparse(victims + OTHERS)?;
    let others = Mapping::reserve(OTHERS)?;
    others.map(0..OTHERS, &file, victims, Share::Shared)?;
    others.advise(0..OTHERS, libc::MADV_RANDOM)?;
    let faults = Deed {
        name: "faults",
        each: &|page| {
            others.peek(page);
            Ok(())
        },
        // So that all of them have to be read in once more.
        again: &|| {
            others.advise(0..OTHERS, libc::MADV_DONTNEED)?;
            let pages = victims..victims + OTHERS;
            calls::fadvise_range(&file, pages, libc::POSIX_FADV_DONTNEED)
        },
    };
    disturb(&place, &file, victims, faults)?;
    let writes = Deed {
        name: "writes",
        each: &|page| Ok(file.write_all_at(&[1; PAGE], ((victims + page) * PAGE) as u64)?),
        again: &|| Ok(()),
    };
    disturb(&place, &file, victims, writes)
}

fn disturb(place: &Place, file: &File, victims: usize, deed: Deed<'_>) -> Done {
    let map = Map::current()?;
    let mapping = Mapping::reserve(victims)?;
    mapping.map(0..victims, file, 0, Share::Shared)?;
    let waits = RefCell::new(Vec::new());
    let beside = |call: &(dyn Fn() -> Done + Sync)| {
        waits.replace(watched(call, deed)?);
        Ok(())
    };
    let ours = |flags| beside(&|| calls::ours(&map, mapping.all(), flags));
    let word = RefCell::new(0);
    let cached = || {
        read_in(file, victims)?;
        mapping.touch(0..victims);
        Ok(())
    };
    let dirty = || {
        word.replace_with(|word| *word + 1);
        for page in 0..DIRTY.min(victims) {
            mapping.poke(page, *word.borrow());
        }
        Ok(())
    };
    // Whoever comes first is not to pay for the room on the disk.
    dirty()?;
    file.sync_all()?;
    let peers = vec![
        Peer::new("nothing", || {
            beside(&|| {
                thread::sleep(Duration::from_secs(2));
                Ok(())
            })
        }),
        Peer::new(names::FDATASYNC, || beside(&|| Ok(file.sync_data()?))).after(dirty),
        Peer::new(names::INVALIDATE, || ours(Flags::INVALIDATE)).after(cached),
        Peer::new(names::BOTH, || ours(Flags::SYNCIO | Flags::INVALIDATE)).after(|| {
            cached()?;
            dirty()
        }),
    ];
    let contest = Contest {
        scene: scene(
            SUBJECT,
            &format!("{}, {}", place.name(), deed.name),
            victims,
            "pages",
        ),
        reference: names::FDATASYNC,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    contest.run(
        peers,
        || Ok(file.sync_data()?),
        || Ok(percentiles(&mut waits.borrow_mut())),
    )
}

/// How long each deed of another thread took, in nanoseconds, while a call was under way.
fn watched(call: &(dyn Fn() -> Done + Sync), deed: Deed<'_>) -> Done<Vec<u64>> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let other = scope.spawn(|| {
            stay_on(1)?;
            let mut waits = Vec::with_capacity(1 << 20);
            for page in (0..OTHERS).cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                if page == 0 {
                    (deed.again)()?;
                }
                let before = Instant::now();
                (deed.each)(page)?;
                waits.push(u64::try_from(before.elapsed().as_nanos())?);
            }
            Ok(waits)
        });
        let result = stay_on(0).and_then(|()| call());
        over.store(true, Ordering::Relaxed);
        let waits = other.join();
        result?;
        waits.map_err(|_| Failure::Failed("a thread panicked".to_owned()))?
    })
}

/// Keeps this thread on one processor, so that the two do not wait for each other's.
fn stay_on(processor: usize) -> Done {
    let mut processors = CpuSet::new();
    processors.set(processor)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &processors)?)
}

/// What there is to say of how long things took.
pub fn percentiles(waits: &mut [u64]) -> Counts {
    waits.sort_unstable();
    let at = |thousandths: usize| {
        let index = (waits.len() * thousandths / 1000).min(waits.len().saturating_sub(1));
        waits.get(index).copied().unwrap_or(0) / 1000
    };
    vec![
        ("operations", waits.len() as u64),
        ("50 %, us", at(500)),
        ("99.9 %, us", at(999)),
        ("maximum, us", at(1000)),
    ]
}
