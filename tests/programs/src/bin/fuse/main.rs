// SPDX-License-Identifier: GPL-2.0

//! FUSE: a small server that keeps its files in memory, and what becomes of a call when a server is
//! slow, stuck or dead.
//!
//! `fuse serve DIRECTORY [writeback]` serves, at DIRECTORY, until it is unmounted.

use std::{
    env,
    path::Path,
    process::ExitCode, //
};
use vm_map_sync_tests::{
    harness,
    module,
    tests, //
};

mod commits;
mod connection;
mod credentials;
mod failures;
mod mount;
mod rings;
mod server;
mod stuck;
mod wire;

use self::{
    commits::*,
    credentials::*,
    failures::*,
    rings::*,
    server::{
        Server,
        Temper, //
    },
    stuck::*, //
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (directory, temper) = match words.as_slice() {
        ["serve", directory] => (directory, Temper::default()),
        ["serve", directory, "writeback"] => (
            directory,
            Temper {
                writeback: true,
                ..Temper::default()
            },
        ),
        _ => {
            let code = harness::run(tests![
                slow_server,
                server_dies,
                server_cannot_commit,
                stuck_server_and_push,
                stuck_server_and_a_kill,
                stuck_commits_hang_nobody_else,
                the_dead_hold_no_files,
                the_dead_are_not_without_number,
                server_that_syncs_its_backing_files,
                commit_in_a_user_namespace,
                commit_with_the_callers_credentials,
                one_fsync_for_each_file_of_a_vector,
                no_unloading_while_a_commit_runs,
                stuck_server_and_a_cancel,
                page_fault_and_a_cancel,
                the_lock_of_a_map_is_not_waited_for,
                servers_that_answer_again,
                servers_are_not_asked_at_once,
            ]);
            module::restore();
            return code;
        }
    };
    match Server::mount(Path::new(directory), temper).and_then(Server::serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{directory}: {error}");
            ExitCode::FAILURE
        }
    }
}
