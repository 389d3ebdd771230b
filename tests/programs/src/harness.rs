// SPDX-License-Identifier: GPL-2.0

//! The harness: each test in a process of its own, with a time limit, and KTAP for the results.

use crate::sysctl;
use nix::{
    errno::Errno,
    sys::{
        prctl,
        signal::{
            killpg,
            Signal, //
        },
        wait::{
            waitpid,
            WaitPidFlag,
            WaitStatus, //
        },
    },
    unistd::{
        fork,
        setpgid,
        ForkResult,
        Pid, //
    },
};
use std::{
    env,
    error::Error,
    fmt,
    io::{
        self,
        Read,
        Write, //
    },
    os::unix::net::UnixStream,
    panic::{
        self,
        AssertUnwindSafe,
        Location, //
    },
    path::Path,
    process::{
        self,
        ExitCode, //
    },
    sync::{
        Arc,
        Mutex, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// How long a test may take: against hanging only, since the slowest machine that they run on is an
/// emulated one that has others beside it.
const LIMIT: Duration = Duration::from_secs(240);

/// The same, for tests that take as long as they are told to.
fn limit() -> Duration {
    patience(LIMIT) + Duration::from_secs(number("VMS_SECONDS").unwrap_or(0).into())
}

/// What somebody may take on a kernel that watches itself (`VMS_SLOW`: how many times slower it is
/// than others), if it is `usual` elsewhere.
pub fn patience(usual: Duration) -> Duration {
    usual * number("VMS_SLOW").unwrap_or(1)
}

/// How much of something there is to be on a kernel that watches itself, if it is `usual`ly as much.
pub fn fewer(usual: usize) -> usize {
    usual / number("VMS_SLOW").map_or(1, |slow| slow as usize)
}

fn number(name: &str) -> Option<u32> {
    env::var(name).ok()?.parse().ok()
}

const PASSED: i32 = 0;
const FAILED: i32 = 1;
const SKIPPED: i32 = 4;

/// Why a test did not pass.
#[derive(Debug)]
pub enum Failure {
    /// It failed; where and with what.
    Failed(String),
    /// It cannot be run here; why.
    Skipped(String),
}

impl<E: Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(format!("{}: {error}", Location::caller()))
    }
}

impl Failure {
    /// A test that cannot be run here because of `reason`.
    pub fn skip(reason: impl fmt::Display) -> Self {
        Self::Skipped(reason.to_string())
    }
}

/// What a test comes to. It can also panic.
pub type Verdict = Result<(), Failure>;

/// A test, by its name.
pub struct Test {
    /// The name.
    pub name: &'static str,
    /// The test.
    pub run: fn() -> Verdict,
}

/// Tests, by the names of their functions.
#[macro_export]
macro_rules! tests {
    ($($name:path),* $(,)?) => {
        &[$($crate::harness::Test {
            name: stringify!($name),
            run: $name,
        }),*]
    };
}

/// Runs the tests, or those of them that the command line names, on the module.
pub fn run(tests: &[Test]) -> ExitCode {
    if !Path::new(vm_map_sync::DEVICE).exists() {
        println!(
            "Bail out! {} is not there: load the module first (insmod vm_map_sync.ko)",
            vm_map_sync::DEVICE
        );
        return ExitCode::FAILURE;
    }
    // The tests decide when something is written.
    let held = sysctl::hold_writeback();
    if let Err(error) = &held {
        println!("Bail out! the tests must be run as root: {error}");
        return ExitCode::FAILURE;
    }
    let names: Vec<String> = env::args().skip(1).collect();
    let wanted = |test: &&Test| names.is_empty() || names.iter().any(|name| name == test.name);
    run_all(&tests.iter().filter(wanted).collect::<Vec<_>>())
}

fn run_all(tests: &[&Test]) -> ExitCode {
    println!("KTAP version 1\n1..{}", tests.len());
    let codes: Vec<i32> = tests
        .iter()
        .enumerate()
        .map(|(index, test)| report(index + 1, test))
        .collect();
    ExitCode::from(if codes.iter().any(|&code| code == FAILED) {
        1
    } else if codes.iter().all(|&code| code == SKIPPED) {
        4
    } else {
        0
    })
}

fn report(number: usize, test: &Test) -> i32 {
    let began = Instant::now();
    let (code, message) =
        run_apart(test, limit()).unwrap_or_else(|error| (FAILED, error.to_string()));
    let name = test.name;
    let seconds = began.elapsed().as_secs();
    if seconds >= 3 {
        println!("# {name} took {seconds} s");
    }
    let (first, more) = message.split_once('\n').unwrap_or((&message, ""));
    for line in more.lines() {
        println!("# {line}");
    }
    match code {
        PASSED => println!("ok {number} {name}"),
        SKIPPED => println!("ok {number} {name} # SKIP {first}"),
        _ => println!("not ok {number} {name} # {first}"),
    }
    code
}

