// SPDX-License-Identifier: GPL-2.0

//! Whole maps: holes and special mappings that are passed over, maps that are one's own, and pages of others
//! that are spared.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod changes;
mod holes;
mod map;
mod selves;
mod spared;
mod specials;

use self::{
    changes::*,
    holes::*,
    map::*,
    selves::*,
    spared::*,
    specials::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        holes_are_passed_over,
        holes_are_counted_by_the_page,
        holes_are_refused_without_the_flag,
        entry_in_a_hole_is_refused,
        holes_of_each_range,
        nothing_is_skipped_beyond_the_map,
        specials_are_passed_over,
        entry_that_is_special,
        specials_beside_files_and_holes,
        wired_memory_is_not_passed_over,
        whole_map_becomes_durable,
        whole_map_is_freed,
        whole_map_of_somebody_else,
        one_commit_for_each_file_of_the_map,
        skipped_bytes_of_the_map_are_exact,
        whole_map_needs_both_flags,
        end_of_all_addresses,
        inherited_handle_means_oneself,
        sent_handle_means_oneself,
        threads_mean_their_process,
        rights_are_those_of_ones_own_map,
        pages_of_others_are_spared,
        pages_of_others_go_without_the_flag,
        nothing_is_given_up_without_invalidate,
        pages_mapped_twice_by_the_caller,
        private_mappings_keep_their_pages,
        files_of_others_keep_their_pages,
        pinned_pages_are_busy,
        wired_memory_is_refused,
        pages_wired_by_others_are_spared,
        map_of_the_handle_gives_up,
        file_range_spares_all_mappers,
        memory_is_not_given_up,
    ])
}
