// SPDX-License-Identifier: GPL-2.0

//! Real programs, unmodified, with the library: what they have committed is there after the power was cut.
//! They are those of `tests/msync/stores`.

use std::process::ExitCode;
use vm_map_sync_msync_tests::library;
use vm_map_sync_tests::{
    harness::{
        self,
        Verdict, //
    },
    tests,
};

mod flushes;
mod power;
mod store;

use self::{
    flushes::lmdb_flushes,
    power::survives,
    store::Store, //
};

fn main() -> ExitCode {
    if let Err(error) = library() {
        println!("Bail out! {error:?}");
        return ExitCode::FAILURE;
    }
    harness::run(tests![lmdb, python_mmap, gdbm, lmdb_flushes])
}

/// In write-map mode.
const LMDB: Store = Store("/usr/bin/python3", "store_lmdb.py");

fn lmdb() -> Verdict {
    survives(&LMDB, "300 right of 300")
}

/// `mmap.flush()`, for all records but one: that one shows that what is not committed is lost.
fn python_mmap() -> Verdict {
    let store = Store("/usr/bin/python3", "store_mmap.py");
    survives(&store, "63 right of 63\nthe last one is not there")
}

/// It asks for `MS_SYNC | MS_INVALIDATE`.
fn gdbm() -> Verdict {
    survives(&Store("/usr/bin/perl", "store_gdbm.pl"), "300 right of 300")
}
