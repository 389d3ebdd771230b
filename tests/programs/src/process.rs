// SPDX-License-Identifier: GPL-2.0

//! Processes: children, and how they wait for each other.

use crate::{
    harness::{
        judge,
        wait,
        Failure,
        Verdict, //
    },
    patience::wait_until,
};
use nix::{
    errno::Errno,
    mount::{
        mount,
        MsFlags, //
    },
    sched::{
        sched_setaffinity,
        unshare,
        CloneFlags,
        CpuSet, //
    },
    sys::{
        prctl,
        signal::{
            kill,
            Signal, //
        },
        socket::{
            recvmsg,
            sendmsg,
            ControlMessage,
            ControlMessageOwned,
            MsgFlags, //
        },
        wait::WaitStatus,
    },
    unistd::{
        fork,
        getegid,
        geteuid,
        setgroups,
        setresgid,
        setresuid,
        ForkResult,
        Gid,
        Pid,
        Uid, //
    },
};
use std::{
    env,
    fs, //
    io::{
        self,
        IoSlice,
        IoSliceMut,
        Read,
        Write, //
    },
    os::{
        fd::{
            AsFd,
            AsRawFd,
            FromRawFd,
            OwnedFd, //
        },
        unix::net::UnixStream, //
    },
    process,
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// Somebody who owns nothing and may do little.
pub const NOBODY: u32 = 65534;

const PATIENCE: Duration = Duration::from_secs(120);

/// A child of the test; it is killed when this is dropped.
pub struct Child {
    pid: Pid,
    gone: bool,
}

impl Child {
    /// Forks a child that runs `body` and exits.
    pub fn spawn(body: impl FnOnce() -> Verdict) -> io::Result<Self> {
        // SAFETY: Tests have no other threads when they do this, so the child may do anything.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Self {
                pid: child,
                gone: false,
            }),
            ForkResult::Child => {
                let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                let (code, message) = judge(body);
                if code != 0 {
                    println!("# in a child: {message}");
                }
                process::exit(code);
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> io::Result<WaitStatus> {
        let status = wait(self.pid, Instant::now() + PATIENCE)?
            .ok_or_else(|| io::Error::other(format!("a child still runs after {PATIENCE:?}")))?;
        self.gone = true;
        Ok(status)
    }

    /// Waits until it has ended, and fails or is skipped as it did or was.
    pub fn join(mut self) -> Verdict {
        match self.wait()? {
            WaitStatus::Exited(_, 0) => Ok(()),
            WaitStatus::Exited(_, 4) => Err(Failure::skip("see the child")),
            status => Err(Failure::Failed(format!("a child failed: {status:?}"))),
        }
    }

    /// Waits until it, or the first thread of it, is in a state, a letter as `ps` has it.
    #[track_caller]
    pub fn wait_for_state(&self, state: char) -> Verdict {
        wait_for_state(self.pid.as_raw().unsigned_abs(), state)
    }

    /// Kills it.
    pub fn kill(&self) -> io::Result<()> {
        Ok(kill(self.pid, Signal::SIGKILL)?)
    }

    /// Kills it, and waits until it is gone. Fails if it has ended otherwise.
    pub fn die(mut self) -> Verdict {
        self.kill()?;
        match self.wait()? {
            WaitStatus::Signaled(_, Signal::SIGKILL, _) => Ok(()),
            status => Err(Failure::Failed(format!("it was not killed: {status:?}"))),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.gone {
            let _ = self.kill();
            let _ = wait(self.pid, Instant::now() + PATIENCE);
        }
    }
}

/// One end of a line between two processes, for signs that it is the other's turn.
pub struct Line(UnixStream);

impl Line {
    /// Both ends of a new line. A process should drop the end that it does not use, so that the
    /// end of the other is noticed.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_read_timeout(Some(PATIENCE))?;
        theirs.set_read_timeout(Some(PATIENCE))?;
        Ok((Self(ours), Self(theirs)))
    }

    /// Sends a number.
    pub fn send(&self, word: usize) -> io::Result<()> {
        (&self.0).write_all(&word.to_ne_bytes())
    }

    /// Waits for a number.
    pub fn receive(&self) -> io::Result<usize> {
        let mut bytes = [0; size_of::<usize>()];
        (&self.0).read_exact(&mut bytes)?;
        Ok(usize::from_ne_bytes(bytes))
    }

    /// Waits until the other end is closed.
    pub fn receive_end(&self) -> io::Result<()> {
        match (&self.0).read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(io::Error::other("a word instead of the end")),
            Err(error) => Err(error),
        }
    }

    /// Sends a descriptor.
    pub fn send_descriptor(&self, descriptor: impl AsFd) -> io::Result<()> {
        let descriptors = [descriptor.as_fd().as_raw_fd()];
        let message = [ControlMessage::ScmRights(&descriptors)];
        sendmsg::<()>(
            self.0.as_raw_fd(),
            &[IoSlice::new(b"d")],
            &message,
            MsgFlags::empty(),
            None,
        )?;
        Ok(())
    }

    /// Waits for a descriptor.
    pub fn receive_descriptor(&self) -> io::Result<OwnedFd> {
        let mut byte = [0];
        let mut slices = [IoSliceMut::new(&mut byte)];
        let mut space = nix::cmsg_space!(libc::c_int);
        let message = recvmsg::<()>(
            self.0.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::MSG_CMSG_CLOEXEC,
        )?;
        for message in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(descriptors) = message {
                if let [descriptor] = descriptors[..] {
                    // SAFETY: It was just received, and nobody else knows of it.
                    return Ok(unsafe { OwnedFd::from_raw_fd(descriptor) });
                }
            }
        }
        Err(io::Error::other("no descriptor came"))
    }

    /// The socket.
    pub fn socket(&self) -> &UnixStream {
        &self.0
    }
}

