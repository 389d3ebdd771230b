// SPDX-License-Identifier: GPL-2.0

//! Attaching: handles on the maps of other processes, who may have one, and what it is good for. And
//! what a handle says of itself, and the module of what it can do.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    module,
    program,
    tests, //
};

mod arguments;
mod deputy;
mod fdinfo;
mod features;
mod handles;
mod info;
mod loading;
mod meanwhile;
mod namespaces;
mod rights;
mod target;
mod threads;

use self::{
    arguments::*,
    deputy::*,
    fdinfo::*,
    features::*,
    handles::*,
    info::*,
    loading::*,
    meanwhile::*,
    namespaces::*,
    rights::*,
    threads::*, //
};

fn main() -> ExitCode {
    program::stay_if_executed();
    let code = harness::run(tests![
        process_of_ones_own,
        process_of_another_user,
        process_of_another_group,
        root_has_all_rights,
        one_capability_is_enough,
        all_other_capabilities_are_not,
        process_that_is_not_dumpable,
        program_of_ones_own,
        program_that_cannot_be_read,
        program_with_the_rights_of_another,
        yama_wants_a_descendant,
        yama_wants_a_capability,
        rights_of_the_caller_count,
        rights_count_once,
        numbers_of_a_pid_namespace,
        numbers_in_fdinfo_are_those_of_its_proc,
        user_namespace,
        numbers_of_nobody,
        kernel_thread,
        thread_stands_for_its_process,
        process_without_its_first_thread,
        thread_that_executes_a_program,
        process_that_has_ended,
        process_that_executes_a_program,
        executing_meanwhile,
        ending_meanwhile,
        pidfd,
        what_the_target_has_is_written,
        what_the_target_has_not_is_a_hole,
        descriptor_is_closed_on_exec,
        sent_handle_keeps_its_map,
        handle_on_oneself,
        no_unloading_while_attached,
        no_descriptor_left,
        record_in_fdinfo,
        dead_map_in_fdinfo,
        deputy_is_not_confused,
        deputy_of_an_attacher_is_not_confused,
        whose_map,
        fields_of_attach,
        fields_of_questions,
        sizes,
        pointers,
        operations_are_those_there_are,
        flags_are_those_there_are,
        mode_of_all,
        mode_that_is_narrowed,
        mode_that_makes_no_sense,
        loader_in_a_pid_namespace,
    ]);
    module::restore();
    code
}
