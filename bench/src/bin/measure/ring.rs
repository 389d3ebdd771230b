// SPDX-License-Identifier: GPL-2.0

//! Ring: requests of an io_uring next to the same work by threads, and beside other requests of the ring.

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
        Place,
        Speed,
        EXT4, //
    },
    stall::percentiles,
    Done,
};
use io_uring::{
    opcode,
    squeue::Entry,
    types::{
        Fd,
        FsyncFlags, //
    },
};
use std::{
    cell::RefCell,
    fs::File,
    os::fd::AsRawFd,
    sync::atomic::{
        AtomicUsize,
        Ordering, //
    },
    thread,
    time::Instant, //
};
use vm_map_sync::{
    uapi,
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
    raw::{
        self,
        Desk, //
    },
    ring::{
        command,
        Ring, //
    },
    PAGE, //
};

const SUBJECT: &str = "ring";

/// Files that are made durable again and again, and how many pages of each are dirty then.
const FILES: usize = 64;
const DIRTY: usize = 16;
/// How often that is done in a round.
const TURNS: usize = 256;
const ROUNDS: usize = 5;
/// Bytes between the arguments.
const ARGUMENT: usize = 128;

/// Pages that are made durable while others are read: 1 GiB.
const LARGE: usize = (1 << 30) / PAGE;
/// Pages of what is read.
const OTHERS: usize = 4096;

pub fn measure() -> Done {
    throughput()?;
    latency()
}

/// What is made durable by a request, and by a call.
struct Work {
    files: Vec<File>,
    mapping: Mapping,
    map: Map,
    desk: Desk,
}

impl Work {
    fn new(place: &Place) -> Done<Self> {
        let files = (0..FILES)
            .map(|_| place.file(DIRTY, DIRTY))
            .collect::<Done<Vec<_>>>()?;
        let mapping = Mapping::reserve(FILES * DIRTY)?;
        for (number, file) in files.iter().enumerate() {
            let first = number * DIRTY;
            mapping.map(first..first + DIRTY, file, 0, Share::Shared)?;
        }
        Ok(Self {
            files,
            mapping,
            map: Map::current()?,
            desk: Desk::with_room(FILES * ARGUMENT / PAGE)?,
        })
    }

    fn pages(number: usize) -> std::ops::Range<usize> {
        let first = number * DIRTY;
        first..first + DIRTY
    }

    fn soil(&self, number: usize, word: usize) {
        for page in Self::pages(number) {
            self.mapping.poke(page, word as u64);
        }
    }

    fn sync(&self, number: usize) -> Entry {
        let range = self.mapping.range(Self::pages(number));
        let at = number * ARGUMENT;
        self.desk.put(at, &raw::args(&range, Flags::SYNCIO.bits()));
        command(&self.map, uapi::VM_MAP_SYNC_SYNC, self.desk.address(at))
    }

    fn fsync(&self, number: usize) -> Entry {
        opcode::Fsync::new(Fd(self.files[number].as_raw_fd()))
            .flags(FsyncFlags::DATASYNC)
            .build()
    }

    /// Does all turns by a ring, so many at a time.
    fn by_ring(&self, ring: &mut Ring, flight: usize, entry: impl Fn(usize) -> Entry) -> Done {
        let mut begun = 0;
        let mut done = 0;
        while done < TURNS {
            while begun < TURNS && begun - done < flight {
                let number = begun % FILES;
                self.soil(number, begun);
                ring.push(entry(number).user_data(number as u64));
                begun += 1;
            }
            for (number, code) in ring.wait(1)? {
                if let Err(errno) = code {
                    return Err(Failure::Failed(format!("request {number}: {errno}")));
                }
                done += 1;
            }
        }
        Ok(())
    }

    /// Does all turns by so many threads.
    fn by_threads(&self, threads: usize) -> Done {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let work = || loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= TURNS {
                    return Ok(());
                }
                let number = turn % FILES;
                self.soil(number, turn);
                let range = self.mapping.range(Self::pages(number));
                calls::ours(&self.map, range, Flags::SYNCIO)?;
            };
            let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            for thread in all {
                let done: Done = thread
                    .join()
                    .map_err(|_| Failure::Failed("a thread panicked".to_owned()))?;
                done?;
            }
            Ok(())
        })
    }
}

fn throughput() -> Done {
    for speed in [Speed::Usual, Speed::SlowFlush] {
        throughput_of(&Place::new(EXT4, speed, 512)?)?;
    }
    Ok(())
}

