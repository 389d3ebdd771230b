// SPDX-License-Identifier: GPL-2.0

//! NFS: a server that has taken what was written, and does not have it any more when it is asked to make
//! it durable. It says so by another number than before, the write verifier, and the client has to write
//! all of it again.
//!
//! Besides the variables that all programs look at, as far as the server's file system is concerned:
//!
//! - `VMS_DIR`: where it is mounted, so that nothing is committed unless somebody asks for it
//!   (`write=eager`).
//! - `VMS_SERVER`: the directory that the server exports, an otherwise idle ext4 on `VMS_DEV`.
//! - `VMS_EXPORT`: the script that starts (`on`) and stops (`off`) the server.

use std::{
    env,
    fs::{
        self,
        File, //
    },
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    process::{
        self,
        Command,
        ExitCode, //
    },
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        succeeds_somehow,
        BOTH, //
    },
    disk::Extents,
    harness::{
        self,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    pattern,
    place,
    process::{
        Child,
        Line, //
    },
    residency::Cached,
    room,
    tests,
    PAGE, //
};

fn main() -> ExitCode {
    harness::run(tests![
        server_that_forgot,
        server_that_forgot_several_runs,
        server_that_was_restarted,
    ])
}

const PAGES: usize = 12;

/// What is written with `write()`, and what through the mapping.
const WRITTEN: [usize; 3] = [1, 2, 5];
const MAPPED: [usize; 3] = [6, 9, 10];

/// A file of the server, mapped by the client.
struct Scene {
    map: Map,
    mapping: Mapping,
    file: File,
    client: PathBuf,
    server: PathBuf,
    name: String,
}

impl Scene {
    fn new() -> Result<Self, Failure> {
        let server = variable("VMS_SERVER")?;
        let client = place::directory()?;
        let name = format!("file-{}", process::id());
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(client.join(&name))?;
        for page in 0..PAGES {
            file.write_all_at(&pattern(0, page), (page * PAGE) as u64)?;
        }
        file.sync_all()?;
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, &file, 0, Share::Shared)?;
        Ok(Self {
            map: Map::current()?,
            mapping,
            file,
            client,
            server,
            name,
        })
    }

    /// Has the client write some pages, which the server takes, and does not make durable.
    fn write(&self) -> Verdict {
        for page in WRITTEN {
            let offset = (page * PAGE) as u64;
            self.file.write_all_at(&pattern(1, page), offset)?;
        }
        self.mapping.fill(1, MAPPED);
        succeeds_somehow(&self.map, self.mapping.all(), Flags::empty());
        wait_until("taken by the server", || {
            self.unwritten().map(|pages| pages == 0)
        })
    }

    /// How many pages the client has that the server has not taken.
    fn unwritten(&self) -> io::Result<u64> {
        let cached = Cached::of(&self.file, 0..PAGES)?;
        Ok(cached.dirty + cached.writeback)
    }

    /// Has the server forget what it was given. It has to assume that it did when a write fails, of
    /// whatever file: so somebody else writes when there is no room.
    fn forget(&self) -> Verdict {
        let filler = self.server.join("filler");
        room::take(&filler)?;
        let another = self.client.join("another");
        let file = File::create(&another)?;
        let failed = file
            .write_all_at(&vec![0; 1 << 20], 0)
            .and_then(|()| file.sync_all());
        let errno = failed.err().and_then(|error| error.raw_os_error());
        drop(file);
        fs::remove_file(another)?;
        fs::remove_file(filler)?;
        assert_eq!(errno, Some(libc::ENOSPC));
        Ok(())
    }

    /// Asserts that a call on a mapping of some `pages` of the file succeeds, and that they are on the
    /// server's disk then.
    #[track_caller]
    fn sync(&self, range: Range<usize>, flags: Flags, pages: &[usize]) -> Verdict {
        let freed = match flags.contains(Flags::INVALIDATE) {
            true => pages.len() as u64,
            false => 0,
        };
        succeeds(&self.map, range, flags, counts(0, freed));
        let file = File::open(self.server.join(&self.name))?;
        for &page in pages {
            let here = Cached::of(&self.file, page..page + 1)?;
            let there = Cached::of(&file, page..page + 1)?;
            assert_eq!(
                (here.dirty, here.writeback, there.dirty),
                (0, 0, 0),
                "{flags:?} has left page {page} dirty"
            );
        }
        let (disk, extents) = (place::disk()?, Extents::of(&file)?);
        for &page in pages {
            let version = u64::from(WRITTEN.contains(&page) || MAPPED.contains(&page));
            assert!(
                disk.page(extents.locate(page)?)? == pattern(version, page),
                "{flags:?}: page {page} is not durable"
            );
        }
        Ok(())
    }

    /// Asserts that the client has what was written.
    fn assert_intact(&self) {
        for page in 0..PAGES {
            let version = u64::from(WRITTEN.contains(&page) || MAPPED.contains(&page));
            self.mapping.assert_has(version, [page]);
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.client.join(&self.name));
    }
}

fn variable(name: &str) -> Result<PathBuf, Failure> {
    let value = env::var_os(name).map(PathBuf::from);
    value.ok_or_else(|| Failure::skip(format!("no NFS here: {name} is not set")))
}

pub fn server_that_forgot() -> Verdict {
    let all: Vec<usize> = (0..PAGES).collect();
    for flags in [Flags::SYNCIO, BOTH] {
        let scene = Scene::new()?;
        scene.write()?;
        scene.forget()?;
        scene.sync(scene.mapping.all(), flags, &all)?;
        scene.assert_intact();
    }
    Ok(())
}

/// The range has several runs of pages of the file, with others between them.
pub fn server_that_forgot_several_runs() -> Verdict {
    let pages = [1, 2, 5, 6, 9, 10];
    for flags in [Flags::SYNCIO, BOTH] {
        let scene = Scene::new()?;
        let runs = Mapping::reserve(pages.len())?;
        for (at, &page) in pages.iter().enumerate() {
            runs.map(at..at + 1, &scene.file, page, Share::Shared)?;
        }
        scene.write()?;
        scene.forget()?;
        scene.sync(runs.all(), flags, &pages)?;
        scene.assert_intact();
        // A part of it, again.
        scene.write()?;
        scene.forget()?;
        scene.sync(runs.range(2..4), flags, &pages[2..4])?;
        scene.assert_intact();
    }
    Ok(())
}

/// A server that was away forgets as well.
pub fn server_that_was_restarted() -> Verdict {
    let all: Vec<usize> = (0..PAGES).collect();
    let script = variable("VMS_EXPORT")?;
    // It must not have the file: whoever closes that, as every program does that is run, commits it.
    let (ours, theirs) = Line::pair()?;
    let operator = Child::spawn(|| {
        theirs.receive()?;
        for what in ["off", "on"] {
            let status = Command::new("sh").arg(&script).arg(what).status()?;
            assert!(status.success(), "{what}: {status}");
        }
        Ok(())
    })?;
    let scene = Scene::new()?;
    scene.write()?;
    ours.send(0)?;
    operator.join()?;
    scene.sync(scene.mapping.all(), Flags::SYNCIO, &all)?;
    scene.assert_intact();
    Ok(())
}
