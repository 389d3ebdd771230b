// SPDX-License-Identifier: GPL-2.0

//! What the two programs of the benchmark share.
//!
//! `measure` runs in the guest, one subject at a time, and prints what it finds as lines of JSON
//! ([`line`]). `report` runs on the host and makes a table, a JSON file and plots of them.

pub mod line;

/// The flags of one call, as they are named in the results.
pub mod names {
    /// This project's call, with SYNCIO.
    pub const SYNCIO: &str = "vm_map_sync(SYNCIO)";
    /// With no flags.
    pub const ASYNC: &str = "vm_map_sync(0)";
    /// With INVALIDATE.
    pub const INVALIDATE: &str = "vm_map_sync(INVALIDATE)";
    /// With both flags.
    pub const BOTH: &str = "vm_map_sync(SYNCIO | INVALIDATE)";
    /// With SYNCIO, where nothing is dirty.
    pub const CLEAN_SYNCIO: &str = "vm_map_sync(SYNCIO), clean";
    /// With INVALIDATE, where nothing is dirty.
    pub const CLEAN_INVALIDATE: &str = "vm_map_sync(INVALIDATE), clean";
    /// With SYNCIO, and many ranges.
    pub const VECTOR: &str = "vm_map_sync(SYNCIO), a vector";
    /// The peer that most are compared with.
    pub const FDATASYNC: &str = "fdatasync";
    /// What frees pages that nobody has mapped.
    pub const DONTNEED_UNMAPPED: &str = "posix_fadvise(DONTNEED), unmapped";
    /// What writes on the way of the mapping.
    pub const MSYNC: &str = "msync(MS_SYNC)";
    /// Files, by the command of this project.
    pub const EVICT_TREE: &str = "vmsync evict -r";
    /// The same, made durable before.
    pub const SYNC_EVICT_TREE: &str = "vmsync sync -r, then evict -r";
    /// Files, by the command that people know.
    pub const VMTOUCH: &str = "vmtouch -e";
    /// The same, and everything made durable after that.
    pub const VMTOUCH_SYNC: &str = "vmtouch -e, then sync";
    /// Everything made durable before that.
    pub const SYNC_VMTOUCH: &str = "sync, then vmtouch -e";
    /// With SYNCIO, a request of a ring.
    pub const BY_RING: &str = "vm_map_sync(SYNCIO), by a ring";
    /// The same until it is submitted.
    pub const SUBMITTED: &str = "vm_map_sync(SYNCIO), submitted";
    /// With SYNCIO, a thread for each call that is under way.
    pub const BY_THREADS: &str = "vm_map_sync(SYNCIO), by threads";
    /// One `fdatasync()` for each file, all under way together.
    pub const IO_URING: &str = "io_uring fsync, all at once";
}
