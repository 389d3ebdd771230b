// SPDX-License-Identifier: GPL-2.0

//! The ABI's structures as bytes, for copying from and to user space.

use crate::uapi;
use kernel::transmute::{
    AsBytes,
    FromBytes, //
};

// SAFETY: Made of integers only; any bytes are a valid value.
unsafe impl FromBytes for uapi::vm_map_sync_args {}

// SAFETY: Made of integers only, without padding: the assertion below.
unsafe impl AsBytes for uapi::vm_map_sync_result {}

const _: () = assert!(
    size_of::<uapi::vm_map_sync_result>()
        == 3 * size_of::<u32>() + size_of::<i32>() + 7 * size_of::<u64>()
);
