// SPDX-License-Identifier: GPL-2.0

//! Processes, by their numbers.

use super::scene::*;
use nix::{
    sched::{
        unshare,
        CloneFlags, //
    },
    sys::{
        signal::{
            kill,
            Signal, //
        },
        wait::waitpid,
    },
    unistd::{
        gettid,
        Pid, //
    },
};
use std::{
    fs,
    io::{
        self,
        BufRead,
        BufReader, //
    },
    os::unix::process::CommandExt,
    path::Path,
    process::{
        self,
        Child as Program,
        Stdio, //
    },
    ptr,
    sync::mpsc,
    thread,
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::wait_until,
    process::{
        Child,
        Line,
        NOBODY, //
    },
    program,
};

const PAGES: usize = 8;

/// A process that has a file mapped, and has written to two pages of it.
struct Target {
    child: Child,
    line: Line,
    /// Where it is mapped, there.
    addresses: String,
}

impl Target {
    /// `prepare` comes before it is ready, `after` when it is told to.
    fn new(
        file: &TestFile,
        prepare: impl FnOnce(&Mapping) -> Verdict,
        after: impl FnOnce() -> Verdict,
    ) -> Result<Self, Failure> {
        let (line, theirs) = Line::pair()?;
        let child = Child::spawn(|| {
            let mapping = file.map()?;
            mapping.fill(1, [1, 2]);
            mapping.touch(0..PAGES);
            prepare(&mapping)?;
            theirs.send(mapping.all().start)?;
            theirs.receive()?;
            after()
        })?;
        let start = line.receive()?;
        Ok(Self {
            child,
            line,
            addresses: format!("{start:#x}-{:#x}", start + PAGES * vm_map_sync_tests::PAGE),
        })
    }

    fn number(&self) -> String {
        self.child.pid().to_string()
    }

    fn said(&self, options: &str) -> Result<Ran, Failure> {
        let number = self.number();
        said(options.split(' ').chain(["-p", &number]))
    }
}

fn nothing(_: &Mapping) -> Verdict {
    Ok(())
}

fn end() -> Verdict {
    Ok(())
}

pub fn process_is_shown() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let target = Target::new(&file, nothing, end)?;
    let ran = target.said("status --json")?.ends(0).quietly();
    let path = file.path().display().to_string();
    let mut cached = ran.of_kind("cached");
    cached.retain(|mapping| mapping["path"] == path.as_str());
    assert_eq!(cached.len(), 1, "{ran:?}");
    assert_eq!(cached[0]["bar"], "O##OOOOO");
    let (start, end) = (&cached[0]["start"], &cached[0]["end"]);
    assert_eq!(format!("{start}-{end}").replace('"', ""), target.addresses);
    // Something else that it has mapped is the program.
    let range = format!("status --range {}", target.addresses);
    target
        .said(&range)?
        .ends(0)
        .says(&format!("{} {path}\n[O##OOOOO] 8/8\n", target.addresses))
        .says("status: 1 file, 32 KiB of 32 KiB cached (100 %), 8 KiB dirty");
    assert_eq!(file.picture(0..PAGES)?, "CDDCCCCC");
    Ok(())
}

pub fn process_is_synced() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let target = Target::new(&file, nothing, end)?;
    let ran = target.said("sync --json")?.ends(0).quietly();
    assert_numbers(&ran.summary(), &[("pushed", 2), ("freed", 0)]);
    file.assert_on_disk(1, [1, 2]);
    assert_eq!(file.picture(0..PAGES)?, "CCCCCCCC");
    Ok(())
}

pub fn process_is_evicted() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let target = Target::new(&file, nothing, end)?;
    let ran = target.said("evict --json")?.ends(0).quietly();
    assert_numbers(&ran.summary(), &[("pushed", 2), ("freed", PAGES as u64)]);
    file.assert_on_disk(1, [1, 2]);
    assert_eq!(file.cached()?.resident, 0);
    // What others have mapped stays, if it is to.
    let mapping = Mapping::reserve(2)?;
    mapping.map(0..2, file.file(), 0, Share::Shared)?;
    mapping.touch(0..2);
    let ran = target.said("evict --spare-shared -v")?.ends(0);
    ran.says("mapped by others: 2 pages left");
    assert_eq!(file.cached()?.resident, 2);
    Ok(())
}

pub fn memory_that_is_locked() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let other = TestFile::new(PAGES)?;
    let target = Target::new(
        &file,
        |mapping| {
            mapping.lock(4..5)?;
            let other = other.map()?;
            other.touch(0..PAGES);
            std::mem::forget(other);
            Ok(())
        },
        end,
    )?;
    let name = file.path().display().to_string();
    target
        .said("evict")?
        .ends(1)
        .says(&name)
        .says("is locked by the process, so it cannot be freed; leave it out with --range")
        .says("locked: 1 file not done");
    // One that is bad does not end it.
    assert_eq!(other.cached()?.resident, 0);
    assert_eq!(file.picture(0..PAGES)?, "CDDCCCCC");
    target.said("sync")?.ends(0);
    Ok(())
}

pub fn process_of_somebody_else() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let target = Target::new(&file, nothing, end)?;
    let number = target.number();
    for verb in ["status", "sync", "evict"] {
        let mut command = vmsync([verb, "-p", &number])?;
        run(command.uid(NOBODY).gid(NOBODY))?
            .ends(1)
            .says(&format!(
                "process {number}: the process cannot be attached to"
            ))
            .says("as for ptrace");
    }
    Ok(())
}

