// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The device: the handle that the library keeps, and what a call on it comes to.
//!
//! The handle is opened by the first call, and never closed: other threads may be in a call with it. But
//! the program does not know of it, and may close all descriptors that it does not know, and have another
//! file under the same number then. So each call looks at what it is before it is used, and opens
//! another one if need be. Every call is about the map of whoever calls (`VM_MAP_SYNC_SELF`), so a child
//! needs none of its own.

use crate::{
    notice::Why,
    system, //
};
use core::{
    ops::Range,
    sync::atomic::{
        AtomicU32,
        AtomicU64,
        Ordering, //
    },
};
use libc::{
    c_int,
    dev_t, //
};
use vm_map_sync::uapi;

/// Programs that name numbers of descriptors name small ones.
const OUT_OF_THE_WAY: c_int = 200;

/// How often a handle is opened anew to be kept. A process with whom descriptors do not stay, or who shares
/// this memory but not his descriptors (`CLONE_VM` without `CLONE_FILES`), has one for each call from then
/// on.
const PATIENCE: u32 = 16;

/// The number of the device, and in the lower half that of the descriptor plus 1; or 0.
static KEPT: AtomicU64 = AtomicU64::new(0);
static TIMES: AtomicU32 = AtomicU32::new(0);

/// A descriptor of the device.
struct Handle {
    descriptor: c_int,
    device: u32,
    kept: bool,
}

impl Handle {
    /// The handle that is kept, or one for this call.
    fn borrow() -> system::Result<Self> {
        let known = KEPT.load(Ordering::Acquire);
        if let Some(handle) = Self::unpack(known).filter(Self::is_there) {
            return Ok(handle);
        }
        let mut handle = Self::open()?;
        // If somebody else was faster, this one is for this call only.
        handle.kept = TIMES.fetch_add(1, Ordering::Relaxed) < PATIENCE
            && KEPT
                .compare_exchange(known, handle.pack(), Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        Ok(handle)
    }

    fn open() -> system::Result<Self> {
        let mut descriptor = system::open(c"/dev/vm_map_sync")?;
        if let Ok(moved) = system::duplicate(descriptor, OUT_OF_THE_WAY) {
            system::close(descriptor);
            descriptor = moved;
        }
        match device_of(descriptor) {
            Some(device) => Ok(Self {
                descriptor,
                device,
                kept: false,
            }),
            None => {
                system::close(descriptor);
                Err(libc::ENODEV)
            }
        }
    }

    fn pack(&self) -> u64 {
        (u64::from(self.device) << 32) | u64::from(self.descriptor.unsigned_abs() + 1)
    }

    fn unpack(word: u64) -> Option<Self> {
        let number = (word as u32).checked_sub(1)?;
        Some(Self {
            descriptor: c_int::try_from(number).ok()?,
            device: (word >> 32) as u32,
            kept: true,
        })
    }

    /// Whether the descriptor still is what it was.
    fn is_there(&self) -> bool {
        device_of(self.descriptor) == Some(self.device)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if !self.kept && self.is_there() {
            system::close(self.descriptor);
        }
    }
}

fn device_of(descriptor: c_int) -> Option<u32> {
    let device: dev_t = system::device_of(descriptor)?;
    // Those of Linux have 32 bits, as libc writes them too.
    u32::try_from(device).ok()
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done. So many pages of the range have no pager (none, says a module that is too old to know).
    Done { unpaged: u64 },
    /// Nothing was done, since nothing is mapped somewhere.
    Hole,
    /// Nothing was done, since memory is locked from an address on that is to be freed.
    Wired(usize),
    /// All was done that could be, but something could not be written.
    Unwritten(c_int),
    /// All was written, but pages were left in the cache, since they are in use.
    Busy,
    /// All was written, but pages were left, since writes of their file had failed before the call.
    Failing,
    /// Nothing was done, for a reason that `msync()` does not know.
    Not(Why),
}

/// Has the module sync a range of the process's own map, with `VM_MAP_SYNC_*` flags.
pub(crate) fn sync(range: &Range<usize>, flags: u32) -> Answer {
    let handle = match Handle::borrow() {
        Ok(handle) => handle,
        Err(errno) => return Answer::Not(Why::NoDevice(errno)),
    };
    let mut args = uapi::vm_map_sync_args {
        size: size_of::<uapi::vm_map_sync_args>() as u32,
        flags: flags | uapi::VM_MAP_SYNC_SELF,
        start: range.start as u64,
        end: range.end as u64,
        ..Default::default()
    };
    // SAFETY: It is what the command takes, and has no pointers in it.
    let called = unsafe { system::ioctl(handle.descriptor, uapi::VM_MAP_SYNC_SYNC, &mut args) };
    let result = args.result;
    match (called, result.reason) {
        (Ok(()), _) => Answer::Done {
            unpaged: result.unpaged,
        },
        (_, uapi::VM_MAP_SYNC_REASON_HOLE) => Answer::Hole,
        (_, uapi::VM_MAP_SYNC_REASON_WIRED) => Answer::Wired(result.address as usize),
        (_, uapi::VM_MAP_SYNC_REASON_IO) => Answer::Unwritten(result.error),
        (_, uapi::VM_MAP_SYNC_REASON_BUSY) => Answer::Busy,
        (_, uapi::VM_MAP_SYNC_REASON_UNWRITTEN) => Answer::Failing,
        (_, uapi::VM_MAP_SYNC_REASON_SPECIAL) => Answer::Not(Why::Special),
        (_, uapi::VM_MAP_SYNC_REASON_PROTECTION) => Answer::Not(Why::Protection),
        (_, uapi::VM_MAP_SYNC_REASON_MEMORY) => Answer::Not(Why::NoMemory),
        // There is no reason in it if the call did not come as far as the module.
        (Err(errno), _) => Answer::Not(Why::NoCall(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_fit_into_a_word() {
        assert!(Handle::unpack(0).is_none());
        for (descriptor, device) in [(0, 0), (200, 0xa77), (c_int::MAX, u32::MAX)] {
            let handle = Handle {
                descriptor,
                device,
                kept: true,
            };
            let again = Handle::unpack(handle.pack()).expect("it is one");
            assert_eq!((again.descriptor, again.device), (descriptor, device));
        }
    }

    #[test]
    fn devices_are_told_from_files() {
        let open = |path| system::open(path).expect("it is there");
        let [null, zero, file] = [c"/dev/null", c"/dev/zero", c"/proc/self/comm"].map(open);
        assert_ne!(device_of(null), None);
        assert_ne!(device_of(null), device_of(zero));
        assert_eq!(device_of(file), None);
        [null, zero, file].map(system::close);
        assert_eq!(device_of(-1), None);
    }
}
