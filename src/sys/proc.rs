// SPDX-License-Identifier: GPL-2.0

//! Procfs: mounted for the module alone, to ask it who may do what to whom.
//!
//! What it asks itself (`ptrace_may_access()`, `mm_access()`) is not exported.
//!
//! C headers: `include/linux/mount.h`, `include/linux/namei.h`

use super::{
    helpers,
    rights::Rights, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    prelude::*,
    str::CString,
    sync::SetOnce, //
};

struct RawMount(*mut bindings::vfsmount);

// SAFETY: A mount may be used and unmounted by any task.
unsafe impl Send for RawMount {}
// SAFETY: All functions of a mount may be called in parallel.
unsafe impl Sync for RawMount {}

static MOUNT: SetOnce<RawMount> = SetOnce::new();

/// The module's procfs: mounted with the module, and gone with it.
///
/// # Invariants
///
/// [`MOUNT`] holds a mount. There is one value of this type at the most.
pub(crate) struct Proc(());

impl Proc {
    /// Mounts it. It shows the processes of the caller's pid namespace.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `ENODEV` if the kernel has none; `EBUSY` if it has been mounted before.
    pub(crate) fn mount() -> Result<Self> {
        if MOUNT.as_ref().is_some() {
            return Err(EBUSY);
        }
        // SAFETY: Any name is fine.
        let mount = from_err_ptr(unsafe { helpers::vm_map_sync_mount(c"proc".as_char_ptr()) })?;
        MOUNT.populate(RawMount(mount));
        // INVARIANT: Just mounted, and `MOUNT` can be populated only once.
        Ok(Self(()))
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        if let Some(mount) = MOUNT.as_ref() {
            // SAFETY: By the type invariants this is a mount, which nobody else unmounts.
            // `check_memory()` is called on behalf of open files only, and these keep the module
            // loaded; a file of the mount that is still being closed has a reference of its own.
            unsafe { bindings::kern_unmount(mount.0) };
        }
    }
}

/// Checks that the caller may open `/proc/NUMBER/mem`. To be called on behalf of an open file of the
/// module only.
///
/// It is what is done when that file is opened which counts: the rule of ptrace, and what security
/// modules say. Its mode, by which root alone may open what is not its owner's, is not asked.
///
/// # Errors
///
/// - `ENOENT` if there is no such thread, or no memory for what procfs has of it.
/// - `ESRCH` if it has gone meanwhile, or has no map.
/// - `EACCES`, or another error of a security module, if the caller may not.
/// - Those of opening any file.
pub(crate) fn check_memory(number: i32) -> Result {
    let mount = MOUNT.as_ref().ok_or(ENODEV)?.0;
    let name = CString::try_from_fmt(fmt!("{number}/mem"))?;
    let mode = i32::try_from(bindings::O_RDONLY)?;
    let mut path = bindings::path::default();
    // SAFETY: What is in `MOUNT` is a mount until the module goes, and the name is a string.
    to_result(unsafe { helpers::vm_map_sync_path_lookup(mount, name.as_char_ptr(), &mut path) })?;
    let rights = Rights::of_caller();
    // SAFETY: The path was just found, and the credentials are valid.
    let file = from_err_ptr(unsafe { bindings::dentry_open(&path, mode, rights.as_ptr()) });
    // SAFETY: The path was found with references, which are ours.
    unsafe { bindings::path_put(&path) };
    // SAFETY: The file was just opened, and the reference is ours.
    file.map(|file| unsafe { bindings::fput(file) })
}
