// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! A client of `/dev/vm_map_sync`.
//!
//! Pushes the dirty pages of an address range to the files behind it, waits until they are durable
//! if asked, and frees the cached pages if asked. A range with holes or special mappings is refused
//! before anything happens to it.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (address, length) = (0, 0);
//! let map = vm_map_sync::Map::open()?;
//! let outcome = map.sync(
//!     address..address + length,
//!     vm_map_sync::Flags::SYNCIO | vm_map_sync::Flags::INVALIDATE,
//! )?;
//! println!("{} pages written, {} freed", outcome.pushed, outcome.freed);
//! # Ok(())
//! # }
//! ```

mod error;
mod map;
mod outcome;

/// The ABI as it is in C, for those who want to call the device by hand.
#[path = "../../src/uapi.rs"]
#[allow(missing_docs, non_camel_case_types)]
pub mod uapi;

pub use error::{
    Fault,
    OpenError,
    Reason,
    SyncError, //
};
pub use map::{
    Flags,
    Map,
    DEVICE, //
};
pub use outcome::Outcome;