fn throughput_of(place: &Place) -> Done {
    let work = Work::new(place)?;
    for flight in [1, 8, 64] {
        // Threads have no bounds but their number.
        let workers = u32::try_from(flight)?;
        let ring = Ring::with(64, |_| {})?;
        ring.ring()
            .submitter()
            .register_iowq_max_workers(&mut [workers, workers])?;
        let ring = RefCell::new(ring);
        let by_ring =
            |entry: &dyn Fn(usize) -> Entry| work.by_ring(&mut ring.borrow_mut(), flight, entry);
        let peers = vec![
            Peer::new(names::BY_THREADS, || work.by_threads(flight)),
            Peer::new(names::BY_RING, || by_ring(&|number| work.sync(number))),
            Peer::new("io_uring fsync", || by_ring(&|number| work.fsync(number))),
        ];
        let contest = Contest {
            scene: scene(SUBJECT, place.name(), flight, "in flight"),
            reference: names::BY_THREADS,
            clock: Clock::Time,
            rounds: ROUNDS,
            disk: place.disk(),
        };
        contest.run(peers, || Ok(()), || Ok(Vec::new()))?;
    }
    Ok(())
}

/// How long a read of another file takes by the ring that makes a large one durable meanwhile.
fn latency() -> Done {
    let pages = LARGE.min(available()? / PAGE / 4);
    if pages < LARGE {
        let text = format!("only {pages} pages are made durable: the guest has too little memory");
        note(SUBJECT, text);
    }
    let place = Place::new(EXT4, Speed::Usual, 2048)?;
    let large = place.sparse(pages)?;
    let other = place.file(OTHERS, OTHERS)?;
    let mapping = Mapping::reserve(pages)?;
    mapping.map(0..pages, &large, 0, Share::Shared)?;
    let map = Map::current()?;
    let desk = Desk::with_room(2)?;
    let ring = RefCell::new(Ring::new()?);
    let waits = RefCell::new(Vec::new());
    /// The number of the request that takes long.
    const LONG: u64 = 1;

    let read = |page: usize| {
        let at = desk.address(PAGE) as *mut u8;
        opcode::Read::new(Fd(other.as_raw_fd()), at, PAGE as u32)
            .offset((page * PAGE) as u64)
            .build()
    };
    // Reads until the request has completed, or often enough.
    let beside = |long: Option<Entry>| -> Done {
        let mut ring = ring.borrow_mut();
        let mut waits = waits.borrow_mut();
        waits.clear();
        let mut is_over = long.is_none();
        if let Some(entry) = long {
            ring.push(entry.user_data(LONG));
            ring.submit()?;
        }
        for page in 0..OTHERS {
            let before = Instant::now();
            ring.push(read(page));
            let mut is_read = false;
            while !is_read {
                for (number, code) in ring.wait(1)? {
                    code?;
                    is_over |= number == LONG;
                    is_read |= number != LONG;
                }
            }
            waits.push(u64::try_from(before.elapsed().as_nanos())?);
            if is_over && page >= 100 {
                break;
            }
        }
        while !is_over {
            for (_, code) in ring.wait(1)? {
                code?;
                is_over = true;
            }
        }
        Ok(())
    };
    let mut word = 0;
    let mut soil = || {
        word += 1;
        for page in 0..pages {
            mapping.poke(page, word);
        }
    };
    // Whoever comes first is not to pay for the room on the disk.
    soil();
    large.sync_all()?;
    let soil = RefCell::new(soil);
    let dirty = || {
        (soil.borrow_mut())();
        Ok(())
    };
    let peers = vec![
        Peer::new("nothing", || beside(None)),
        Peer::new("io_uring fsync", || {
            let file = Fd(large.as_raw_fd());
            beside(Some(
                opcode::Fsync::new(file).flags(FsyncFlags::DATASYNC).build(),
            ))
        })
        .after(dirty),
        Peer::new(names::SYNCIO, || {
            desk.put(0, &raw::args(&mapping.all(), Flags::SYNCIO.bits()));
            let entry = command(&map, uapi::VM_MAP_SYNC_SYNC, desk.address(0));
            beside(Some(entry))
        })
        .after(dirty),
    ];
    let contest = Contest {
        scene: scene(
            SUBJECT,
            &format!("{}, reads by the same ring", place.name()),
            pages,
            "pages",
        ),
        reference: "io_uring fsync",
        clock: Clock::Time,
        rounds: 2,
        disk: place.disk(),
    };
    contest.run(
        peers,
        || {
            large.sync_data()?;
            calls::fadvise_range(&other, 0..OTHERS, libc::POSIX_FADV_DONTNEED)
        },
        || Ok(percentiles(&mut waits.borrow_mut())),
    )
}
