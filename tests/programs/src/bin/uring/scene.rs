// SPDX-License-Identifier: GPL-2.0

//! The scene: commits that take as long as a test wants them to.

use io_uring::squeue::Entry;
use std::{
    io,
    ops::Range,
    os::fd::AsFd, //
};
use vm_map_sync::{
    uapi::{
        self,
        vm_map_sync_args,
        vm_map_sync_result, //
    },
    Flags,
    Map, //
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
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    raw::{
        self,
        Desk, //
    },
    ring::{
        command,
        Completion,
        Ring, //
    },
    spare::Site, //
};

/// Files of a request: several, so that helpers commit them, for whom it is waited.
const FILES: usize = 2;
/// Pages of a file.
const PAGES: usize = 2;
/// Pages of a request.
pub const ALL: usize = FILES * PAGES;
/// Bytes between the arguments.
const ARGUMENT: usize = 256;

/// Files on a disk that can be kept from flushing its cache, and arguments of requests to commit them.
pub struct Scene {
    /// A handle on the map.
    pub map: Map,
    /// All files, mapped one behind the other.
    pub mapping: Mapping,
    /// The files.
    pub files: Vec<TestFile>,
    /// What the requests point to, in memory that outlives their submitter.
    pub desk: Desk,
    _site: Site,
    /// What is before the disk.
    pub gate: Gate,
}

impl Scene {
    /// With the files of so many requests.
    pub fn new(requests: usize) -> Result<Self, Failure> {
        let gate = Gate::new(32, &[("cache_size", "8")])?;
        let site = Site::new(gate.device())?;
        site.settle();
        let files = (0..requests * FILES)
            .map(|_| TestFile::new(PAGES))
            .collect::<Result<Vec<_>, _>>()?;
        let mapping = Mapping::reserve(requests * ALL)?;
        for (number, file) in files.iter().enumerate() {
            let first = number * PAGES;
            mapping.map(first..first + PAGES, file.file(), 0, Share::Shared)?;
        }
        let desk = Desk::new()?;
        desk.memory().map_anonymous(0..2, libc::MAP_SHARED)?;
        Ok(Self {
            map: Map::current()?,
            mapping,
            files,
            desk,
            _site: site,
            gate,
        })
    }

    /// The addresses of the files of a request.
    pub fn range(&self, request: usize) -> Range<usize> {
        self.mapping.range(request * ALL..(request + 1) * ALL)
    }

    /// Makes all pages of a request dirty, and returns the request to make them durable.
    pub fn request(&self, request: usize) -> Entry {
        self.request_by(&self.map, request)
    }

    /// The same, by another handle.
    pub fn request_by(&self, map: &impl AsFd, request: usize) -> Entry {
        for page in request * ALL..(request + 1) * ALL {
            self.mapping.poke(page, 1 + request as u64);
        }
        self.desk.put(
            request * ARGUMENT,
            &raw::args(&self.range(request), Flags::SYNCIO.bits()),
        );
        let argument = self.desk.address(request * ARGUMENT);
        command(map, uapi::VM_MAP_SYNC_SYNC, argument).user_data(request as u64)
    }

    /// Has the first request begun, by a ring, and its commits kept from being done.
    pub fn begin(&self, ring: &mut Ring) -> Verdict {
        self.gate.close(Held::Flushes)?;
        ring.push(self.request(0));
        assert_eq!(ring.submit()?, 1);
        self.wait_until_begun()
    }

    /// Waits until something is kept from being done.
    pub fn wait_until_begun(&self) -> Verdict {
        wait_until("committed", || io::Result::Ok(self.gate.held()? > 0))
    }

    /// Waits until a request says that it was killed, with nobody to take its completion.
    pub fn wait_until_killed(&self, request: usize) -> Verdict {
        wait_until("killed", || {
            Ok::<_, Failure>(self.result(request).reason == uapi::VM_MAP_SYNC_REASON_KILLED)
        })?;
        self.assert_killed(request);
        Ok(())
    }

    /// What a request says.
    pub fn result(&self, request: usize) -> vm_map_sync_result {
        self.desk.get::<vm_map_sync_args>(request * ARGUMENT).result
    }

    /// Asserts that a request says that it was killed before anything was durable.
    #[track_caller]
    pub fn assert_killed(&self, request: usize) {
        let result = self.result(request);
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_KILLED);
        assert_eq!(result.kern_return, uapi::VM_MAP_SYNC_KERN_FAILURE);
        assert_eq!(result.error, libc::EINTR);
        assert_eq!(result.done, self.range(request).start as u64, "done");
        assert_eq!(result.pushed, ALL as u64, "pushed");
        let held = self.gate.held().expect("the gate can be asked");
        assert!(held > 0, "it had all the time that it needed");
    }

    /// Asserts that a request says that all is done, and that it is.
    #[track_caller]
    pub fn assert_done(&self, request: usize) {
        let result = self.result(request);
        assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_NONE);
        assert_eq!(result.done, self.range(request).end as u64, "done");
        assert_eq!(result.pushed, ALL as u64, "pushed");
        for page in 0..ALL {
            let file = &self.files[request * FILES + page / PAGES];
            let found = file.on_disk(page % PAGES).expect("the disk can be read");
            assert_eq!(
                found[..8],
                (1 + request as u64).to_ne_bytes(),
                "page {page}"
            );
        }
    }

    /// Asserts that nothing is said of a request. What was in a result is lost once it has been looked
    /// whether it could be written.
    #[track_caller]
    pub fn assert_untouched(&self, request: usize) {
        let (found, before) = (self.result(request), raw::junk());
        assert_eq!((found.reason, found.error), (before.reason, before.error));
        assert_eq!((found.done, found.pushed), (before.done, before.pushed));
    }
}

/// Completions, in the order of their numbers.
pub fn sorted(mut completions: Vec<Completion>) -> Vec<Completion> {
    completions.sort_by_key(|&(number, _)| number);
    completions
}
