// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! `msync()` as FreeBSD has it (`kern_msync()`), where it always was `vm_map_sync()`.

use crate::{
    device::{
        self,
        Answer, //
    },
    notice::Why,
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
    VM_MAP_SYNC_INVALIDATE,
    VM_MAP_SYNC_SKIP_SPECIALS,
    VM_MAP_SYNC_SYNCIO, //
};

/// The pages of a range, with BSD's own arithmetic. An empty range stays one: it is a whole mapping.
fn range(start: usize, length: usize, page: usize) -> Option<Range<usize>> {
    let first = start & !(page - 1);
    let length = length.wrapping_add(start - first);
    let length = length.wrapping_add(page - 1) & !(page - 1);
    Some(first..first.checked_add(length)?)
}

/// The call. All other flags are of no account there: `MS_SYNC` is 0.
pub(crate) fn msync(start: usize, length: usize, flags: c_int) -> Result<()> {
    let both = MS_ASYNC | MS_INVALIDATE;
    let range = range(start, length, page_size())
        .filter(|_| flags & both != both)
        .ok_or(libc::EINVAL)?;
    // Those are objects like others there, of which nothing is written.
    let mut wanted = VM_MAP_SYNC_SKIP_SPECIALS;
    if flags & MS_ASYNC == 0 {
        wanted |= VM_MAP_SYNC_SYNCIO;
    }
    if flags & MS_INVALIDATE != 0 {
        wanted |= VM_MAP_SYNC_INVALIDATE;
    }
    let why = loop {
        match device::sync(&range, wanted) {
            Answer::Done { .. } | Answer::Busy => return Ok(()),
            Answer::Hole => return Err(libc::ENOMEM),
            Answer::Wired(_) => return Err(libc::EBUSY),
            Answer::Unwritten(_) | Answer::Failing => return Err(libc::EIO),
            // There everybody may free everybody's pages; here they stay.
            Answer::Not(Why::Protection) if wanted & VM_MAP_SYNC_INVALIDATE != 0 => {
                wanted &= !VM_MAP_SYNC_INVALIDATE;
            }
            Answer::Not(why) => break why,
        }
    };
    why.tell();
    if range.is_empty() {
        // The kernel would do nothing, and call it a success.
        return Err(libc::EIO);
    }
    let flags = flags & both | if flags & MS_ASYNC == 0 { MS_SYNC } else { 0 };
    system::msync(range.start, range.len(), flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_bsd() {
        assert_eq!(range(8192, 0, 4096), Some(8192..8192));
        assert_eq!(range(8193, 0, 4096), Some(8192..12288));
        assert_eq!(range(8193, 4096, 4096), Some(8192..16384));
        assert_eq!(range(8192, 1, 4096), Some(8192..12288));
        assert_eq!(range(8192, usize::MAX - 8192, 4096), None);
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        assert_eq!(msync(0, 0, MS_ASYNC | MS_INVALIDATE), Err(libc::EINVAL));
        assert_eq!(msync(8192, usize::MAX - 8192, 0), Err(libc::EINVAL));
    }
}
