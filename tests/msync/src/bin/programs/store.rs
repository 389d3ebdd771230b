// SPDX-License-Identifier: GPL-2.0

//! Stores: programs that store something in a directory, and commit it.

use std::{
    fs,
    io::{
        BufRead,
        BufReader,
        Write, //
    },
    path::Path,
    process::{
        Child,
        ChildStdin,
        ChildStdout,
        Command,
        Stdio, //
    },
};
use vm_map_sync::DEVICE;
use vm_map_sync_msync_tests::{
    library,
    run, //
};
use vm_map_sync_tests::harness::{
    Failure,
    Verdict, //
};

/// An interpreter, and a script of `tests/msync/stores`, which lies beside the tests.
pub struct Store(pub &'static str, pub &'static str);

impl Store {
    /// What is to be done in a directory.
    pub fn command(&self, what: &str, directory: &Path) -> Result<Command, Failure> {
        let script = Path::new(&library()?).with_file_name(self.1);
        let mut command = Command::new(self.0);
        command.arg(script).arg(what).arg(directory);
        Ok(command)
    }

    /// What it finds in a directory.
    pub fn check(&self, directory: &Path) -> Result<String, Failure> {
        let output = run(&mut self.command("check", directory)?)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// A store that runs. It is killed when this is dropped.
pub struct Running {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    pub fn new(command: &mut Command) -> Result<Self, Failure> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Failure::Failed("it has no input or output".to_owned()));
        };
        Ok(Self {
            process,
            input,
            output: BufReader::new(output),
        })
    }

    /// Waits until it says something.
    pub fn expect(&mut self, word: &str) -> Verdict {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        assert_eq!(line.trim(), word);
        Ok(())
    }

    /// Has it go on.
    pub fn go_on(&mut self) -> Verdict {
        Ok(self.input.write_all(b"\n")?)
    }

    /// How many calls its handle on the device has seen.
    pub fn calls(&self) -> Result<u64, Failure> {
        let process = Path::new("/proc").join(self.process.id().to_string());
        let mut calls = 0;
        for entry in fs::read_dir(process.join("fd"))? {
            let entry = entry?;
            if fs::read_link(entry.path())? != Path::new(DEVICE) {
                continue;
            }
            let told = fs::read_to_string(process.join("fdinfo").join(entry.file_name()))?;
            let line = told.lines().find_map(|line| line.strip_prefix("calls:"));
            calls += line.unwrap_or_default().trim().parse::<u64>()?;
        }
        Ok(calls)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nobody is left to tell.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
