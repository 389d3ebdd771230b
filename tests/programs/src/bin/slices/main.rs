// SPDX-License-Identifier: GPL-2.0

//! Slices: calls by what a program holds instead of its addresses, and errors that say what of which file
//! went wrong.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod calls;
mod others;
mod places;
mod readme;
mod scene;

use self::{
    calls::*,
    others::*,
    places::*,
    readme::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        memory_map_becomes_durable_and_cold,
        part_of_a_memory_map,
        slice_of_words,
        memory_map_for_reading,
        memory_without_a_file,
        private_copies_stay,
        empty_slices_are_nothing,
        empty_slices_among_others,
        slices_are_the_callers_own,
        forgetting_errors_is_refused,
        what_could_not_be_written_stays,
        memory_map_is_named,
        offset_of_a_mapping_counts,
        each_range_is_named,
        range_of_a_file_is_named,
        removed_file_is_named,
        strange_names,
        what_has_no_name,
        hole_that_comes_and_goes,
        no_address_is_no_place,
        another_process_is_asked,
        another_process_that_may_not_be_asked,
        numbers_of_another_namespace,
        nothing_is_said_without_proc,
        example_of_the_readme,
    ])
}
