// SPDX-License-Identifier: GPL-2.0

//! Refusals: ranges that cannot be dealt with, to which nothing happens.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod hole;
mod overlay;
mod protection;
mod scene;
mod special;
mod wired;

use self::{
    hole::*,
    overlay::*,
    protection::*,
    special::*,
    wired::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        hole_at_the_start,
        hole_in_the_middle,
        hole_at_the_end,
        hole_of_one_page,
        hole_where_an_entry_is_asked_for,
        hole_beyond_the_address_space,
        hole_behind_an_end_that_overflows,
        first_page_of_all,
        hole_that_moves,
        special_vdso,
        special_vvar,
        special_hugetlb,
        special_device_memory,
        what_comes_first_is_reported,
        wired_page,
        wired_on_fault,
        wired_anonymous_memory,
        wired_page_outside_of_the_range,
        foreign_file,
        foreign_file_mapped_privately,
        foreign_file_behind_an_own_one,
        owner_of_a_file_of_an_overlay,
        foreign_file_is_written,
        dirty_pages_of_others_are_not_told,
        descriptor_open_for_writing,
        rights_given_up_since,
        own_file,
        file_of_the_group,
        file_of_all,
        private_memory_of_a_foreign_device,
    ])
}
