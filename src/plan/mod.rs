// SPDX-License-Identifier: GPL-2.0

//! The plan: what to do, worked out without touching anything.
//!
//! Plain `core` Rust without a kernel type in it. The same files are compiled into the module and
//! into the host tests of `tests/plan`, where property tests try them.

pub(crate) mod bounds;
pub(crate) mod chunks;
pub(crate) mod flags;
pub(crate) mod pauses;
pub(crate) mod pieces;
pub(crate) mod reason;
pub(crate) mod shares;
pub(crate) mod stretches;
pub(crate) mod tally;
