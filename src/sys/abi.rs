// SPDX-License-Identifier: GPL-2.0

//! The ABI's structures as bytes, for copying from and to user space.

use crate::uapi;
use kernel::transmute::{
    AsBytes,
    FromBytes, //
};

/// A structure of the ABI with so many fields of each kind, which fill it, so that no byte of it is
/// undefined.
macro_rules! structure {
    ($name:ident: $($kind:ty) *; $($count:literal) *) => {
        // SAFETY: Made of integers only; any bytes are a valid value.
        unsafe impl FromBytes for uapi::$name {}

        // SAFETY: Made of integers only, without padding: the assertion below.
        unsafe impl AsBytes for uapi::$name {}

        const _: () = assert!(size_of::<uapi::$name>() == 0 $(+ $count * size_of::<$kind>())*);
    };
}

structure!(vm_map_sync_result: u32 i32 u64; 3 1 8);
structure!(vm_map_sync_args: u32 i32 u64 uapi::vm_map_sync_result; 3 1 2 1);
structure!(vm_map_sync_range: u32 i32 u64 uapi::vm_map_sync_result; 1 1 2 1);
structure!(vm_map_sync_vector: u32 u64 uapi::vm_map_sync_result; 4 2 1);
structure!(vm_map_sync_stat: u32 i32 u64 uapi::vm_map_sync_result; 1 1 9 1);
structure!(vm_map_sync_attach: u32 i32; 3 1);
structure!(vm_map_sync_info: u32 i32; 3 1);
structure!(vm_map_sync_features: u32 u64; 6 3);
