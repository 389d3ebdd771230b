// SPDX-License-Identifier: GPL-2.0

//! Filters: system calls that a process does not allow itself (seccomp).

use nix::errno::Errno;
use vm_map_sync_tests::harness::Failure;

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// It fails with this error number.
    Error(i32),
    /// The process is killed.
    Kill,
}

const NUMBER: u32 = 0;
const FIRST_ARGUMENT: u32 = 16;

/// Has a system call of this process, and of its children, end in `verdict` from now on; if so it is
/// wanted, only those whose first argument is `argument`.
///
/// # Errors
///
/// As a test that cannot be run if the kernel has no filters.
pub fn refuse(call: libc::c_long, argument: Option<u32>, verdict: Verdict) -> Result<(), Failure> {
    let load = |offset| step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset);
    // Goes over so many steps if it is something else.
    let is = |value, over| step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, over, value);
    let end = |verdict| step(libc::BPF_RET | libc::BPF_K, 0, 0, verdict);
    let number = u32::try_from(call)?;
    let verdict = match verdict {
        Verdict::Error(errno) => libc::SECCOMP_RET_ERRNO | errno.unsigned_abs(),
        Verdict::Kill => libc::SECCOMP_RET_KILL_PROCESS,
    };
    let mut steps = vec![
        load(NUMBER),
        is(number, if argument.is_some() { 3 } else { 1 }),
    ];
    if let Some(argument) = argument {
        steps.extend([load(FIRST_ARGUMENT), is(argument, 1)]);
    }
    steps.extend([end(verdict), end(libc::SECCOMP_RET_ALLOW)]);
    let filter = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: The filter and its steps live until the call returns.
    let code = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const filter,
        )
    };
    match Errno::result(code) {
        Err(Errno::EINVAL) => Err(Failure::skip("no seccomp here")),
        result => Ok(result.map(drop)?),
    }
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    }
}
