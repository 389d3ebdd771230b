// SPDX-License-Identifier: GPL-2.0

//! Stuck: commits that a server never answers harm nobody but those who wait for them.

use super::{
    connection::Connection,
    mount::{
        spawn_apart,
        Mount, //
    },
    server::{
        AtFsync,
        Temper, //
    }, //
};
use nix::{
    errno::Errno,
    sys::wait::WaitStatus, //
};
use std::{
    array,
    fs,
    io,
    ops::Range,
    path::Path,
    thread, //
};
use vm_map_sync::{
    Flags,
    Map,
    DEVICE, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        succeeds_somehow,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    module::{
        load,
        unload, //
    },
    patience::wait_until,
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
};

/// How many files a caller has.
const MANY: usize = 64;
/// How many callers there are: more than may have helpers.
const CALLERS: usize = 18;
/// How many helpers a user may have at work, and a call.
const HELPERS: usize = 1024;
const HELPERS_OF_A_CALL: usize = 512;

/// A server that never answers an `FSYNC`, nor anything after that.
pub fn stuck() -> AtFsync<'static> {
    Box::new(|_| loop {
        thread::park();
    })
}

/// Two files of an honest user on a disk.
struct Others {
    files: [TestFile; 2],
    mapping: Mapping,
}

impl Others {
    const PAGES: usize = 2;

    fn new() -> Result<Self, Failure> {
        let files = [TestFile::new(Self::PAGES)?, TestFile::new(Self::PAGES)?];
        let mapping = Mapping::reserve(2 * Self::PAGES)?;
        for (index, file) in files.iter().enumerate() {
            let first = index * Self::PAGES;
            let pages = first..first + Self::PAGES;
            mapping.map(pages, file.file(), 0, Share::Shared)?;
        }
        Ok(Self { files, mapping })
    }

    /// Writes to both, in the first page.
    fn soil(&self, word: u64) {
        self.mapping.poke(0, word);
        self.mapping.poke(Self::PAGES, word);
    }

    fn assert_on_disk(&self, word: u64) -> Verdict {
        for file in &self.files {
            assert_eq!(file.on_disk(0)?[..8], word.to_ne_bytes());
        }
        Ok(())
    }

    /// Asserts that a call of somebody else's on both is done in time.
    fn assert_sync(&self, word: u64) -> Verdict {
        let caller = Child::spawn(|| {
            self.soil(word);
            let map = Map::current()?;
            succeeds(&map, self.mapping.all(), Flags::SYNCIO, counts(2, 0));
            Ok(())
        })?;
        caller.join()?;
        self.assert_on_disk(word)
    }
}

/// A caller of a commit that will not end.
fn call(mapping: &Mapping) -> Verdict {
    let outcome = Map::current()?.sync(mapping.all(), Flags::SYNCIO);
    Err(Failure::Failed(format!("it came back: {outcome:?}")))
}

fn kill(callers: Vec<Child>) -> Verdict {
    for caller in &callers {
        caller.kill()?;
    }
    for mut caller in callers {
        caller.wait()?;
    }
    Ok(())
}

/// Somebody with files on a server that is stuck: has as many callers as he is told over the line, and
/// kills them when that is none: `most` at the most.
fn attack(mount: &Mount, most: usize, line: &Line) -> Verdict {
    let mappings = (0..most)
        .map(|number| mount.map_new(number * MANY..(number + 1) * MANY))
        .collect::<io::Result<Vec<_>>>()?;
    let mut callers = Vec::new();
    line.send(mount.connection())?;
    loop {
        let wanted = line.receive()?;
        if wanted == 0 {
            break;
        }
        for mapping in &mappings[callers.len()..wanted] {
            callers.push(Child::spawn(|| call(mapping))?);
        }
    }
    kill(callers)?;
    line.send(0)?;
    // What the helpers have begun goes on.
    Ok(line.receive().map(drop)?)
}

/// Whoever waits for a server that never answers, with all the helpers that he can get, does not keep
/// others from committing their files, be he alive or dead: with a server that serves all, or one that
/// somebody without any rights has mounted for himself.
pub fn stuck_commits_hang_nobody_else() -> Verdict {
    let others = Others::new()?;
    let stuck = || Mount::with(Temper::default(), stuck());
    {
        let (ours, theirs) = Line::pair()?;
        let mount = stuck()?;
        let attacker = Child::spawn(|| {
            become_user(NOBODY, NOBODY)?;
            attack(&mount, 1, &theirs)
        })?;
        drop(theirs);
        hang_nobody_else(&others, attacker, &ours, &[1])?;
    }
    let (ours, theirs) = Line::pair()?;
    let attacker = spawn_apart(|| attack(&stuck()?, CALLERS, &theirs))?;
    drop(theirs);
    hang_nobody_else(&others, attacker, &ours, &[1, CALLERS])
}

/// Asserts it of an attacker who is told to have so many callers, and in the end to kill them.
fn hang_nobody_else(others: &Others, attacker: Child, line: &Line, callers: &[usize]) -> Verdict {
    let connection = Connection::numbered(line.receive()?)?;
    for &callers in callers {
        line.send(callers)?;
        let helpers = HELPERS.min(callers * MANY);
        // Those for whom there are no helpers wait by themselves.
        connection.wait_for(helpers + callers - helpers / MANY)?;
        others.assert_sync(callers as u64)?;
    }
    line.send(0)?;
    line.receive()?;
    others.assert_sync(0)?;
    line.send(0)?;
    attacker.join()
}

