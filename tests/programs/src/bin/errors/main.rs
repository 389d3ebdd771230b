// SPDX-License-Identifier: GPL-2.0

//! Errors: disks that fail, fill up or are too slow to wait for.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod cursors;
mod descriptors;
mod devices;
mod foreign;
mod forget;
mod full;
mod held;
mod kept;
mod kill;
mod late;
mod pages;
mod scene;
mod thin;
mod vectors;

use self::{
    cursors::*,
    descriptors::*,
    devices::*,
    foreign::*,
    forget::*,
    full::*,
    held::*,
    kept::*,
    kill::*,
    late::*,
    pages::*,
    vectors::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        error_of_syncio,
        error_of_invalidate,
        error_of_both,
        error_of_a_private_mapping,
        error_that_nobody_waits_for,
        error_between_two_pieces,
        writing_anew_heals,
        syncio_tells_the_file,
        invalidate_tells_nobody,
        each_mapped_file_is_told,
        private_file_is_told,
        error_from_before,
        untold_error_keeps_pages,
        error_told_to_a_backup,
        error_told_to_a_backup_and_by_the_call,
        retry_keeps_the_only_copy,
        error_of_one_file_of_the_range,
        written_anew_and_kept,
        forgotten_when_told,
        not_forgotten_when_not_told,
        not_forgotten_when_one_was_not_told,
        error_while_forgetting,
        nothing_to_forget,
        forgotten_when_opened_later,
        held_page_whose_write_failed_stays,
        error_recorded_late,
        foreign_calls_and_the_owner_are_told,
        receiver_and_sender_are_told,
        shared_descriptor_is_told_once,
        two_foreign_calls_are_told,
        descriptor_of_a_range_is_told,
        range_that_is_freed_only_tells_nobody,
        all_descriptors_of_a_vector_are_told,
        descriptor_beside_a_foreign_map_is_told,
        only_ranges_of_the_bad_file_fail,
        all_ranges_of_the_bad_file_fail,
        busy_page_in_some_ranges,
        worst_fault_is_that_of_all,
        errors_are_forgotten_by_all_ranges,
        device_that_fails,
        device_that_fails_writes,
        late_disk,
        full_disk,
        room_that_is_made,
        full_disk_with_delayed_allocation,
        killed_in_syncio,
        killed_in_invalidate,
        killed_in_both,
        killed_in_four_gigabytes,
        killed_in_the_commit,
        killed_in_several_commits,
    ])
}
