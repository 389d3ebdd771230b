// SPDX-License-Identifier: GPL-2.0

//! Makes a table, a JSON file and plots of what was measured.
//!
//! `report DIRECTORY FACT...` reads the files `*.lines` there and writes `results.json`, `table.txt`
//! and scripts for gnuplot. The FACTs, `NAME=VALUE`, say where and when it was measured.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    process::ExitCode,
};
use vm_map_sync_bench::line::Line;

mod claims;
mod plot;
mod results;
mod table;

use self::results::Results;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let Some(directory) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: report DIRECTORY FACT...");
        return ExitCode::FAILURE;
    };
    let facts = arguments.filter_map(|fact| {
        let (name, value) = fact.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    match report(&directory, facts.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {}: {error}", directory.display());
            ExitCode::FAILURE
        }
    }
}

fn report(directory: &Path, facts: BTreeMap<String, String>) -> Result<(), Box<dyn Error>> {
    let mut results = Results::new(facts);
    let mut files: Vec<PathBuf> = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|name| name == "lines"));
    files.sort();
    for file in files {
        for text in fs::read_to_string(&file)?.lines() {
            let line: Line = serde_json::from_str(text)
                .map_err(|error| format!("{}: {error}: {text}", file.display()))?;
            results.add(line);
        }
    }
    let json = serde_json::to_string(&results)?;
    fs::write(directory.join("results.json"), json + "\n")?;
    let table = table::table(&results, &claims::claims(&results));
    fs::write(directory.join("table.txt"), &table)?;
    print!("{table}");
    for (name, script) in plot::plots(&results) {
        fs::write(directory.join(format!("{name}.gnuplot")), script)?;
    }
    Ok(())
}
