// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Adds one to a counter in a file that is mapped, and makes it durable: `durable FILE`.

use memmap2::MmapMut;
use std::{
    env,
    error::Error,
    fs::OpenOptions,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map,
    SliceExt, //
};

fn count(path: &str) -> Result<(), Box<dyn Error>> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    file.set_len(8)?;
    // SAFETY: The file is this program's alone.
    let mut mapped = unsafe { MmapMut::map_mut(&file) }?;
    let number = u64::from_le_bytes(mapped[..8].try_into()?) + 1;
    mapped[..8].copy_from_slice(&number.to_le_bytes());

    let done = mapped.sync(&Map::current()?, Flags::SYNCIO)?;
    println!("{number} is durable: pages written: {}", done.pushed);
    Ok(())
}

fn main() -> ExitCode {
    let Some(path) = env::args().nth(1) else {
        eprintln!("usage: durable FILE");
        return ExitCode::from(2);
    };
    if let Err(error) = count(&path) {
        eprintln!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
