// SPDX-License-Identifier: GPL-2.0

//! Rights: the credentials with which something is done.
//!
//! C header: `include/linux/cred.h`

use super::helpers;
use core::marker::PhantomData;
use kernel::{
    bindings,
    cred::Credential,
    fs::File,
    sync::aref::ARef,
    types::NotThreadSafe, //
};

/// Somebody's credentials.
#[derive(Clone)]
pub(crate) struct Rights(ARef<Credential>);

impl Rights {
    /// Those of the calling task.
    pub(crate) fn of_caller() -> Self {
        // SAFETY: The credentials of the current task are valid, and it alone can change them.
        Self(ARef::from(unsafe {
            Credential::from_ptr(helpers::vm_map_sync_current_cred())
        }))
    }

    /// Those that a file was opened with.
    pub(crate) fn of_file(file: &File) -> Self {
        Self(ARef::from(file.cred()))
    }

    /// The user who answers for what is done with them, as in the initial user namespace: in another
    /// one anybody can have as many users as he likes, so there it is the owner of the outermost.
    pub(crate) fn answerable(&self) -> u32 {
        let cred = self.0.as_ptr();
        // SAFETY: Credentials hold their user namespace, and that its parents; none of the fields
        // that are read changes.
        unsafe {
            let mut user = (*cred).uid;
            let mut namespace = (*cred).user_ns.cast_const();
            while !core::ptr::eq(namespace, &raw const bindings::init_user_ns) {
                user = (*namespace).owner;
                namespace = (*namespace).parent;
            }
            user.val
        }
    }

    /// Has the calling task act with them until what is returned is dropped (`override_creds()`).
    pub(crate) fn assume(&self) -> Assumed<'_> {
        Assumed {
            // INVARIANT: The credentials live for as long as they are borrowed.
            // SAFETY: The credentials are valid.
            before: unsafe { helpers::vm_map_sync_override_creds(self.0.as_ptr()) },
            _rights: PhantomData,
            _nts: NotThreadSafe,
        }
    }

    pub(super) fn as_ptr(&self) -> *const bindings::cred {
        self.0.as_ptr()
    }
}

/// The calling task acts with other rights than its own.
///
/// # Invariants
///
/// `before` are the credentials that the task had, and will have again.
pub(crate) struct Assumed<'a> {
    before: *const bindings::cred,
    _rights: PhantomData<&'a Rights>,
    // It is about the task that made it.
    _nts: NotThreadSafe,
}

impl Drop for Assumed<'_> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants these are what `override_creds()` returned to this task.
        unsafe { helpers::vm_map_sync_revert_creds(self.before) };
    }
}