/// Runs a test in a process of its own, with all its children in its process group, so that
/// nothing of it can outlive it.
fn run_apart(test: &Test, limit: Duration) -> io::Result<(i32, String)> {
    let (mut ours, theirs) = UnixStream::pair()?;
    // SAFETY: There are no other threads, so the child may do anything.
    let child = match unsafe { fork() }? {
        ForkResult::Child => {
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            let (code, message) = judge(test.run);
            let _ = (&theirs).write_all(message.as_bytes());
            process::exit(code);
        }
        ForkResult::Parent { child } => child,
    };
    drop(theirs);
    let status = wait(child, Instant::now() + limit);
    // What is left of the group. There is none if nothing is.
    let _ = killpg(child, Signal::SIGKILL);

    let mut message = Vec::new();
    // A grandchild may still have the other end.
    ours.set_nonblocking(true)?;
    let _ = ours.read_to_end(&mut message);
    let message = String::from_utf8_lossy(&message).into_owned();
    Ok(match status? {
        Some(WaitStatus::Exited(_, code)) => (code, message),
        Some(WaitStatus::Signaled(_, signal, _)) => (FAILED, format!("killed by {signal}")),
        Some(other) => (FAILED, format!("{other:?}")),
        None => {
            waitpid(child, None)?;
            (FAILED, format!("TIMEOUT {limit:?}"))
        }
    })
}

/// Waits for a child. Returns `None` if it is still there at `deadline`.
pub(crate) fn wait(child: Pid, deadline: Instant) -> io::Result<Option<WaitStatus>> {
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(status) => return Ok(Some(status)),
            Err(errno) => return Err(errno.into()),
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Runs a part of a test here, in a program that was run for it, and says on the standard error why it
/// failed.
pub fn judge_alone(run: fn() -> Verdict) -> ExitCode {
    let (code, message) = judge(run);
    if code != PASSED {
        eprintln!("{message}");
    }
    ExitCode::from(code as u8)
}

/// Runs a test here. Returns its exit code and what there is to say.
pub(crate) fn judge(run: impl FnOnce() -> Verdict) -> (i32, String) {
    let said = Arc::new(Mutex::new(String::new()));
    let heard = said.clone();
    panic::set_hook(Box::new(move |panic| {
        if let Ok(mut said) = heard.lock() {
            let text = panic.to_string();
            let text = text.strip_prefix("panicked at ").unwrap_or(&text);
            *said = text.replacen(":\n", ": ", 1);
        }
    }));
    match panic::catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => (PASSED, String::new()),
        Ok(Err(Failure::Skipped(reason))) => (SKIPPED, reason),
        Ok(Err(Failure::Failed(message))) => (FAILED, message),
        Err(_) => (
            FAILED,
            said.lock().map(|said| said.clone()).unwrap_or_default(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::abort;

    fn passes() -> Verdict {
        Ok(())
    }

    fn fails() -> Verdict {
        Ok(Err(io::Error::other("as it should"))?)
    }

    fn panics() -> Verdict {
        panic!("as it should\nand how")
    }

    fn is_skipped() -> Verdict {
        Err(Failure::skip("not here"))
    }

    fn crashes() -> Verdict {
        abort()
    }

    fn hangs() -> Verdict {
        loop {
            thread::park();
        }
    }

    /// All in one: forking is not for several threads at once.
    #[test]
    fn verdicts() {
        let short = Duration::from_millis(200);
        let judged = |run| run_apart(&Test { name: "test", run }, short).expect("it can fork");
        let here = file!();

        assert_eq!(judged(passes), (PASSED, String::new()));
        assert_eq!(judged(is_skipped), (SKIPPED, "not here".to_owned()));
        let (code, message) = judged(fails);
        assert_eq!(code, FAILED);
        assert!(
            message.contains(here) && message.ends_with(": as it should"),
            "{message}"
        );
        let (code, message) = judged(panics);
        assert_eq!(code, FAILED);
        assert!(
            message.contains(here) && message.ends_with(": as it should\nand how"),
            "{message}"
        );
        assert_eq!(judged(crashes), (FAILED, "killed by SIGABRT".to_owned()));
        assert_eq!(judged(hangs), (FAILED, "TIMEOUT 200ms".to_owned()));
    }
}
