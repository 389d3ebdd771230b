// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The command `vmsync`: files and processes get to the disk and out of the page cache, by hand.

#![forbid(unsafe_code)]

mod act;
mod batch;
mod check;
mod gather;
mod interrupt;
mod open;
mod output;
mod process;
mod progress;
mod record;
mod report;
mod run;
mod status;
mod subject;
mod totals;
mod trouble;
mod walk;
mod why;

use self::{
    act::Work,
    output::Output,
    trouble::{
        End,
        Trouble, //
    },
};
use clap::Parser;
use std::{
    io::{
        self,
        Write, //
    },
    process::ExitCode,
};
use vmsync::{
    manual,
    options::{
        Options,
        Verb, //
    },
    style::Style,
};

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(end) => end.into(),
        Err(trouble) => {
            if !trouble.is_hung_up() {
                // If that cannot be told, the exit code still says it.
                let _ = writeln!(io::stderr(), "vmsync: {trouble}");
            }
            trouble.end().into()
        }
    }
}

fn run(options: &Options) -> Result<End, Trouble> {
    let style = Style::of_stdout(options.color);
    let output = || Output::new(options.json, style);
    match &options.verb {
        Verb::Status(status) => status::status(status, options.json, style),
        Verb::Sync(sync) => Work::from(sync).act(output()),
        Verb::Evict(evict) => Work::from(evict).act(output()),
        Verb::Run(program) => match run::run(program)? {},
        Verb::Check => check::check(options.json),
        Verb::Generate { what } => {
            manual::write(*what, &mut io::stdout())?;
            Ok(End::Done)
        }
    }
}
