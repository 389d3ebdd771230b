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
    tests, //
};

mod failures;
mod server;
mod wire;

use self::{
    failures::*,
    server::{
        Server,
        Temper, //
    },
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
            return harness::run(tests![
                slow_server,
                server_dies,
                server_cannot_commit,
                stuck_server_and_push,
                stuck_server_and_a_kill,
            ])
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