/// Ends the calling thread. Its process lives on in another one, until something comes over the line.
pub fn live_on_in_a_thread(line: &Line) -> io::Result<()> {
    let line = line.socket().try_clone()?;
    thread::spawn(move || {
        let _ = (&line).read(&mut [0]);
        process::exit(0);
    });
    // SAFETY: Only this thread ends. What it has stays, for the other one ends the process.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    Ok(())
}

/// Waits until a process sleeps, in the system call that it is in, and so touches no memory.
#[track_caller]
pub fn wait_until_asleep(pid: u32) -> Verdict {
    wait_for_state(pid, 'S')
}

#[track_caller]
fn wait_for_state(pid: u32, state: char) -> Verdict {
    wait_until(&format!("in state {state}"), || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // Behind the name, which can be anything.
        let rest = stat.rsplit_once(") ").map(|(_, rest)| rest);
        io::Result::Ok(rest.is_some_and(|rest| rest.starts_with(state)))
    })
}

/// Waits until a thread of a process waits in a function of the kernel whose name begins like that.
#[track_caller]
pub fn wait_until_in(pid: Pid, function: &str) -> Verdict {
    wait_until(&format!("in {function}"), || {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            // It may have ended.
            let found = fs::read_to_string(thread?.path().join("wchan")).unwrap_or_default();
            if found.starts_with(function) {
                return io::Result::Ok(true);
            }
        }
        Ok(false)
    })
}

/// Has this thread run on one processor only, if there is that one.
pub fn stay_on(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor)?;
    match sched_setaffinity(Pid::from_raw(0), &set) {
        Ok(()) | Err(Errno::EINVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Becomes another user, for good, with no other groups than `group`.
pub fn become_user(user: u32, group: u32) -> io::Result<()> {
    let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
    setgroups(&[])?;
    setresgid(group, group, group)?;
    setresuid(user, user, user)?;
    // The kernel forgets these when the user changes.
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    prctl::set_dumpable(true)?;
    Ok(())
}

/// Becomes another user, for good, who has these capabilities and no others.
pub fn become_user_with(user: u32, group: u32, capabilities: &[u32]) -> io::Result<()> {
    /// `struct __user_cap_header_struct` of linux/capability.h.
    #[repr(C)]
    struct Request {
        version: u32,
        pid: i32,
    }
    /// `struct __user_cap_data_struct`.
    #[derive(Clone, Copy, Default)]
    #[repr(C)]
    struct Words {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const VERSION_3: u32 = 0x2008_0522;

    prctl::set_keepcaps(true)?;
    become_user(user, group)?;
    let mut words = [Words::default(); 2];
    for &capability in capabilities {
        let word = &mut words[capability as usize / 32];
        word.effective |= 1 << (capability % 32);
        word.permitted = word.effective;
    }
    let request = Request {
        version: VERSION_3,
        pid: 0,
    };
    // SAFETY: The structures are those of the call, and live until it returns.
    let code = unsafe { libc::syscall(libc::SYS_capset, &raw const request, words.as_ptr()) };
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gets namespaces of one's own for users and mounts, in which one is root, and a place for files.
pub fn enter_namespaces() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    // Who could give up groups could get at what is forbidden to these.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    let none = None::<&str>;
    let place = env::temp_dir();
    Ok(mount(none, &place, Some("tmpfs"), MsFlags::empty(), none)?)
}
