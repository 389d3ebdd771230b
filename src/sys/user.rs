// SPDX-License-Identifier: GPL-2.0

//! User memory.
//!
//! C header: `include/linux/pagemap.h`

use kernel::{
    bindings,
    prelude::*,
    uaccess::UserPtr, //
};

/// Makes `length` bytes of user memory present and writable. Some of them become zero.
///
/// # Errors
///
/// `EFAULT` if some of them cannot be written.
pub(crate) fn fault_in_writeable(user: UserPtr, length: usize) -> Result {
    // SAFETY: Any address is fine: it is one of user space, and checked to be.
    if unsafe { bindings::fault_in_writeable(user.as_mut_ptr().cast(), length) } == 0 {
        Ok(())
    } else {
        Err(EFAULT)
    }
}
