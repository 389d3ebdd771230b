// SPDX-License-Identifier: GPL-2.0

//! Processes and threads, and their numbers.
//!
//! C headers: `include/linux/pid.h`, `include/linux/sched/mm.h`, `include/linux/proc_fs.h`

use super::helpers;
use core::ptr::{
    self,
    NonNull, //
};
use kernel::{
    bindings,
    mm::MmWithUser,
    seq_file::SeqFile,
    sync::{
        aref::ARef,
        rcu, //
    },
    task::Task, //
};

/// A process or a thread, which can have ended meanwhile (a `struct pid`).
///
/// It is never taken for another one that gets the same number later. A program that is executed leaves
/// the process what it is, whichever of its threads does that.
///
/// # Invariants
///
/// The pointer is valid, and this has a reference to what it points to.
pub(crate) struct Pid(NonNull<bindings::pid>);

// SAFETY: A `struct pid` may be used and put by any task.
unsafe impl Send for Pid {}
// SAFETY: All functions of a `struct pid` may be called in parallel.
unsafe impl Sync for Pid {}

impl Pid {
    /// The process of a task; `None` if it has been waited for.
    pub(crate) fn process_of(task: &Task) -> Option<Self> {
        // INVARIANT: `get_task_pid()` takes a reference.
        // SAFETY: The task is valid since it is a reference.
        NonNull::new(unsafe {
            bindings::get_task_pid(task.as_ptr(), bindings::pid_type_PIDTYPE_TGID)
        })
        .map(Self)
    }

    /// Whoever has this number in the pid namespace of the calling task. A process has that of its
    /// first thread.
    pub(crate) fn find(number: i32) -> Option<Self> {
        // INVARIANT: `find_get_pid()` takes a reference.
        // SAFETY: Any number is fine.
        NonNull::new(unsafe { bindings::find_get_pid(number) }).map(Self)
    }

    /// The thread; `None` if it has ended and was waited for.
    pub(crate) fn thread(&self) -> Option<ARef<Task>> {
        // SAFETY: By the type invariants the pointer is valid.
        let task =
            unsafe { bindings::get_pid_task(self.0.as_ptr(), bindings::pid_type_PIDTYPE_PID) };
        // SAFETY: If there is a task, `get_pid_task()` has taken a reference to it, which is ours.
        NonNull::new(task.cast::<Task>()).map(|task| unsafe { ARef::from_raw(task) })
    }

    /// Its number in the initial pid namespace, in which everybody has one.
    pub(crate) fn initial_number(&self) -> i32 {
        // SAFETY: By the type invariants the pointer is valid, and the initial namespace always is.
        unsafe { bindings::pid_nr_ns(self.0.as_ptr(), &raw mut bindings::init_pid_ns) }
    }

    /// The number of the process in the pid namespace of the calling task; 0 if it has none there, or
    /// has been waited for, since another process may have that number then.
    pub(crate) fn number(&self) -> i32 {
        // SAFETY: `number_of_living()` passes a valid pointer.
        self.number_of_living(|pid| unsafe { bindings::pid_vnr(pid) })
    }

    /// The number of the process in the pid namespace of the procfs in which `seq` is shown; 0
    /// likewise, or if that is no procfs.
    pub(crate) fn number_shown_in(&self, seq: &SeqFile) -> i32 {
        let seq = ptr::from_ref(seq).cast::<bindings::seq_file>();
        // SAFETY: A `SeqFile` is a `struct seq_file`, which is one of an open file, whose inode has a
        // superblock.
        let superblock = unsafe { (*(*(*seq).file).f_inode).i_sb };
        // SAFETY: The superblock lives as long as the file is open.
        if u32::try_from(unsafe { (*superblock).s_magic }) != Ok(bindings::PROC_SUPER_MAGIC) {
            return 0;
        }
        self.number_of_living(|pid| {
            // SAFETY: The superblock is one of procfs, and the pointer valid.
            unsafe { bindings::pid_nr_ns(pid, helpers::vm_map_sync_proc_pid_ns(superblock)) }
        })
    }

    fn number_of_living(&self, number: impl FnOnce(*mut bindings::pid) -> i32) -> i32 {
        let _guard = rcu::read_lock();
        // SAFETY: By the type invariants the pointer is valid, and this is under RCU.
        let leader =
            unsafe { bindings::pid_task(self.0.as_ptr(), bindings::pid_type_PIDTYPE_TGID) };
        if leader.is_null() {
            0
        } else {
            number(self.0.as_ptr())
        }
    }
}

impl Drop for Pid {
    fn drop(&mut self) {
        // SAFETY: By the type invariants this has a reference.
        unsafe { bindings::put_pid(self.0.as_ptr()) };
    }
}

/// The map of a task, with its users; `None` if it has ended, or is a kernel thread.
///
/// Whoever drops it may be the last one, and then does what there is to do at the end of a map: no lock
/// may be held.
pub(crate) fn users_of(task: &Task) -> Option<ARef<MmWithUser>> {
    // SAFETY: The task is valid since it is a reference.
    let users = unsafe { bindings::get_task_mm(task.as_ptr()) };
    // SAFETY: If there is a map, `get_task_mm()` has taken a reference to its users, which is ours.
    NonNull::new(users.cast::<MmWithUser>()).map(|users| unsafe { ARef::from_raw(users) })
}

/// Whether the calling task is in the initial pid namespace.
pub(crate) fn is_in_initial_namespace() -> bool {
    kernel::current!()
        .active_pid_ns()
        .is_some_and(|namespace| namespace.as_ptr() == &raw mut bindings::init_pid_ns)
}
