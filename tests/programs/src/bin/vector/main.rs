// SPDX-License-Identifier: GPL-2.0

//! Vectors: many ranges in one call, which are refused or done together, and each of which has a result of
//! its own.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    program,
    tests, //
};

mod arrays;
mod killed;
mod overlaps;
mod races;
mod refusals;
mod scene;
mod shapes;
mod sums;
mod table;

use self::{
    arrays::*,
    killed::*,
    overlaps::*,
    races::*,
    refusals::*,
    shapes::*,
    sums::*, //
};

fn main() -> ExitCode {
    program::stay_if_executed();
    harness::run(tests![
        one_to_1024_ranges,
        ranges_of_several_files,
        ranges_that_are_entries,
        ranges_are_rounded,
        ranges_of_memory,
        ranges_that_overlap,
        ranges_of_one_file_in_several_places,
        whole_map_twice,
        holes_are_no_overlap,
        too_much_overlap,
        overlap_of_a_large_map,
        hole_refuses_all,
        special_mapping_refuses_all,
        wired_memory_refuses_all,
        foreign_file_refuses_all,
        bad_descriptor_refuses_all,
        senseless_range_refuses_all,
        first_refusal_is_reported,
        dead_map_refuses_all,
        array_anywhere,
        no_ranges_and_too_many,
        unknown_flags_of_a_vector,
        unknown_flags_of_a_range,
        results_of_a_refusal,
        longer_ranges,
        impossible_sizes,
        unreadable_arrays,
        array_that_is_half_unwritable,
        array_within_the_ranges,
        killed_in_the_middle,
        range_that_comes_and_goes,
        owner_forks_and_exits,
        owner_forks_and_executes,
    ])
}
