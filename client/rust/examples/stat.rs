// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Says what of files is in the page cache, and changes nothing: `stat FILE...`.

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
    Target, //
};

fn look(path: &str) -> Result<(), Box<dyn Error>> {
    let file = File::open(path)?;
    let found = Map::current()?.stat(Target::file(file.as_fd(), ..), Flags::empty())?;
    println!(
        "{path}: {} of {} pages cached, {} dirty, {} mapped by others, {} locked",
        found.resident, found.pages, found.dirty, found.others, found.wired
    );
    Ok(())
}

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in env::args().skip(1) {
        if let Err(error) = look(&path) {
            eprintln!("{path}: {error}");
            code = ExitCode::FAILURE;
        }
    }
    code
}
