// SPDX-License-Identifier: GPL-2.0

//! Errors: disks that fail, fill up or are too slow to wait for.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod cursors;
mod devices;
mod full;
mod kill;
mod pages;
mod scene;

use self::{
    cursors::*,
    devices::*,
    full::*,
    kill::*,
    pages::*, //
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
        device_that_fails,
        device_that_fails_writes,
        late_disk,
        full_disk,
        full_disk_with_delayed_allocation,
        killed_in_syncio,
        killed_in_invalidate,
        killed_in_both,
        killed_in_four_gigabytes,
        killed_in_the_commit,
        killed_in_several_commits,
    ])
}
