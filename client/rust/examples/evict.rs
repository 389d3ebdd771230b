// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Gives back the memory that files take in the page cache, after what is dirty was written: `evict FILE...`.

use std::{
    env,
    error::Error,
    fs::File,
    os::fd::AsFd,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    SyncError,
    Target, //
};

fn evict(path: &str) -> Result<(), Box<dyn Error>> {
    let file = File::open(path)?;
    let done = match Map::current()?.evict(Target::file(file.as_fd(), ..), Flags::empty()) {
        Ok(done) => done,
        // All was written, and what nobody has in use was freed.
        Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => fault.outcome,
        Err(error) => return Err(error.into()),
    };
    println!(
        "{path}: {} pages written, {} freed, {} left",
        done.pushed, done.freed, done.left
    );
    Ok(())
}

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in env::args().skip(1) {
        if let Err(error) = evict(&path) {
            eprintln!("{path}: {error}");
            code = ExitCode::FAILURE;
        }
    }
    code
}
