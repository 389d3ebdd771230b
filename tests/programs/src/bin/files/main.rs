// SPDX-License-Identifier: GPL-2.0

//! Files: ranges of files by their descriptors, which need not be mapped.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod bounds;
mod free;
mod memory;
mod mixed;
mod rights;
mod scene;
mod unfit;

use self::{
    bounds::*,
    free::*,
    memory::*,
    mixed::*,
    rights::*,
    unfit::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        whole_file,
        part_of_a_file,
        range_beyond_the_end,
        file_that_ends_within_a_page,
        sparse_file,
        any_way_to_open_a_file,
        file_that_others_have_mapped,
        file_that_somebody_has_wired,
        block_device,
        empty_and_backward_ranges,
        huge_offsets,
        memfd,
        tmpfs,
        file_and_its_addresses,
        files_beside_addresses,
        hundred_files,
        file_of_an_overlay,
        foreign_file_is_refused,
        foreign_file_is_written,
        file_open_for_writing_is_freed,
        own_file_is_freed,
        descriptors_are_the_callers,
        what_cannot_be_mapped,
        what_is_not_open,
        file_of_huge_pages,
        numbers_that_are_none,
    ])
}
