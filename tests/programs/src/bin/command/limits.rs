// SPDX-License-Identifier: GPL-2.0

//! Limits: few descriptors, little memory, and somebody who has waited enough.

use super::scene::*;
use nix::{
    fcntl::{
        fcntl,
        FcntlArg, //
    },
    sys::{
        resource::{
            setrlimit,
            Resource, //
        },
        signal::{
            kill,
            Signal, //
        },
    },
    unistd::{
        pipe,
        Pid, //
    },
};
use std::{
    fs::File,
    io,
    os::{
        fd::AsRawFd,
        unix::process::{
            CommandExt,
            ExitStatusExt, //
        },
    },
    process::{
        Command,
        Stdio, //
    },
};
use vm_map_sync_tests::{
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    patience::wait_until,
    process::wait_until_in,
    spare::Site,
    PAGE, //
};

/// The command, which gets so much of something at the most.
pub fn limited(command: &mut Command, resource: Resource, most: u64) -> &mut Command {
    // SAFETY: It makes a system call and nothing else.
    unsafe { command.pre_exec(move || Ok(setrlimit(resource, most, most)?)) }
}

fn with_files(count: usize) -> io::Result<Tree> {
    let tree = Tree::new()?;
    for number in 0..count {
        tree.file(format!("{}/{number}", number % 7))?;
    }
    Ok(tree)
}

pub fn few_descriptors() -> Verdict {
    let count = fewer(400);
    let tree = with_files(count)?;
    for (limit, verb) in [
        (64, "evict -r --json"),
        (24, "sync -r --json"),
        (64, "status -r --json"),
    ] {
        let mut command = vmsync(words(verb, tree.path()))?;
        let ran = run(limited(&mut command, Resource::RLIMIT_NOFILE, limit))?
            .ends(0)
            .quietly();
        assert_numbers(&ran.summary(), &[("files", count as u64), ("failed", 0)]);
    }
    Ok(())
}

/// Three times as many files take no more memory, and no more than a program for such things may take.
pub fn many_files_in_little_memory() -> Verdict {
    const MEMORY: u64 = 24 << 20;
    let count = fewer(4000);
    let tree = with_files(count)?;
    let mut command = vmsync(words("evict -r --json", tree.path()))?;
    let ran = run(limited(&mut command, Resource::RLIMIT_DATA, MEMORY))?.ends(0);
    let count = count as u64;
    assert_numbers(&ran.summary(), &[("files", count), ("freed", count)]);
    Ok(())
}

/// A call that would not come back for minutes: it ends at once, and says how far it came.
fn interrupt(options: &str, signal: Signal) -> Result<Ran, Failure> {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    let done = TestFile::new(4)?;
    site.settle();
    let file = TestFile::new(4)?;
    let _opener = gate.opener();
    file.map()?.fill(1, [2]);
    gate.close(Held::Writes)?;
    let mut arguments = words(options, done.path());
    arguments.push(file.path().as_os_str());
    let mut command = limited(&mut vmsync(arguments)?, Resource::RLIMIT_NOFILE, 24)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    wait_until("in the call", || io::Result::Ok(gate.held()? > 0))?;
    kill(Pid::from_raw(command.id().try_into()?), signal)?;
    wait_until("ended", || io::Result::Ok(command.try_wait()?.is_some()))?;
    assert!(gate.held()? > 0, "it was over anyhow");
    let output = command.wait_with_output()?;
    Ok(Ran {
        status: output.status,
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}

pub fn interrupted() -> Verdict {
    interrupt("evict", Signal::SIGINT)?
        .falls_to(Signal::SIGINT as i32)
        .says("evict: 1 file, 16 KiB: 0 pages pushed, 4 freed, 0 left")
        .says("interrupted by SIGINT: what was under way is not counted");
    Ok(())
}

pub fn interrupted_with_json() -> Verdict {
    let ran = interrupt("sync --json", Signal::SIGTERM)?.falls_to(Signal::SIGTERM as i32);
    let summary = ran.summary();
    assert_numbers(&summary, &[("files", 1)]);
    assert_eq!(summary["interrupted"], "SIGTERM");
    Ok(())
}

/// Nobody reads what it says, so it cannot say how far it came.
pub fn interrupted_while_nobody_reads() -> Verdict {
    let tree = with_files(100)?;
    let (_end, out) = pipe()?;
    // Much less than there is to be said.
    fcntl(out.as_raw_fd(), FcntlArg::F_SETPIPE_SZ(PAGE as i32))?;
    let mut child = vmsync(words("status -r --json", tree.path()))?
        .stdout(out)
        .spawn()?;
    let pid = Pid::from_raw(child.id().try_into()?);
    wait_until_in(pid, "anon_pipe_write")?;
    kill(pid, Signal::SIGINT)?;
    wait_until("ended", || io::Result::Ok(child.try_wait()?.is_some()))?;
    assert_eq!(child.wait()?.signal(), Some(Signal::SIGINT as i32));
    Ok(())
}

/// What it has to say gets lost, but not that it got lost.
pub fn no_room_for_the_output() -> Verdict {
    let file = TestFile::new(4)?;
    for verb in [
        "status",
        "status --json",
        "evict -v",
        "sync",
        "check",
        "generate man",
    ] {
        let mut words = words(verb, file.path());
        if matches!(verb, "check" | "generate man") {
            words.pop();
        }
        let full = File::options().write(true).open("/dev/full")?;
        assert!(full.as_raw_fd() > 2);
        let output = vmsync(words)?.stdout(full).output()?;
        let err = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(1), "{verb}: {err}");
        let sentence =
            "vmsync: the standard output cannot be written to: No space left on device; \
                        give it a place with room\n";
        assert_eq!(err, sentence, "{verb}");
    }
    Ok(())
}
