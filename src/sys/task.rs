// SPDX-License-Identifier: GPL-2.0

//! The calling task.

use super::helpers;
use kernel::ffi::c_int;

/// The caller was killed: stop at once.
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

/// Gives way to other tasks, and says whether the caller may go on.
///
/// # Errors
///
/// If a fatal signal is pending.
pub(crate) fn checkpoint() -> Result<(), Killed> {
    // SAFETY: All callers are in process context and hold sleeping locks at the most.
    unsafe { helpers::vm_map_sync_cond_resched() };
    // SAFETY: Looks at the current task only.
    if unsafe { helpers::vm_map_sync_fatal_signal_pending() } {
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
