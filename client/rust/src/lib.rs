// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! A client of `/dev/vm_map_sync`.
//!
//! Pushes the dirty pages of an address range to the files behind it, waits until they are durable
//! if asked, and frees the cached pages if asked. A range with holes or special mappings is refused
//! before anything happens to it. A range can also be one of a file, by its descriptor; a call can have
//! many ranges ([`Map::sync_vectored`]), or be about all that is mapped; and one can look at what is
//! cached before ([`Map::stat`]).
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (address, length) = (0, 0);
//! let map = vm_map_sync::Map::current()?;
//! let outcome = map.sync(
//!     address..address + length,
//!     vm_map_sync::Flags::SYNCIO | vm_map_sync::Flags::INVALIDATE,
//! )?;
//! println!("{} pages written, {} freed", outcome.pushed, outcome.freed);
//! # Ok(())
//! # }
//! ```

mod attach;
mod call;
mod error;
mod fault;
mod flags;
mod info;
mod map;
mod outcome;
mod reason;
mod stat;
mod target;
mod vector;

/// The ABI as it is in C, for those who want to call the device by hand.
#[allow(missing_docs, non_camel_case_types)]
pub mod uapi;

pub use attach::AttachError;
pub use error::{
    OpenError,
    SyncError, //
};
pub use fault::Fault;
pub use flags::Flags;
pub use info::{
    Features,
    Info,
    Whose, //
};
pub use map::{
    Map,
    DEVICE, //
};
pub use outcome::{
    Outcome,
    Outcomes, //
};
pub use reason::Reason;
pub use stat::Stat;
pub use target::Target;
pub use vector::{
    VectorError,
    RANGES_MAX, //
};