/// How many files are open in the whole system.
fn open_files() -> Result<usize, Failure> {
    let text = fs::read_to_string("/proc/sys/fs/file-nr")?;
    let number = text.split_whitespace().next().unwrap_or_default();
    Ok(number.parse()?)
}

/// Has callers of commits of the files with these numbers wait for a stuck server, until so many commits
/// have begun, and kills them. Only what was begun can still have files.
fn kill_and_count(files: &[Range<usize>], begun: usize, held: usize) -> Verdict {
    /// What else is opened and closed in a system.
    const NOISE: usize = 32;

    let mount = Mount::with(Temper::default(), stuck())?;
    let connection = Connection::numbered(mount.connection())?;
    let before = open_files()?;
    let mut callers = Vec::new();
    let mut lines = Vec::new();
    for files in files {
        let (ours, theirs) = Line::pair()?;
        callers.push(Child::spawn(|| {
            let mapping = mount.map_new(files.clone())?;
            theirs.send(0)?;
            theirs.receive()?;
            call(&mapping)
        })?);
        drop(theirs);
        ours.receive()?;
        lines.push(ours);
    }
    for (line, files) in lines.iter().zip(files) {
        line.send(0)?;
        // What the server is stuck with is to be a helper's, which does not mind. Who commits by
        // himself cannot be killed if the server has taken his request.
        connection.wait_for(files.len().min(HELPERS_OF_A_CALL))?;
    }
    connection.wait_for(begun)?;
    kill(callers)?;
    drop(lines);

    let most = before + held + NOISE;
    wait_until(
        &format!("{most} open files or less, after {before}"),
        || Ok::<_, Failure>(open_files()? <= most),
    )
}

/// Of a caller that was killed nothing is left but what helpers had begun.
pub fn the_dead_hold_no_files() -> Verdict {
    let files = 0..HELPERS_OF_A_CALL + 100;
    kill_and_count(&[files], HELPERS_OF_A_CALL, HELPERS_OF_A_CALL)
}

/// Nor do the dead become more and more.
pub fn the_dead_are_not_without_number() -> Verdict {
    let callers = array::from_fn::<_, CALLERS, _>(|n| n * MANY..(n + 1) * MANY);
    kill_and_count(&callers, HELPERS, HELPERS)
}

/// A server that has to commit files of its own with the same call before it can answer.
pub fn server_that_syncs_its_backing_files() -> Verdict {
    let backing = Others::new()?;
    let (ours, theirs) = Line::pair()?;
    let mut map = None;
    let mut word = 0;
    let at_fsync = |_| {
        word += 1;
        backing.soil(word);
        // Not before the server is a process with a map of its own.
        let map = map.get_or_insert_with(|| Map::current().expect("there is a handle"));
        succeeds(map, backing.mapping.all(), Flags::SYNCIO, counts(2, 0));
        theirs.send(0).map_err(|_| libc::EIO)
    };
    let mount = Mount::with(Temper::default(), Box::new(at_fsync))?;
    let mapping = mount.map_new(0..MANY)?;
    let caller = Child::spawn(|| {
        succeeds_somehow(&Map::current()?, mapping.all(), Flags::SYNCIO);
        Ok(())
    })?;
    for _ in 0..MANY {
        ours.receive()?;
    }
    caller.join()?;
    backing.assert_on_disk(MANY as u64)
}

/// Commits that are under way, and nobody who has a handle.
fn with_a_commit_under_way(end: impl FnOnce(&Mount, &Connection) -> io::Result<()>) -> Verdict {
    let mount = Mount::with(Temper::default(), stuck())?;
    let connection = Connection::numbered(mount.connection())?;
    let mapping = mount.map_new(0..2)?;
    let caller = Child::spawn(|| call(&mapping))?;
    connection.wait_for(2)?;
    kill(vec![caller])?;

    let mut unloader = Child::spawn(|| {
        assert_eq!(unload(), Err(Errno::EWOULDBLOCK));
        Ok(())
    })?;
    let status = unloader.wait();
    // Whatever came of it, it is not to hang any longer.
    end(&mount, &connection)?;
    let status = status?;
    assert!(matches!(status, WaitStatus::Exited(_, 0)), "{status:?}");

    wait_until("unloaded", || match unload() {
        Err(Errno::EWOULDBLOCK) => Ok(false),
        result => result.map(|()| true),
    })?;
    assert!(!Path::new(DEVICE).exists());
    load()?;
    let others = Others::new()?;
    others.soil(1);
    let pages = 2 * Others::PAGES as u64;
    succeeds(
        &Map::current()?,
        others.mapping.all(),
        BOTH,
        counts(2, pages),
    );
    Ok(())
}

/// A commit that is under way keeps the module loaded, and who would unload it is told so at once.
pub fn no_unloading_while_a_commit_runs() -> Verdict {
    with_a_commit_under_way(|mount, _| mount.end())?;
    with_a_commit_under_way(|_, connection| connection.abort())
}
