// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! `msync()` as Linux has it: what it returns is what the kernel's own would, as far as that can be.

use crate::{
    device::{
        self,
        Answer, //
    },
    system::{
        self,
        page_size,
        Result, //
    },
};
use core::ops::Range;
use libc::{
    c_int,
    MS_ASYNC,
    MS_INVALIDATE,
    MS_SYNC, //
};
use vm_map_sync::uapi::{
    VM_MAP_SYNC_ALLOW_HOLES,
    VM_MAP_SYNC_INVALIDATE,
    VM_MAP_SYNC_SYNCIO, //
};

/// What makes sense; of all else the kernel knows best what is wrong with it.
fn range(start: usize, length: usize, flags: c_int, page: usize) -> Option<Range<usize>> {
    let known = flags & !(MS_ASYNC | MS_INVALIDATE | MS_SYNC) == 0;
    let both = flags & (MS_ASYNC | MS_SYNC) == MS_ASYNC | MS_SYNC;
    let end = start.checked_add(length.checked_next_multiple_of(page)?)?;
    (known && !both && start % page == 0 && start < end).then_some(start..end)
}

/// The call.
///
/// A hole is passed over, and an error in the end; locked memory that is to be freed ends it, so it is
/// left to what lies before that. Errors of writes are for those who wait for them: the files
/// were told of none where the caller does not, so that a later `msync()` or `fsync()` is.
pub(crate) fn msync(start: usize, length: usize, flags: c_int) -> Result<()> {
    let Some(mut range) = range(start, length, flags, page_size()) else {
        return system::msync(start, length, flags);
    };
    let waits = flags & MS_SYNC != 0;
    let mut wanted = 0;
    if waits {
        wanted |= VM_MAP_SYNC_SYNCIO;
    }
    if flags & MS_INVALIDATE != 0 {
        wanted |= VM_MAP_SYNC_INVALIDATE;
    }
    let mut result = Ok(());
    loop {
        match device::sync(&range, wanted) {
            Answer::Hole if wanted & VM_MAP_SYNC_ALLOW_HOLES == 0 => {
                wanted |= VM_MAP_SYNC_ALLOW_HOLES;
                result = result.and(Err(libc::ENOMEM));
            }
            Answer::Wired(address) => {
                result = Err(libc::EBUSY);
                // An empty range would be a whole mapping.
                if address <= range.start || address >= range.end {
                    return result;
                }
                range.end = address;
            }
            Answer::Unwritten(errno) if waits => return Err(errno),
            // A file without a pager can be one without an fsync() too, which the kernel then says.
            Answer::Done { unpaged } if waits && unpaged != 0 => break,
            Answer::Done { .. } | Answer::Unwritten(_) | Answer::Busy | Answer::Failing => {
                return result;
            }
            Answer::Not(why) => {
                why.tell();
                break;
            }
            Answer::Hole => break,
        }
    }
    system::msync(start, length, flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_sense_is_rounded() {
        let all = MS_SYNC | MS_INVALIDATE;
        for flags in [
            0,
            MS_ASYNC,
            MS_SYNC,
            MS_INVALIDATE,
            MS_ASYNC | MS_INVALIDATE,
            all,
        ] {
            assert_eq!(range(4096, 1, flags, 4096), Some(4096..8192));
            assert_eq!(range(0, 8192, flags, 4096), Some(0..8192));
        }
    }

    #[test]
    fn all_else_is_for_the_kernel() {
        let last = usize::MAX - 4095;
        for (start, length, flags) in [
            (4097, 1, MS_SYNC),
            (4096, 0, MS_SYNC),
            (4096, 1, 8),
            (4096, 1, -1),
            (4096, 1, MS_SYNC | MS_ASYNC),
            (4096, usize::MAX, MS_SYNC),
            (8192, last, MS_SYNC),
            (last, 1, MS_SYNC),
        ] {
            assert_eq!(range(start, length, flags, 4096), None);
        }
    }
}
