// SPDX-License-Identifier: GPL-2.0

//! Measures one subject, which the command line names, and prints the results as lines of JSON.
//!
//! To be run in the guest as root, where the module is loaded and `null_blk` can make disks.

use std::{
    env,
    process::ExitCode, //
};
use vm_map_sync_tests::{
    harness::Failure,
    sysctl, //
};

mod calls;
mod clean;
mod clock;
mod command;
mod contest;
mod dirty;
mod evict;
mod files;
mod gaps;
mod lock;
mod memory;
mod place;
mod ring;
mod sparse;
mod stall;
mod submit;
mod vector;
mod vmas;
mod writers;

/// What measuring comes to.
type Done<T = ()> = Result<T, Failure>;

fn main() -> ExitCode {
    let wanted = env::args().nth(1).unwrap_or_default();
    let measure = match wanted.as_str() {
        "vmas" => vmas::measure,
        "gaps" => gaps::measure,
        "files" => files::measure,
        "vector" => vector::measure,
        "clean" => clean::measure,
        "sparse" => sparse::measure,
        "evict" => evict::measure,
        "dirty" => dirty::measure,
        "stall" => stall::measure,
        "lock" => lock::measure,
        "memory" => memory::measure,
        "command" => command::measure,
        "submit" => submit::measure,
        "ring" => ring::measure,
        "writers" => writers::measure,
        _ => {
            eprintln!("usage: measure SUBJECT; there is no subject \"{wanted}\"");
            return ExitCode::FAILURE;
        }
    };
    // Nobody but the calls decides when something is written. A failure shows in the results.
    let _held = sysctl::hold_writeback();
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(why) | Failure::Skipped(why)) => {
            eprintln!("measure: {wanted}: {why}");
            ExitCode::FAILURE
        }
    }
}
