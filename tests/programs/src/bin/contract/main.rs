// SPDX-License-Identifier: GPL-2.0

//! The core of the contract, on whatever file system the environment names.
//!
//! Besides what all programs want to know:
//!
//! - `VMS_TRAITS`: what is special about the file system, words of [`subject::Traits`].
//! - `VMS_REAL`: for a file system that has the pages of its files elsewhere, the directory there.
//! - `VMS_OTHER`: for a file system that others write to as well, the directory as they see it.
//! - `VMS_SIZE`, `VMS_TYPE`, `VMS_MAKE`, `VMS_OPTIONS`: how to make another one like it, whose power can
//!   be cut: of so many megabytes, of that type, made by that command, mounted with those options.
//! - `VMS_PHASE`: `prepare` makes the file of a file system that is to become read only, in
//!   `VMS_DIR`.
//!
//! A test can say why it passed with less than all (`# note: TEST: WHY`).

use std::{
    env,
    process::ExitCode, //
};
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod basic;
mod changes;
mod commits;
mod power;
mod subject;
mod views;

use self::{
    basic::*,
    changes::*,
    commits::*,
    power::power_cut,
    views::*, //
};

fn main() -> ExitCode {
    match env::var("VMS_PHASE").as_deref() {
        Ok("prepare") => match subject::prepare() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                println!("Bail out! {error}");
                ExitCode::FAILURE
            }
        },
        _ => harness::run(tests![
            push,
            syncio,
            invalidate,
            both,
            push_and_invalidate,
            private_copies,
            read_only_mapping,
            large_folio,
            truncated,
            extended,
            punched,
            reflinked,
            changing,
            one_commit,
            bystanders,
            other_client,
            power_cut,
        ]),
    }
}
