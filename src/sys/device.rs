// SPDX-License-Identifier: GPL-2.0

//! Devices: what [`kernel::miscdevice`] has no place for.
//!
//! These are the mode of the device's node, files that nobody opened, and file operations that can
//! be added to.
//!
//! C headers: `include/linux/miscdevice.h`, `include/linux/anon_inodes.h`

use super::{
    helpers,
    uring::{
        uring_cmd,
        RingDevice, //
    }, //
};
use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::{
        from_err_ptr,
        to_result, //
    },
    fs::File,
    miscdevice::MiscDeviceOptions,
    module::this_module,
    prelude::*,
    sync::aref::ARef,
    types::{
        ForeignOwnable,
        Opaque, //
    },
};

/// A registration of a misc device whose node has a mode of its own.
///
/// # Invariants
///
/// `inner` contains a `struct miscdevice` that is registered, and whose file operations are those of
/// [`OPERATIONS`](Self::OPERATIONS).
// What `open` of the crate takes for its own registration is this one.
#[repr(transparent)]
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: RingDevice> {
    #[pin]
    inner: Opaque<bindings::miscdevice>,
    _device: PhantomData<T>,
}

// SAFETY: A device may be deregistered by another task than the one that registered it.
unsafe impl<T: RingDevice> Send for Registration<T> {}
// SAFETY: Nothing can be done with a shared reference.
unsafe impl<T: RingDevice> Sync for Registration<T> {}

impl<T: RingDevice> Registration<T> {
    /// The file operations: those of the crate, and what is to be beside them.
    const OPERATIONS: bindings::file_operations = {
        let crates = MiscDeviceOptions { name: c"" }.into_raw::<T>().fops;
        bindings::file_operations {
            // A file that is open keeps the module loaded.
            owner: this_module::<T::OwnerModule>().as_ptr(),
            uring_cmd: Some(uring_cmd::<T>),
            // SAFETY: The crate's are a constant.
            ..unsafe { *crates }
        }
    };

    /// Registers a device, whose node gets this mode.
    pub(crate) fn register(options: MiscDeviceOptions, mode: u16) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            inner <- Opaque::try_ffi_init(move |slot: *mut bindings::miscdevice| {
                let device = bindings::miscdevice {
                    fops: &Self::OPERATIONS,
                    mode,
                    ..options.into_raw::<T>()
                };
                // SAFETY: `slot` is valid for writes.
                unsafe { slot.write(device) };
                // INVARIANT: It is registered if this is a success.
                // SAFETY: It was just made. It stays where it is, and is deregistered before its
                // memory is freed: `drop()`.
                to_result(unsafe { bindings::misc_register(slot) })
            }),
            _device: PhantomData,
        })
    }

    /// A file that behaves as if `device` had been made by opening the device's node. `name` is what
    /// it is called where links to open files are shown.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `ENFILE`.
    pub(crate) fn file(name: &CStr, device: T::Ptr) -> Result<ARef<File>> {
        let device = device.into_foreign();
        // SAFETY: The name is copied, and the operations are a constant, of a module that is loaded
        // since this code is of it. They take `device` for what it is, and own it if there is a file.
        let file = from_err_ptr(unsafe {
            helpers::vm_map_sync_anon_file(name.as_char_ptr(), &Self::OPERATIONS, device)
        })
        .inspect_err(|_| {
            // SAFETY: It comes from `into_foreign()`, and nobody else has it.
            drop(unsafe { T::Ptr::from_foreign(device) });
        })?;
        let file = NonNull::new(file.cast::<File>()).ok_or(ENOMEM)?;
        // SAFETY: The file was just made: the reference is ours, and nobody else uses it.
        Ok(unsafe { ARef::from_raw(file) })
    }
}

#[pinned_drop]
impl<T: RingDevice> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariants it is registered.
        unsafe { bindings::misc_deregister(self.inner.get()) };
    }
}
