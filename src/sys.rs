// SPDX-License-Identifier: GPL-2.0

//! The door to the kernel: safe wrappers for what the `kernel` crate has no abstraction of.
//!
//! This is the only place with unsafe code and the only one that touches `bindings`. Nothing in it
//! knows of `vm_map_sync`; each file could go upstream as it stands, [`queue`] with `plan::shares`.
//!
//! # Lock order
//!
//! From the outermost to the innermost:
//!
//! 1. `mm->mmap_lock`, or the lock of one VMA instead of it ([`map::MapGuard`],
//!    [`kernel::mm::VmaReadGuard`]): read, held for the walk over the entries only. Neither I/O nor
//!    an allocation that can sleep nor access to user memory happens under it. Of the locks below only
//!    those of (3) are taken under it that the kernel takes where page table entries are given up
//!    (`zap_vma_range()`).
//! 2. `mapping->invalidate_lock` ([`pager::EvictGuard`]): write, held for one chunk of an eviction.
//! 3. The folio lock, `i_mmap_rwsem`, the page table locks, `i_lock` and the `i_pages` lock: taken
//!    and dropped again by the kernel functions that are called under (1) or (2), in the order that the
//!    head of `mm/filemap.c` gives. A folio lock may be waited for under (2).
//!
//! `exec_update_lock` of another process is taken and dropped again by the kernel when the memory of
//! that process is opened ([`proc`]); none of these is held then.
//!
//! (1) and (2) are never held together, and neither is held over a return to user space. The locks of
//! the helpers ([`queue`], and the list of what they are to do) are held for a few instructions, with
//! none of the others and with nothing else taken under them.

pub(crate) mod abi;
pub(crate) mod descriptor;
pub(crate) mod device;
pub(crate) mod entry;
pub(crate) mod errors;
#[expect(
    improper_ctypes,
    reason = "the kernel's structures hold empty ones, and are only pointed to"
)]
mod events;
pub(crate) mod evict;
pub(crate) mod folios;
#[expect(
    improper_ctypes,
    reason = "the kernel's structures hold empty ones, and are only pointed to"
)]
mod helpers;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod pager;
pub(crate) mod proc;
pub(crate) mod process;
pub(crate) mod queue;
pub(crate) mod rights;
pub(crate) mod task;
pub(crate) mod trace;
pub(crate) mod uring;
pub(crate) mod user;
