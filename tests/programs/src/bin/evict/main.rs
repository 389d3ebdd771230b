// SPDX-License-Identifier: GPL-2.0

//! Evict: pages are freed, and nothing is lost.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod claimed;
mod free;
mod held;
mod large;
mod scene;

use self::{
    claimed::*,
    free::*,
    held::*,
    large::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        all_is_freed,
        part_is_freed,
        what_is_not_there_is_not_counted,
        second_time,
        other_files_stay,
        not_mapped_by_anybody,
        two_mappers,
        two_mappers_of_many_pages,
        many_dirty_pages,
        wired_by_another_process,
        wired_elsewhere_in_the_map,
        pinned,
        pinned_and_dirty,
        pinned_and_mapped_twice,
        large_folio_whole,
        large_folio_in_parts,
        large_folio_with_a_wired_page,
        large_folio_with_one_wired_page,
        claimed_pages_are_waited_for_together,
        read_meanwhile,
    ])
}
