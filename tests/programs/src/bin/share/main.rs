// SPDX-License-Identifier: GPL-2.0

//! Sharing: several processes, one file, one handle.

use std::process::ExitCode;
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        self,
        Failure, //
    },
    program, tests,
};

mod maps;
mod meanwhile;
mod owner;

use self::{
    maps::*,
    meanwhile::*,
    owner::*, //
};

const PAGES: usize = 8;

/// A file with all pages clean.
fn file() -> Result<TestFile, Failure> {
    Ok(TestFile::new(PAGES)?)
}

fn main() -> ExitCode {
    program::stay_if_executed();
    harness::run(tests![
        two_maps_of_one_file,
        inherited_handle,
        inherited_handle_of_another_user,
        sent_handle,
        owner_exits,
        owner_is_killed,
        owner_executes_a_program,
        owner_lives_on_in_a_thread,
        written_to_meanwhile,
        many_callers_at_once,
        mapped_and_unmapped_meanwhile,
        truncated_meanwhile,
    ])
}
