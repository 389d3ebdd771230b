// SPDX-License-Identifier: GPL-2.0

//! Pins: pages that somebody else holds stay where they are, and nothing that happens to them is
//! lost; all others are freed.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod direct;
mod pipes;
mod ring;
mod wired;

use self::{
    direct::*,
    pipes::*,
    ring::*,
    wired::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        direct_read_under_way,
        direct_write_under_way,
        memory_in_a_pipe,
        file_in_a_pipe,
        registered_buffers,
        registered_private_copies,
        wired_when_touched,
        wired_by_two_processes,
        wired_until_munlock,
        wired_until_munmap,
        wired_until_exit,
    ])
}
