// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

#![doc = include_str!("../README.md")]
#![forbid(unsafe_op_in_unsafe_fn)]
#![deny(missing_docs)]

mod attach;
mod call;
mod error;
mod fault;
mod flags;
mod info;
mod many;
mod map;
mod outcome;
mod place;
mod reason;
mod request;
mod slice;
mod stat;
mod subject;
mod target;
#[cfg(feature = "io-uring")]
mod uring;
mod vector;

/// The ABI as it is in C, for those who want to call the device by hand.
#[expect(missing_docs, non_camel_case_types)]
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
pub use place::Place;
pub use reason::Reason;
pub use slice::SliceExt;
pub use stat::Stat;
pub use target::Target;
#[cfg(feature = "io-uring")]
pub use uring::{
    Submission,
    VectorSubmission, //
};
pub use vector::{
    VectorError,
    RANGES_MAX, //
};
