// SPDX-License-Identifier: GPL-2.0

//! Mappings: the kinds of them that Linux has, as far as `range` and `refuse` do not have them yet.

use std::{
    env,
    process::ExitCode, //
};
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod files;
mod images;
mod memory;
mod program;
mod shared_cache;

use self::{
    files::*,
    memory::*,
    program::running_program,
    shared_cache::cache_that_images_share, //
};

fn main() -> ExitCode {
    if env::var_os(program::ECHO).is_some() {
        return program::echo();
    }
    harness::run(tests![
        deleted_file,
        moved,
        twice_at_different_addresses,
        by_a_hundred_processes,
        two_descriptors,
        two_files_in_turn,
        large_folios_at_both_ends,
        map_sync,
        running_program,
        stack,
        stack_that_grows,
        user_faults,
        system_v,
        dev_zero,
        huge_pages,
        pages_without_a_pager_are_told,
        cache_that_images_share,
    ])
}
