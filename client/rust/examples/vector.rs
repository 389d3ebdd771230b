// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Makes files durable, all of them by one call, with one commit of each: `vector FILE...`.

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
    Target,
    VectorError, //
};

/// Says whether all are durable.
fn make_durable(paths: &[String]) -> Result<bool, Box<dyn Error>> {
    let files = paths
        .iter()
        .map(File::open)
        .collect::<Result<Vec<_>, _>>()?;
    let targets: Vec<_> = files
        .iter()
        .map(|file| Target::file(file.as_fd(), ..))
        .collect();
    match Map::current()?.sync_vectored(&targets, Flags::SYNCIO) {
        Ok(done) => {
            for (path, file) in paths.iter().zip(done.ranges) {
                println!("{path}: {} pages written", file.pushed);
            }
            println!("{} pages written in all", done.all.pushed);
            Ok(true)
        }
        // Some are durable all the same.
        Err(VectorError::Failed { ranges, .. }) => {
            for (path, file) in paths.iter().zip(&ranges) {
                match file {
                    Ok(done) => println!("{path}: {} pages written", done.pushed),
                    Err(fault) => eprintln!("{path}: {fault}"),
                }
            }
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn main() -> ExitCode {
    let paths: Vec<String> = env::args().skip(1).collect();
    match make_durable(&paths) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
