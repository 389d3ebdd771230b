// SPDX-License-Identifier: GPL-2.0

//! A caller that is killed in the middle: each range says how far it came.

use nix::{
    fcntl::{
        posix_fadvise,
        PosixFadviseAdvice, //
    },
    unistd::Pid,
};
use std::{
    io,
    os::{
        fd::AsRawFd,
        unix::fs::FileExt, //
    },
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_range,
        vm_map_sync_vector, //
    },
    Map,
};
use vm_map_sync_tests::{
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    mapping::Mapping,
    patience::wait_until,
    process::{
        wait_until_in,
        Child, //
    },
    raw::{
        ioctl,
        Desk, //
    },
    residency::Cached,
    spare::Site,
    PAGE, //
};

const PAGES: usize = 8;
/// Many, since it is not known in which order they are freed.
const FILES: usize = 15;
/// The file, and the page of it, that somebody reads, which takes for ever.
const STUCK: (usize, usize) = (7, 5);

/// Has a page read that its disk does not give.
fn read_for_ever(gate: &Gate, file: &TestFile, page: usize) -> Result<Child, Failure> {
    let (offset, length) = ((page * PAGE) as i64, PAGE as i64);
    let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
    posix_fadvise(file.file().as_raw_fd(), offset, length, advice)?;
    assert_eq!(Cached::of(file.file(), page..page + 1)?.resident, 0);
    gate.close(Held::All)?;
    let reader = Child::spawn(|| {
        let read = file.file().read_at(&mut [0], offset as u64)?;
        assert_eq!(read, 1);
        Ok(())
    })?;
    wait_until("being read", || io::Result::Ok(gate.held()? > 0))?;
    Ok(reader)
}

/// What the kernel has noted of a call, in memory that outlives the caller.
struct Notes {
    vector: Desk,
    array: Desk,
}

impl Notes {
    fn new(mappings: &[Mapping], flags: u32) -> Result<Self, Failure> {
        let notes = Self {
            vector: Desk::new()?,
            array: Desk::with_room(1)?,
        };
        for desk in [&notes.vector, &notes.array] {
            desk.memory().map_anonymous(0..2, libc::MAP_SHARED)?;
        }
        for (number, mapping) in mappings.iter().enumerate() {
            let range = vm_map_sync_range {
                start: mapping.all().start as u64,
                end: mapping.all().end as u64,
                ..Default::default()
            };
            notes.array.put(number * size_of_val(&range), &range);
        }
        notes.vector.put(
            0,
            &vm_map_sync_vector {
                size: size_of::<vm_map_sync_vector>() as u32,
                flags,
                ranges: notes.array.address(0) as u64,
                count: mappings.len() as u32,
                range_size: size_of::<vm_map_sync_range>() as u32,
                ..Default::default()
            },
        );
        Ok(notes)
    }

    fn of_range(&self, number: usize) -> vm_map_sync_range {
        self.array.get(number * size_of::<vm_map_sync_range>())
    }
}

pub fn killed_in_the_middle() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let files = (0..FILES)
        .map(|_| TestFile::new(PAGES))
        .collect::<Result<Vec<_>, _>>()?;
    let mappings = files
        .iter()
        .map(TestFile::map)
        .collect::<Result<Vec<_>, _>>()?;
    let notes = Notes::new(&mappings, uapi::VM_MAP_SYNC_INVALIDATE)?;
    let (stuck, page) = STUCK;
    let _opener = gate.opener();
    let reader = read_for_ever(&gate, &files[stuck], page)?;
    let caller = Child::spawn(|| {
        let map = Map::current()?;
        let answer = ioctl(&map, uapi::VM_MAP_SYNC_VECTOR, notes.vector.address(0));
        Err(Failure::Failed(format!("it came back: {answer:?}")))
    })?;
    wait_until_waiting(caller.pid())?;
    caller.die()?;
    assert!(gate.held()? > 0, "the page was read");

    let resident = |number: usize, pages: usize| {
        Cached::of(files[number].file(), 0..pages).map(|cached| cached.resident)
    };
    let all: vm_map_sync_vector = notes.vector.get(0);
    assert_eq!(all.result.reason, uapi::VM_MAP_SYNC_REASON_KILLED);
    assert_eq!(all.result.error, libc::EINTR);
    let (mut freed, mut leading) = (0, None);
    for (number, mapping) in mappings.iter().enumerate() {
        let vm_map_sync_range {
            start, end, result, ..
        } = notes.of_range(number);
        assert!(
            (start..=end).contains(&result.done),
            "range {number}: {result:x?}"
        );
        let below = (result.done - start) as usize / PAGE;
        assert_eq!(
            resident(number, below)?,
            0,
            "range {number}, of what is below {:#x}",
            result.done
        );
        if number == stuck {
            assert!(result.done <= mapping.address(page) as u64, "{result:x?}");
        }
        freed += result.freed;
        if result.done < end {
            leading.get_or_insert(number);
            let (reason, errno) = (result.reason, result.error);
            let killed = (uapi::VM_MAP_SYNC_REASON_KILLED, libc::EINTR);
            assert_eq!((reason, errno), killed, "range {number}");
        } else {
            assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_NONE, "{number}");
        }
    }
    assert_eq!(freed, all.result.freed);
    assert_eq!(all.result.done, leading.unwrap_or(FILES) as u64);

    gate.open()?;
    reader.join()?;
    Ok(())
}

/// Waits until a caller waits for a page.
fn wait_until_waiting(caller: Pid) -> Verdict {
    wait_until_in(caller, "folio_wait")
}
