// SPDX-License-Identifier: GPL-2.0

//! Plugs: what a task asks of its disks, held back for a moment so that it can be merged.
//!
//! C header: `include/linux/blkdev.h`

use super::helpers;
use kernel::{
    bindings,
    types::Opaque, //
};

/// Does `work` with a plug: requests of this task that follow each other on a disk become one. What
/// is held back goes out when there is enough of it, when the task sleeps, and at the end.
pub(crate) fn plugged<T>(work: impl FnOnce() -> T) -> T {
    let plug = Opaque::<bindings::blk_plug>::uninit();
    // SAFETY: The plug stays where it is until this task finishes it below.
    unsafe { helpers::vm_map_sync_start_plug(plug.get()) };
    let result = work();
    // SAFETY: It was started above, by this task. Nested ones have been finished.
    unsafe { helpers::vm_map_sync_finish_plug(plug.get()) };
    result
}
