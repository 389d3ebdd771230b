// SPDX-License-Identifier: GPL-2.0

//! What a library that stands in for `msync()` has to get right, one trap after the other.

use std::{
    env,
    process::ExitCode, //
};
use vm_map_sync_msync_tests::library;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod answers;
mod bsd;
mod descriptors;
mod errors;
mod fallbacks;
mod loading;
mod processes;
mod threads;
mod wrapper;

use self::{
    answers::*,
    bsd::*,
    descriptors::*,
    errors::*,
    fallbacks::*,
    loading::*,
    processes::*,
    threads::*,
    wrapper::*, //
};

fn main() -> ExitCode {
    // What tests run this very program for.
    match env::args().nth(1).as_deref() {
        Some("--bsd") => return harness::judge_alone(in_the_manner_of_bsd),
        Some("--verbose") => return harness::judge_alone(says_why),
        Some("--constructed") => return ExitCode::SUCCESS,
        Some("--executed") => return harness::judge_alone(was_executed),
        _ => {}
    }
    if let Err(error) = library() {
        println!("Bail out! {error:?}");
        return ExitCode::FAILURE;
    }
    harness::run(tests![
        async_writes,
        invalidate_frees,
        one_commit_for_all_mappings,
        holes_are_passed_over,
        locked_memory_ends_it,
        others_hold_pages,
        pinned_pages,
        mounted_device,
        bad_arguments,
        errno_is_kept,
        special_mappings,
        memory_beside_a_file,
        files_of_others,
        no_device,
        no_descriptors,
        filtered,
        said_once,
        closed,
        replaced,
        lost_all_the_time,
        write_errors,
        failed_before,
        errors_are_not_swallowed,
        first_at_once,
        cancellation_point,
        in_signal_handlers,
        no_interruption,
        forked,
        vforked,
        cloned,
        executed,
        opened_library,
        constructed_early,
        bsd_manner,
        wrapped,
        wrapped_as_it_was,
        wrapped_in_vain,
        wrapped_unread,
    ])
}
