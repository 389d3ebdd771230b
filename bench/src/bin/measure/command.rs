// SPDX-License-Identifier: GPL-2.0

//! The command: a tree of many small files, by `vmsync` and by what people use now.

use crate::{
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
use nix::unistd::sync;
use std::{
    env,
    fs::{
        self,
        File, //
    },
    os::unix::fs::FileExt,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Command,
        Stdio, //
    },
};
use vm_map_sync_bench::names::{
    EVICT_TREE,
    SYNC_EVICT_TREE,
    SYNC_VMTOUCH,
    VMTOUCH,
    VMTOUCH_SYNC, //
};
use vm_map_sync_tests::{
    harness::Failure,
    residency::Cached,
    PAGE, //
};

const SUBJECT: &str = "command";

const ROUNDS: usize = 3;
/// Where each takes a minute.
const LONG_ROUNDS: usize = 2;

/// How many files a directory has.
const EACH: usize = 1000;

pub fn measure() -> Done {
    let count = match env::args().nth(2) {
        Some(count) => count.parse()?,
        None => 100_000,
    };
    // Room for an inode each: there is one for 16 KiB.
    let place = Place::new(EXT4, Speed::Usual, 64 + count * 20 / 1024)?;
    let tree = Tree::new(place.directory(), count)?;
    let clean = Contest {
        scene: scene(SUBJECT, place.name(), count, "clean files"),
        reference: VMTOUCH,
        clock: Clock::Time,
        rounds: ROUNDS,
        disk: place.disk(),
    };
    let peers = vec![
        Peer::new(VMTOUCH, || tree.vmtouch()),
        Peer::new(EVICT_TREE, || tree.vmsync("evict")),
    ];
    clean.run(peers, || tree.read_in(), || tree.left())?;
    let dirty = Contest {
        scene: scene(SUBJECT, place.name(), count, "dirty files"),
        reference: VMTOUCH_SYNC,
        rounds: LONG_ROUNDS,
        ..clean
    };
    let peers = vec![
        Peer::new(VMTOUCH_SYNC, || {
            tree.vmtouch()?;
            sync();
            Ok(())
        }),
        Peer::new(SYNC_VMTOUCH, || {
            sync();
            tree.vmtouch()
        }),
        Peer::new(EVICT_TREE, || tree.vmsync("evict")),
        Peer::new(SYNC_EVICT_TREE, || {
            tree.vmsync("sync")?;
            tree.vmsync("evict")
        }),
    ];
    dirty.run(peers, || tree.soil(), || tree.left())
}

/// The files, a page each.
struct Tree {
    top: PathBuf,
    count: usize,
}

impl Tree {
    fn new(directory: &Path, count: usize) -> Done<Self> {
        let tree = Self {
            top: directory.join("tree"),
            count,
        };
        for number in 0..count {
            let path = tree.path(number);
            if let (0, Some(parent)) = (number % EACH, path.parent()) {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, [1; PAGE])?;
        }
        sync();
        Ok(tree)
    }

    fn path(&self, number: usize) -> PathBuf {
        let directory = (number / EACH).to_string();
        self.top.join(directory).join(number.to_string())
    }

    fn each(&self, mut visit: impl FnMut(&File) -> Done) -> Done {
        (0..self.count).try_for_each(|number| {
            let mut options = File::options();
            visit(&options.read(true).write(true).open(self.path(number))?)
        })
    }

    /// All are cached, and clean.
    fn read_in(&self) -> Done {
        self.each(|file| Ok(file.read_exact_at(&mut [0; PAGE], 0)?))
    }

    /// All are cached, and dirty.
    fn soil(&self) -> Done {
        self.each(|file| Ok(file.write_all_at(&[2; PAGE], 0)?))
    }

    /// What is cached still, and what of it is dirty.
    fn left(&self) -> Done<Counts> {
        let (mut left, mut dirty) = (0, 0);
        self.each(|file| {
            let cached = Cached::of(file, 0..1)?;
            left += cached.resident;
            dirty += cached.dirty + cached.writeback;
            Ok(())
        })?;
        Ok(vec![("pages left", left), ("dirty", dirty)])
    }

    fn vmsync(&self, verb: &str) -> Done {
        let mut command = Command::new("./vmsync");
        run(command.args([verb, "--recursive"]).arg(&self.top))
    }

    /// With the libraries that it was built for.
    fn vmtouch(&self) -> Done {
        let mut command = Command::new("./vmtouch/ld-linux-x86-64.so.2");
        run(command
            .args(["--library-path", "vmtouch", "vmtouch/vmtouch", "-q", "-e"])
            .arg(&self.top))
    }
}

fn run(command: &mut Command) -> Done {
    let ran = command.stdin(Stdio::null()).output()?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    Err(Failure::Failed(format!(
        "{command:?}: {}: {said}",
        ran.status
    )))
}
