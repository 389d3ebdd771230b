// SPDX-License-Identifier: GPL-2.0

//! io_uring: each command of the device as a request of a ring, which can be waited for, linked to others,
//! and cancelled.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    module,
    program,
    tests, //
};

mod at_once;
mod bad;
mod bounds;
mod cancel;
mod ends;
#[path = "../../../../../client/rust/doc/uring.rs"]
mod example;
mod kinds;
mod meanwhile;
mod rights;
mod same;
mod scene;
mod small;
mod submit;
mod untold;

use self::{
    at_once::*,
    bad::*,
    bounds::*,
    cancel::*,
    ends::*,
    kinds::*,
    meanwhile::*,
    rights::*,
    same::*,
    submit::*,
    untold::*, //
};

fn main() -> ExitCode {
    program::stay_if_executed();
    let code = harness::run(tests![
        features_say_so,
        each_command,
        same_as_the_call,
        same_refusals,
        many_at_once,
        links,
        failed_links,
        the_kernel_submits,
        registered_devices,
        large_entries,
        one_issuer,
        unknown_commands,
        anything_else_in_the_entry,
        bad_pointers,
        bad_sizes,
        questions_are_answered_at_once,
        refusals_are_told_at_once,
        what_is_clean_is_done_at_once,
        a_dirty_range_is_left_to_a_worker,
        a_commit_is_left_to_a_worker,
        what_is_cached_is_freed_by_a_worker,
        a_look_at_very_much_is_left_to_a_worker,
        what_is_tried_does_not_count,
        cancel_one,
        cancel_all,
        cancel_what_was_not_begun,
        cancel_in_syncio,
        cancel_in_both,
        a_commit_under_way_leaves_its_error,
        a_commit_that_is_done_leaves_its_error,
        what_has_failed_is_told_all_the_same,
        a_stopped_process_goes_on,
        the_ring_is_closed,
        the_submitter_is_killed,
        the_submitter_exits,
        the_submitter_executes_another_program,
        the_thread_that_submitted_ends,
        the_map_and_its_files_go_meanwhile,
        the_argument_goes_meanwhile,
        the_process_of_the_map_executes_another_program,
        no_unloading_meanwhile,
        descriptors_are_those_at_the_beginning,
        no_more_than_there_are_workers,
        others_have_workers_of_their_own,
        what_takes_no_worker_goes_on,
        rights_are_those_of_the_submitter,
        example_of_the_crate,
        submissions_of_many,
        submissions_that_are_cancelled,
        submissions_that_are_dropped,
    ]);
    module::restore();
    code
}
