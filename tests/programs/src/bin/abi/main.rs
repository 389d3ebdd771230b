// SPDX-License-Identifier: GPL-2.0

//! The ABI: what the device takes, what it rejects, and where it writes.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod arguments;
mod commands;
mod pointers;
mod scene;
mod sizes;

use self::{
    arguments::*,
    commands::*,
    pointers::*,
    sizes::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        known_flags,
        unknown_flags,
        reserved_field,
        start_behind_end,
        inputs_stay_as_they_are,
        result_of_a_refusal,
        one_structure_twice,
        structure_within_the_range,
        size_too_small,
        size_of_older_headers,
        size_longer_with_zeros,
        size_longer_with_more,
        size_above_a_page,
        unknown_commands,
        wrong_directions,
        size_of_the_command,
        other_calls,
        any_way_to_open,
        bad_pointers,
        pointer_to_a_border,
        pointer_to_memory_that_is_read_only,
    ])
}
