// SPDX-License-Identifier: GPL-2.0

//! Races: everything that can happen to a file and to its mappings, while the same ranges are
//! synced and freed all the time. No byte is lost, torn or stale.
//!
//! - `VMS_SECONDS`: how long all of it is to take (default: 12).
//! - `VMS_SEED`: what the actors throw their dice with (default: the time). The scheduler has dice
//!   of its own.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod callers;
mod changers;
mod model;
mod storm;
mod writers;

use self::storm::{
    changing_maps,
    processes,
    threads, //
};

fn main() -> ExitCode {
    harness::run(tests![threads, processes, changing_maps])
}
