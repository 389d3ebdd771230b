// SPDX-License-Identifier: GPL-2.0

//! The command `vmsync`, as somebody uses it who has a terminal, a script or a cron job.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    module,
    program,
    tests, //
};

mod absent;
mod bad;
mod documents;
mod errors;
mod limits;
mod process;
mod scene;
mod status;
mod terminal;
mod trees;
mod verbs;

use self::{
    absent::*,
    bad::*,
    documents::*,
    errors::*,
    limits::*,
    process::*,
    status::*,
    terminal::*,
    trees::*,
    verbs::*, //
};

fn main() -> ExitCode {
    program::stay_if_executed();
    let code = harness::run(tests![
        dirty_file_is_synced,
        writing_is_started_only,
        file_is_evicted,
        what_others_map_is_spared,
        part_of_a_file,
        large_file_in_pieces,
        large_file_is_committed_once,
        before_and_after,
        file_for_writing_only,
        block_device,
        what_is_cached,
        what_is_being_written,
        not_ones_own_to_see,
        empty_file,
        file_is_watched,
        directories_are_gone_through,
        directory_needs_the_option,
        symbolic_links,
        hard_links,
        other_file_systems,
        several_bad_ones,
        special_files,
        huge_pages,
        not_ones_own_to_free,
        many_are_not_ones_own,
        truncated_meanwhile,
        vanishing_meanwhile,
        names_that_do_harm,
        failed_writes_are_kept,
        failed_writes_are_forgotten,
        failed_writes_of_a_large_file,
        failed_writes_by_another_name,
        failed_writes_of_a_process,
        few_descriptors,
        many_files_in_little_memory,
        interrupted,
        interrupted_with_json,
        interrupted_while_nobody_reads,
        no_room_for_the_output,
        process_is_shown,
        process_is_synced,
        process_is_evicted,
        memory_that_is_locked,
        process_of_somebody_else,
        no_such_process,
        thread_is_no_process,
        process_that_executes_another_program,
        process_of_a_pid_namespace,
        process_with_a_borrowed_map,
        number_that_another_process_gets,
        pictures_of_all_widths,
        colours,
        progress_on_a_terminal,
        watched_on_a_terminal,
        all_is_well,
        no_device_here,
        device_for_others_only,
        module_is_not_loaded,
        wrong_options,
        lines_of_the_document,
    ]);
    module::restore();
    code
}
