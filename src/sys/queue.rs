// SPDX-License-Identifier: GPL-2.0

//! Helpers: a workqueue of the module's own, and waiting for what was handed to it.
//!
//! C headers: `include/linux/workqueue.h`, `include/linux/completion.h`

use super::{
    helpers,
    task::Killed, //
};
use kernel::{
    bindings,
    prelude::*,
    sync::SetOnce,
    types::Opaque,
    workqueue::Queue, //
};

/// How many helpers work at the same time, whoever they work for.
pub(crate) const HELPERS: usize = 64;

struct RawQueue(*mut bindings::workqueue_struct);

// SAFETY: A workqueue may be used and destroyed by any task.
unsafe impl Send for RawQueue {}
// SAFETY: All functions of a workqueue may be called in parallel.
unsafe impl Sync for RawQueue {}

static QUEUE: SetOnce<RawQueue> = SetOnce::new();

/// The module's workqueue: made with the module, and gone with it.
///
/// It is of the module's own because code of the module runs in it: dropping this waits for that.
///
/// # Invariants
///
/// [`QUEUE`] holds a workqueue. There is one value of this type at the most.
pub(crate) struct Helpers(());

impl Helpers {
    /// Makes the workqueue.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `EBUSY` if it has been made before.
    pub(crate) fn start() -> Result<Self> {
        if QUEUE.as_ref().is_some() {
            return Err(EBUSY);
        }
        let max = i32::try_from(HELPERS).map_err(|_| EINVAL)?;
        // SAFETY: The name is a constant.
        let queue = unsafe { helpers::vm_map_sync_alloc_queue(c"vm_map_sync".as_char_ptr(), max) };
        if queue.is_null() {
            return Err(ENOMEM);
        }
        QUEUE.populate(RawQueue(queue));
        // INVARIANT: Just made, and `QUEUE` can be populated only once.
        Ok(Self(()))
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        if let Some(queue) = QUEUE.as_ref() {
            // SAFETY: By the type invariants this is a workqueue, which nobody else destroys.
            // `queue()` is called on behalf of open files only, and these keep the module loaded.
            unsafe { bindings::destroy_workqueue(queue.0) };
        }
    }
}

/// The workqueue. To be called on behalf of an open file of the module only.
pub(crate) fn queue() -> Option<&'static Queue> {
    let queue = QUEUE.as_ref()?;
    // SAFETY: What is in `QUEUE` is a workqueue until the module goes, and an open file keeps the
    // module from going.
    Some(unsafe { Queue::from_raw(queue.0) })
}

/// Something to wait for.
///
/// [`kernel::sync::Completion`] cannot be waited for killably.
#[pin_data]
pub(crate) struct Completion {
    #[pin]
    inner: Opaque<bindings::completion>,
}

// SAFETY: A completion may be used by any task.
unsafe impl Send for Completion {}
// SAFETY: All functions of a completion may be called in parallel.
unsafe impl Sync for Completion {}

impl Completion {
    /// Something that has not happened yet.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            inner <- Opaque::ffi_init(|slot: *mut bindings::completion| {
                // SAFETY: `slot` points to memory for a `struct completion`.
                unsafe { bindings::init_completion(slot) };
            }),
        })
    }

    /// Says that it has happened.
    pub(crate) fn complete(&self) {
        // SAFETY: The completion is initialized.
        unsafe { bindings::complete_all(self.inner.get()) };
    }

    /// Waits until it happens.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn wait(&self) -> Result<(), Killed> {
        // SAFETY: The completion is initialized.
        Killed::check(unsafe { bindings::wait_for_completion_killable(self.inner.get()) })
    }

    /// Waits until it happens, but not longer than a few milliseconds.
    pub(crate) fn wait_a_moment(&self) {
        // Two ticks are one whole tick at least.
        // SAFETY: The completion is initialized.
        unsafe { bindings::wait_for_completion_timeout(self.inner.get(), 2) };
    }
}
