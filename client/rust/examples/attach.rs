// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Makes durable all that another process has mapped, before a snapshot, say: `attach PID`.

use std::{
    env,
    error::Error,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map, //
};

fn make_durable(process: u32) -> Result<(), Box<dyn Error>> {
    let all = Flags::ALLOW_HOLES | Flags::SKIP_SPECIALS;
    let done = Map::attach(process)?.sync(0..usize::MAX, Flags::SYNCIO | all)?;
    println!("process {process}: {} pages written", done.pushed);
    Ok(())
}

fn main() -> ExitCode {
    let Some(process) = env::args().nth(1).and_then(|word| word.parse().ok()) else {
        eprintln!("usage: attach PID");
        return ExitCode::from(2);
    };
    if let Err(error) = make_durable(process) {
        eprintln!("process {process}: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
