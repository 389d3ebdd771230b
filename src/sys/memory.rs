// SPDX-License-Identifier: GPL-2.0

//! Memory: charged to the caller, and never had by killing somebody.
//!
//! `GFP_KERNEL_ACCOUNT` alone calls the OOM killer when the caller's memory group is full.
//!
//! C headers: `include/linux/gfp_types.h`, `include/linux/slab.h`, `include/linux/vmalloc.h`

use super::helpers;
use core::{
    alloc::Layout,
    cmp::min,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    alloc::{
        flags::{
            GFP_ATOMIC,
            __GFP_ZERO, //
        },
        AllocError,
        Allocator,
        Flags,
        NumaNode,
        Vec, //
    },
    prelude::*, //
};

/// A vector whose memory was allocated beforehand.
pub(crate) type Room<T> = Vec<T, MayFail>;

/// Room for so many values.
///
/// # Errors
///
/// If there is no memory for it, in the machine or in the caller's memory group.
pub(crate) fn room<T>(count: usize) -> Result<Room<T>, AllocError> {
    Vec::with_capacity(count, GFP_KERNEL_ACCOUNT)
}

/// Flags for a single small object: it is charged to the caller, who is let over the limit of his
/// memory group by it. It takes no reclaim and no OOM killer.
pub(crate) fn small() -> Flags {
    GFP_ATOMIC | (GFP_KERNEL_ACCOUNT & !GFP_KERNEL)
}

/// An allocator that tries hard and then fails (`__GFP_RETRY_MAYFAIL`). What it gives is charged to
/// the caller whatever the flags are.
///
/// What is larger than a page comes in whole pages: `kmalloc()` would round it up to a power of two.
pub(crate) struct MayFail;

// SAFETY: Memory stays valid until it is passed to `realloc()`, which frees it only if the new size
// is zero or if what was in it has been copied. `__GFP_ZERO` is honoured, and no other flag is passed.
unsafe impl Allocator for MayFail {
    // As `kmalloc()` guarantees it everywhere.
    const MIN_ALIGN: usize = align_of::<u64>();

    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        _nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let old = ptr.filter(|_| old_layout.size() != 0);
        let memory = if layout.size() == 0 {
            ptr::slice_from_raw_parts_mut(ptr::without_provenance_mut(layout.align()), 0)
        } else {
            if layout.align() > Self::MIN_ALIGN {
                return Err(AllocError);
            }
            // SAFETY: Any size is fine.
            let new = unsafe { helpers::vm_map_sync_alloc(layout.size()) }.cast::<u8>();
            if new.is_null() {
                return Err(AllocError);
            }
            if flags.contains(__GFP_ZERO) {
                // SAFETY: It has that size, and nobody else knows of it.
                unsafe { new.write_bytes(0, layout.size()) };
            }
            ptr::slice_from_raw_parts_mut(new, layout.size())
        };
        if let Some(old) = old {
            // SAFETY: The caller promises that the old memory is valid and of that size; the new one
            // is another.
            unsafe {
                let count = min(layout.size(), old_layout.size());
                ptr::copy_nonoverlapping(old.as_ptr(), memory.cast(), count);
                helpers::vm_map_sync_free(old.as_ptr().cast());
            }
        }
        NonNull::new(memory).ok_or(AllocError)
    }
}
