// SPDX-License-Identifier: GPL-2.0

//! Attaching: a handle on another process's map.

use crate::{
    args::Argument,
    map::Map,
    pace::Later,
    standing::Caller,
    sys::{
        device::Registration,
        proc::{
            self,
            Proc, //
        },
        process::{
            self,
            Pid, //
        },
    },
    uapi, //
};
use kernel::{
    fs::file::{
        flags::O_CLOEXEC,
        FileDescriptorReservation, //
    },
    prelude::*,
    uaccess::UserPtr, //
};

/// What is asked who may attach to whom.
///
/// It is mounted when the module is loaded, and shows what the loader of the module can see: processes
/// of the initial pid namespace are all.
///
/// # Errors
///
/// - `EPERM` for a loader in another pid namespace.
/// - Those of [`Proc::mount`].
pub(crate) fn referee() -> Result<Proc> {
    if !process::is_in_initial_namespace() {
        pr_err!("to be loaded from the initial pid namespace, where all processes can be seen\n");
        return Err(EPERM);
    }
    Proc::mount().inspect_err(|errno| pr_err!("no /proc of its own: {errno:?}\n"))
}

/// Makes a handle on the map of a process (`VM_MAP_SYNC_ATTACH`). Returns its descriptor.
///
/// # Errors
///
/// - `EINVAL` if a flag or a reserved field is set.
/// - Those of [`Argument::read`] and [`find`].
/// - `EMFILE`, `ENFILE` and `ENOMEM`.
/// - [`Later`] if the call may not wait: others hold what opening a file of a process takes.
#[inline(never)]
pub(crate) fn attach(caller: Caller<'_>, user: UserPtr) -> Result<isize> {
    let uapi::vm_map_sync_attach {
        flags,
        pid,
        reserved,
        ..
    } = Argument::read(user)?.fields;
    if flags != 0 || reserved != 0 {
        return Err(EINVAL);
    }
    if caller.pace.is_at_once() {
        return Err(Later.into());
    }
    let map = KBox::new(find(pid)?, GFP_KERNEL_ACCOUNT)?;
    let reservation = FileDescriptorReservation::get_unused_fd_flags(O_CLOEXEC)?;
    let file = Registration::<Map>::file(c"[vm_map_sync]", map)?;
    let descriptor = isize::try_from(reservation.reserved_fd())?;
    reservation.fd_install(file);
    Ok(descriptor)
}

/// A handle on the map of the process with this number in the caller's pid namespace, who must be
/// allowed to open `/proc/NUMBER/mem`. As there, a number can also be that of a thread: its process is
/// meant.
///
/// # Errors
///
/// - `ESRCH` if there is no such process, or it has no map (any more).
/// - `EAGAIN` if it has called `execve()` meanwhile: it is not known of which of its maps it is that
///   the caller was found to have a right to.
/// - Those of [`proc::check_memory`].
fn find(number: i32) -> Result<Map> {
    let pid = Pid::find(number).ok_or(ESRCH)?;
    // As long as it is held no other map can be taken for it.
    let (map, process) = {
        let thread = pid.thread().ok_or(ESRCH)?;
        let map = process::users_of(&thread).ok_or(ESRCH)?;
        (map, Pid::process_of(&thread).ok_or(ESRCH)?)
    };

    let allowed = proc::check_memory(pid.initial_number());

    // If somebody else has got the number meanwhile, it is his memory that was opened, and the thread is
    // gone.
    let thread = pid.thread().ok_or(ESRCH)?;
    let now = process::users_of(&thread).ok_or(ESRCH)?;
    allowed.map_err(|errno| match errno {
        // A thread is there for procfs only if it has the memory for it.
        ENOENT => ENOMEM,
        errno => errno,
    })?;
    if now.as_raw() == map.as_raw() {
        Ok(Map::new((&**map).into(), process))
    } else {
        Err(EAGAIN)
    }
}
