// SPDX-License-Identifier: GPL-2.0

//! Faults: each allocation of a call fails once, on a kernel that has them fail on request, or all of
//! them, in a memory group that is full. A call without memory for it is refused and does nothing, or
//! says honestly what it did not do.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod group;
mod inject;
mod scene;
mod ways;

use self::{
    group::*,
    scene::*,
    ways::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        opening,
        attaching,
        start_of_one_entry,
        start_of_many_pieces,
        syncio_of_one_entry,
        syncio_of_many_files,
        invalidate_of_one_entry,
        invalidate_of_many_pieces,
        both_of_many_files,
        both_of_a_vector,
        invalidate_and_spare_a_vector,
        both_of_descriptors,
        looking,
        refused_range,
        no_memory_at_all,
        full_memory_group,
    ])
}
