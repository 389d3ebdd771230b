// SPDX-License-Identifier: GPL-2.0

//! Helpers: a workqueue of the module's own, who may use it, and waiting for what was handed to it.
//!
//! C headers: `include/linux/workqueue.h`, `include/linux/completion.h`

use super::{
    helpers,
    memory,
    task::{
        self,
        Killed, //
    }, //
};
use crate::plan::shares::Shares;
use kernel::{
    bindings,
    prelude::*,
    sync::{
        global_lock,
        SetOnce, //
    },
    time::{
        msecs_to_jiffies,
        Msecs, //
    },
    types::Opaque,
    workqueue::Queue, //
};

global_lock! {
    // SAFETY: Initialized by `Helpers::start()`, before the device can be opened.
    unsafe(uninit) static SHARES: Mutex<Shares> = Shares::new();
}

struct RawQueue(*mut bindings::workqueue_struct);

// SAFETY: A workqueue may be used and destroyed by any task.
unsafe impl Send for RawQueue {}
// SAFETY: All functions of a workqueue may be called in parallel.
unsafe impl Sync for RawQueue {}

static QUEUE: SetOnce<RawQueue> = SetOnce::new();

/// The module's workqueue: made with the module, and gone with it.
///
/// It is of the module's own because code of the module runs in it: dropping this waits for that.
/// Everything in it belongs to a [`Helper`], which keeps the module loaded until it is nearly done, so
/// that is not for long.
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
        // All who are granted find a place at once.
        let max = i32::try_from(Shares::ALL).map_err(|_| EINVAL)?;
        // SAFETY: The name is a constant.
        let queue = unsafe { helpers::vm_map_sync_alloc_queue(c"vm_map_sync".as_char_ptr(), max) };
        if queue.is_null() {
            return Err(ENOMEM);
        }
        // SAFETY: `QUEUE` is empty still, so this is the first time.
        unsafe { SHARES.init() };
        QUEUE.populate(RawQueue(queue));
        // INVARIANT: Just made, and `QUEUE` can be populated only once.
        Ok(Self(()))
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        if let Some(queue) = QUEUE.as_ref() {
            // SAFETY: By the type invariants this is a workqueue, which nobody else destroys.
            // `Helper::hire()` is called on behalf of open files only, and these keep the module
            // loaded.
            unsafe { bindings::destroy_workqueue(queue.0) };
        }
    }
}

/// A helper that a user may have at work. Until it is dropped it counts as one of his, and the module
/// stays loaded.
pub(crate) struct Helper {
    user: u32,
}

impl Helper {
    /// Up to `wanted` helpers for `user`, who may have too many at work already. To be called on
    /// behalf of an open file of the module only.
    pub(crate) fn hire(user: u32, wanted: usize) -> impl Iterator<Item = Self> {
        let granted = match QUEUE.as_ref() {
            Some(_) => SHARES.lock().grant(user, wanted),
            None => 0,
        };
        for _ in 0..granted {
            // SAFETY: The open file has a reference to the module.
            unsafe { helpers::vm_map_sync_module_get() };
        }
        // Those whom the iterator is not asked for are let go of all the same.
        Hired { user, granted }
    }

    /// Has it do some work.
    ///
    /// # Errors
    ///
    /// If there is no memory for it.
    pub(crate) fn work(self, work: impl FnOnce() + Send + 'static) -> Result {
        let queue = QUEUE.as_ref().ok_or(ENODEV)?;
        // SAFETY: What is in `QUEUE` is a workqueue until the module goes, which `self` keeps from
        // going.
        let queue = unsafe { Queue::from_raw(queue.0) };
        let work = move || {
            let helper = self;
            work();
            drop(helper);
        };
        Ok(queue.try_spawn(memory::small(), work)?)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        SHARES.lock().give_back(self.user);
        // SAFETY: This is the reference of `hire()`. If it is the last one, the module's end waits for
        // the workqueue, hence for the code that runs here.
        unsafe { helpers::vm_map_sync_module_put() };
    }
}

/// Helpers that were granted, and are not at work yet.
struct Hired {
    user: u32,
    granted: usize,
}

impl Iterator for Hired {
    type Item = Helper;

    fn next(&mut self) -> Option<Helper> {
        self.granted = self.granted.checked_sub(1)?;
        Some(Helper { user: self.user })
    }
}

impl Drop for Hired {
    fn drop(&mut self) {
        self.by_ref().for_each(drop);
    }
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

    /// Waits until it happens, whoever asks for an end of that.
    pub(crate) fn wait(&self) {
        // SAFETY: The completion is initialized.
        unsafe { bindings::wait_for_completion(self.inner.get()) };
    }

    /// Waits until it happens. The task can be frozen meanwhile.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn wait_killable(&self) -> Result<(), Killed> {
        task::retry(|| {
            // SAFETY: The completion is initialized.
            let code = unsafe { helpers::vm_map_sync_wait_killable(self.inner.get()) };
            (code == 0).then_some(())
        })
    }

    /// Waits until it happens, but not longer than some milliseconds. Says whether it has.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    pub(crate) fn wait_killable_for(&self, milliseconds: Msecs) -> Result<bool, Killed> {
        let timeout = msecs_to_jiffies(milliseconds);
        task::retry(|| {
            // SAFETY: The completion is initialized.
            let left = unsafe { helpers::vm_map_sync_wait_killable_for(self.inner.get(), timeout) };
            (left >= 0).then_some(left > 0)
        })
    }
}