pub fn no_such_process() -> Verdict {
    let mut child = Child::spawn(|| Ok(()))?;
    let number = child.pid().to_string();
    child.wait()?;
    for number in [number.as_str(), "2147483647", "2"] {
        said(["sync", "-p", number])?
            .ends(1)
            .says(&format!("process {number}: "))
            .says("there is none with that number, or it has no memory");
    }
    Ok(())
}

pub fn thread_is_no_process() -> Verdict {
    let (end, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = tell.send(gettid());
            let _ = wait.recv();
        });
        let number = told.recv()?.to_string();
        let ran = said(["status", "-p", &number]);
        drop(end);
        ran?.ends(1).says("it is a thread; name its process");
        Ok(())
    })
}

/// Watches a process until it ends, or is told to.
struct Watcher {
    program: Program,
    lines: io::Lines<BufReader<process::ChildStdout>>,
}

impl Watcher {
    fn new(number: &str) -> Result<Self, Failure> {
        let mut program = vmsync(["status", "--json", "--watch=0.05", "-p", number])?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let Some(out) = program.stdout.take() else {
            panic!("it has no output")
        };
        Ok(Self {
            program,
            lines: BufReader::new(out).lines(),
        })
    }

    /// Waits until it shows something.
    fn shows(&mut self, text: &str) -> Verdict {
        wait_until(text, || {
            let line = self.lines.next();
            let line = line.unwrap_or_else(|| Err(io::Error::other("it ended")))?;
            io::Result::Ok(line.contains(text))
        })
    }

    /// Asserts that it ends since the process did, and never shows something.
    fn ends_without(mut self, text: &str) -> Verdict {
        // A minute of them, and more.
        const MANY: usize = 4000;
        for (count, line) in (&mut self.lines).enumerate() {
            let line = line?;
            assert!(!line.contains(text) && count < MANY, "{line}");
        }
        let output = self.program.wait_with_output()?;
        let err = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(
            err.contains("the process has ended, or executes another program by now"),
            "{err}"
        );
        Ok(())
    }
}

pub fn process_that_executes_another_program() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let target = Target::new(&file, nothing, || {
        program::idle()?;
        Ok(())
    })?;
    let path = file.path().display().to_string();
    let mut watcher = Watcher::new(&target.number())?;
    watcher.shows(&path)?;
    target.line.send(0)?;
    // Whatever the other program has mapped, this is not shown.
    watcher.ends_without("\"nothing\"")
}

/// In `/proc` its number is that of another process.
pub fn process_of_a_pid_namespace() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let path = file.path().display().to_string();
    unshare(CloneFlags::CLONE_NEWPID)?;
    let first = Child::spawn(|| {
        let target = Target::new(&file, nothing, end)?;
        let range = format!("status --range {}", target.addresses);
        target
            .said(&range)?
            .ends(0)
            .says(&format!("{path}\n[O##OOOOO] 8/8\n"));
        let ran = target.said("evict --json")?.ends(0);
        assert_numbers(&ran.summary(), &[("pushed", 2), ("freed", PAGES as u64)]);
        Ok(())
    })?;
    first.join()
}

/// It has borrowed the map of this one, where it lives on (vfork).
pub fn process_with_a_borrowed_map() -> Verdict {
    extern "C" fn wait_to_be_killed(_: *mut libc::c_void) -> libc::c_int {
        loop {
            // SAFETY: It takes nothing.
            unsafe { libc::pause() };
        }
    }

    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.touch(0..PAGES);
    let mut stack = vec![0_u128; 4096];
    let flags = libc::CLONE_VM | libc::SIGCHLD;
    // SAFETY: It has a stack of its own, and does nothing but wait on it.
    let pid = unsafe {
        libc::clone(
            wait_to_be_killed,
            stack.as_mut_ptr_range().end.cast(),
            flags,
            ptr::null_mut(),
        )
    };
    assert!(pid > 0, "{}", io::Error::last_os_error());
    let pid = Pid::from_raw(pid);
    let watched = Watcher::new(&pid.to_string()).and_then(|mut watcher| {
        watcher.shows(&file.path().display().to_string())?;
        Ok(watcher)
    });
    kill(pid, Signal::SIGKILL)?;
    waitpid(pid, None)?;
    drop(stack);
    watched?.ends_without("\"nothing\"")
}

pub fn number_that_another_process_gets() -> Verdict {
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    if !Path::new(LAST).exists() {
        return Err(Failure::skip(
            "this kernel lets nobody choose numbers (CONFIG_CHECKPOINT_RESTORE)",
        ));
    }
    let (file, others) = (TestFile::new(PAGES)?, TestFile::new(PAGES)?);
    let target = Target::new(&file, nothing, end)?;
    let (number, pid) = (target.number(), target.child.pid());
    let mut watcher = Watcher::new(&number)?;
    watcher.shows(&file.path().display().to_string())?;
    target.child.die()?;
    let mut other = None;
    wait_until("the number", || {
        let before = pid.as_raw() - 1;
        fs::write(LAST, before.to_string())?;
        let target = Target::new(&others, nothing, end)?;
        let same = target.child.pid() == Pid::from_raw(pid.as_raw());
        if same {
            other = Some(target);
        }
        Ok::<_, Failure>(same)
    })?;
    watcher.ends_without(&others.path().display().to_string())
}
