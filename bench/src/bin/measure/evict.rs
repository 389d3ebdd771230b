// SPDX-License-Identifier: GPL-2.0

//! Eviction: clean pages are freed, up to gigabytes of them. How many instructions does a page cost?

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
        read_in,
        resident,
        Place,
        Speed,
        EXT4,
        KINDS, //
    },
    Done,
};
use std::{
    io,
    os::fd::{
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
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
    process::{
        Child,
        Line, //
    },
    PAGE, //
};

const SUBJECT: &str = "evict";

/// In MiB. Up to the small ones it is also done on other file systems, and by more peers.
const SIZES: [usize; 5] = [1, 8, 64, 1024, 8192];
const SMALL: usize = 8;

pub fn measure() -> Done {
    let clock = Clock::instructions()?;
    for kind in KINDS {
        let place = Place::new(kind, Speed::Instant, 512)?;
        for megabytes in SIZES {
            let pages = (megabytes << 20) / PAGE;
            if kind.name != EXT4.name && megabytes > SMALL {
                break;
            }
            // What describes the pages and maps them twice takes memory as well.
            if available()? < pages * PAGE / 16 * 17 {
                note(
                    SUBJECT,
                    format!("{megabytes} MiB are left out: the guest has too little memory"),
                );
                break;
            }
            race(&place, clock, pages, megabytes)?;
        }
    }
    Ok(())
}

/// What the other process is asked to do with the mapping.
const END: usize = 0;
const TOUCH: usize = 1;
const LEAVE: usize = 2;

fn race(place: &Place, clock: Clock, pages: usize, megabytes: usize) -> Done {
    let file = place.sparse(pages)?;
    let mapping = Mapping::reserve(pages)?;
    mapping.map(0..pages, &file, 0, Share::Shared)?;
    let own = |sign: usize| -> Done {
        match sign {
            TOUCH => mapping.touch(0..pages),
            _ => mapping.advise(0..pages, libc::MADV_DONTNEED)?,
        }
        Ok(())
    };
    let (line, theirs) = Line::pair()?;
    let child = Child::spawn(|| loop {
        match theirs.receive()? {
            END => return Ok(()),
            sign => own(sign)?,
        }
        theirs.send(END)?;
    })?;
    // SAFETY: It takes nothing but numbers.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, child.pid().as_raw(), 0) };
    let Ok(descriptor @ 0..) = i32::try_from(descriptor) else {
        return Err(io::Error::last_os_error().into());
    };
    // SAFETY: It was just opened, and nobody else has it.
    let process = unsafe { OwnedFd::from_raw_fd(descriptor) };

    // Has the pages mapped by as many processes.
    let mappers = |count: usize| {
        own(if count > 0 { TOUCH } else { LEAVE })?;
        line.send(if count > 1 { TOUCH } else { LEAVE })?;
        line.receive()?;
        Ok(())
    };
    let map = Map::current()?;
    let ours = || calls::ours(&map, mapping.all(), Flags::INVALIDATE);
    let fadvise = || calls::fadvise(&file, libc::POSIX_FADV_DONTNEED);
    let pageout = || Ok(mapping.advise(0..pages, libc::MADV_PAGEOUT)?);
    let by = |name: &str, count: usize| match count {
        0 => format!("{name}, unmapped"),
        _ => format!("{name}, mapped by {count}"),
    };
    let dontneed = "posix_fadvise(DONTNEED)";
    let mut peers = vec![
        Peer::new(names::DONTNEED_UNMAPPED, fadvise).after(|| mappers(0)),
        Peer::new(&by(names::INVALIDATE, 1), ours).after(|| mappers(1)),
        Peer::new(&by(names::INVALIDATE, 2), ours).after(|| mappers(2)),
    ];
    if megabytes <= SMALL {
        peers.push(Peer::new(&by(names::INVALIDATE, 0), ours).after(|| mappers(0)));
        peers.push(Peer::new(&by(dontneed, 1), fadvise).after(|| mappers(1)));
        for count in [1, 2] {
            let name = by("madvise(PAGEOUT)", count);
            peers.push(Peer::new(&name, pageout).after(move || mappers(count)));
        }
        let other =
            || calls::process_madvise(process.as_raw_fd(), mapping.all(), libc::MADV_PAGEOUT);
        peers.push(Peer::new(&by("process_madvise(PAGEOUT)", 2), other).after(|| mappers(2)));
        let drop = || calls::drop_caches();
        peers.push(Peer::new(&by("drop_caches", 0), drop).after(|| mappers(0)));
    }
    let contest = Contest {
        scene: scene(SUBJECT, place.name(), pages, "pages"),
        reference: names::DONTNEED_UNMAPPED,
        clock,
        rounds: if megabytes <= SMALL { 3 } else { 1 },
        disk: place.disk(),
    };
    contest.run(
        peers,
        || read_in(&file, pages),
        || Ok(vec![("left", resident(&mapping)?)]),
    )?;
    line.send(END)?;
    child.join()
}
