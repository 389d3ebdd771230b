// SPDX-License-Identifier: GPL-2.0

//! The calling task.

use super::helpers;
use core::cmp::min;
use kernel::ffi::c_int;

/// The caller was killed, or the request of a ring that he has done was cancelled: stop at once.
#[derive(Debug)]
pub(crate) struct Killed;

impl Killed {
    /// The result of a kernel function that fails only if the caller was killed: `0` or `-EINTR`.
    pub(super) fn check(result: c_int) -> Result<(), Self> {
        if result == 0 {
            Ok(())
        } else {
            Err(Self)
        }
    }
}

/// Calls a kernel function that waits until it is successful, or the caller gets a signal. Those that do not
/// tell him to stop make no difference.
pub(super) fn retry<T>(mut wait: impl FnMut() -> Option<T>) -> Result<T, Killed> {
    loop {
        match wait() {
            Some(found) => return Ok(found),
            None => checkpoint()?,
        }
    }
}

/// Gives way to other tasks, and says whether the caller may go on.
///
/// # Errors
///
/// If a fatal signal is pending; in a worker of a ring, also if it was told to leave what it is at.
pub(crate) fn checkpoint() -> Result<(), Killed> {
    // SAFETY: All callers are in process context and hold sleeping locks at the most.
    unsafe { helpers::vm_map_sync_cond_resched() };
    // SAFETY: Looks at the current task only.
    if unsafe { helpers::vm_map_sync_is_told_to_stop() } {
        return Err(Killed);
    }
    Ok(())
}

/// Sleeps, unless the caller is killed.
///
/// # Errors
///
/// If it was.
pub(crate) fn sleep(milliseconds: u32) -> Result<(), Killed> {
    // SAFETY: All callers are in process context and hold no lock.
    unsafe { helpers::vm_map_sync_sleep_killable(milliseconds) };
    checkpoint()
}

/// Whether this is a worker of a ring, who can be told to leave what he is at, which is no signal.
pub(crate) fn is_ring_worker() -> bool {
    // SAFETY: Looks at the current task only.
    unsafe { helpers::vm_map_sync_is_ring_worker() }
}

/// Looks again and again whether something has come, for which a worker of a ring could not be woken up to
/// leave it. It is seen late by a quarter of the time that it took. It may be a lock, which `has_come` takes.
///
/// # Errors
///
/// If the caller was killed.
pub(super) fn look_out(has_come: impl Fn() -> bool) -> Result<(), Killed> {
    /// In microseconds.
    const SHORTEST: u32 = 50;
    const LONGEST: u32 = 10_000;

    let mut nap = SHORTEST;
    while !has_come() {
        checkpoint()?;
        // SAFETY: All callers are in process context and hold sleeping locks at the most.
        unsafe { helpers::vm_map_sync_nap_killable(nap) };
        nap = min(nap + nap / 4, LONGEST);
    }
    Ok(())
}
