// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! A library to be preloaded (`LD_PRELOAD`), which turns the `msync()` of an unmodified program into
//! `vm_map_sync()`; see vm_map_sync_msync(7).
//!
//! It lives in a process that does not know of it, so it has no memory, no locks, no threads and no
//! buffers of its own: a signal handler may interrupt it at any place and call it again, and a child
//! may be forked meanwhile. Nothing of `std` is used for that reason; it is linked for what happens
//! in a panic, of which there is none.

#![no_std]

#[cfg(not(test))]
extern crate std as _;
#[cfg(test)]
#[macro_use]
extern crate std;

mod bsd;
mod device;
mod linux;
mod notice;
mod settings;
mod system;

use libc::{
    c_int,
    c_void,
    size_t, //
};
use settings::Manner;

extern "C-unwind" {
    /// Unwinds the stack of a thread that was cancelled, so it is not the `libc` crate's.
    fn pthread_testcancel();
}

/// `msync()`, with what it takes and returns.
///
/// It is a cancellation point. Like the real one it cannot be left any more once it has begun: what
/// it waits for cannot be interrupted.
///
/// # Safety
///
/// The addresses need not be anything in particular.
#[no_mangle]
pub unsafe extern "C-unwind" fn msync(address: *mut c_void, length: size_t, flags: c_int) -> c_int {
    // SAFETY: Nothing is here yet that would have to be dropped.
    unsafe { pthread_testcancel() };
    let before = system::errno();
    let manner = match settings::get().manner {
        Manner::Linux => linux::msync,
        Manner::Bsd => bsd::msync,
    };
    let (code, errno) = match manner(address as usize, length, flags) {
        Ok(()) => (0, before),
        Err(errno) => (-1, errno),
    };
    system::set_errno(errno);
    code
}
