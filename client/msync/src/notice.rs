// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Notices: why the real `msync()` was used, for those who want to know.

use crate::{
    settings,
    system, //
};
use core::sync::atomic::{
    AtomicU8,
    Ordering, //
};
use libc::c_int;

/// Why the module was not asked, or did not do it. What it may be told again is the error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no device, or no descriptor for it.
    NoDevice(c_int),
    /// The call did not come as far as the module, or it is an older one.
    NoCall(c_int),
    /// A mapping without a file that could be written.
    Special,
    /// A file that the process may not free the pages of.
    Protection,
    /// The kernel has no memory for it.
    NoMemory,
}

static TOLD: AtomicU8 = AtomicU8::new(0);

impl Why {
    /// Says it, if the program was started so, and once only.
    pub(crate) fn tell(self) {
        let (bit, what, errno): (u8, &[u8], _) = match self {
            Self::NoDevice(errno) => (
                1,
                b"/dev/vm_map_sync cannot be opened: is the module loaded, and the device there in a chroot?",
                errno,
            ),
            Self::NoCall(errno) => (
                2,
                b"the call does not come to the module: a seccomp filter, or an older module?",
                errno,
            ),
            Self::Special => (
                4,
                b"there is a mapping without pages of a file: a device, or huge pages",
                libc::EOPNOTSUPP,
            ),
            Self::Protection => (
                8,
                b"pages of a file are to be freed that this process may not write to",
                libc::EPERM,
            ),
            Self::NoMemory => (16, b"the kernel has no memory for more", libc::ENOMEM),
        };
        if settings::get().verbose && TOLD.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            let mut room = [0; 10];
            system::complain([
                b"vm_map_sync: the msync() of the kernel is used: ",
                what,
                b" (errno ",
                decimal(errno.unsigned_abs(), &mut room),
                b")\n",
            ]);
        }
    }
}

/// A number in digits.
fn decimal(mut number: u32, room: &mut [u8; 10]) -> &[u8] {
    let mut first = room.len();
    for (place, digit) in room.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        first = place;
        if number == 0 {
            break;
        }
    }
    room.get(first..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_digits() {
        for number in [0, 9, 10, 95, u32::MAX] {
            let mut room = [0; 10];
            assert_eq!(decimal(number, &mut room), format!("{number}").as_bytes());
        }
    }
}
