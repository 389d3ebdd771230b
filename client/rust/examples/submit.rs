// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Makes what was written to a file durable by an io_uring, and does something else meanwhile: `submit FILE`.

use memmap2::Mmap;
use std::{
    env,
    error::Error,
    fs::File,
    process::ExitCode, //
};
use vm_map_sync::Map;

#[path = "../doc/uring.rs"]
mod uring;

fn submit(path: &str) -> Result<(), Box<dyn Error>> {
    // SAFETY: The file is this program's alone.
    let mapped = unsafe { Mmap::map(&File::open(path)?) }?;
    let sum = || {
        mapped
            .iter()
            .fold(0_u64, |sum, &byte| sum + u64::from(byte))
    };
    let pushed = uring::durable_meanwhile(&Map::current()?, &mapped, || {
        println!("{path}: the sum of all bytes is {}", sum());
    })?;
    println!("{path}: durable, {pushed} pages written");
    Ok(())
}

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: submit FILE");
        return ExitCode::from(2);
    };
    if let Err(error) = submit(&path) {
        eprintln!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
