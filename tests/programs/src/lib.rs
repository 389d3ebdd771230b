// SPDX-License-Identifier: GPL-2.0

//! What the test programs share.
//!
//! The programs run as root, where the module is loaded, and find out from the environment:
//!
//! - `VMS_DIR`: a directory on an otherwise idle ext4 with blocks of 4096 bytes.
//! - `VMS_DEV`: the block device below it.
//! - `VMS_MODULE`: the module, `vm_map_sync.ko`.

#[cfg(feature = "by-ring")]
mod by_ring;
pub mod check;
pub mod dice;
pub mod disk;
pub mod file;
pub mod gate;
pub mod harness;
pub mod mapper;
pub mod mapping;
pub mod maps;
pub mod module;
pub mod overlay;
pub mod patience;
pub mod pipe;
pub mod place;
pub mod process;
pub mod program;
pub mod raw;
pub mod residency;
pub mod ring;
pub mod room;
pub mod slow;
pub mod spare;
pub mod sysctl;
pub mod trace;
pub mod vector;

/// Bytes of a page. The programs are for machines with pages of this size.
pub const PAGE: usize = 4096;

/// What is in a page.
pub type Page = [u8; PAGE];

/// What page `page` of a file holds in its version `version`: no two of them are alike.
pub fn pattern(version: u64, page: usize) -> Page {
    let mut bytes = [0; PAGE];
    // The steps of splitmix64, which spread any seed over all bits.
    let mut state = version ^ (page as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in bytes.chunks_exact_mut(size_of::<u64>()) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word.copy_from_slice(&(mixed ^ (mixed >> 31)).to_ne_bytes());
    }
    bytes
}
