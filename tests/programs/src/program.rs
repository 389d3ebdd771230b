// SPDX-License-Identifier: GPL-2.0

//! Programs: this one itself, executed once more to be nothing but a process that is there.

use crate::{
    harness::Failure,
    place, //
};
use nix::unistd::{
    execv,
    pause, //
};
use std::{
    convert::Infallible,
    env,
    ffi::CString,
    fs::{
        self,
        Permissions, //
    },
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::PermissionsExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process, //
};

/// With this argument the program does nothing, until it is killed.
const IDLE: &str = "--idle";
/// With this one it executes itself again and again.
const RESTLESS: &str = "--restless";

/// Itself, whoever runs it.
const SELF: &str = "/proc/self/exe";

/// To be called first: stays here if the program was executed by one of the functions below.
pub fn stay_if_executed() {
    match env::args().nth(1).as_deref() {
        Some(IDLE) => loop {
            pause();
        },
        Some(RESTLESS) => {
            let error = restless();
            println!("# it cannot execute itself: {error:?}");
            process::exit(1);
        }
        _ => {}
    }
}

/// Executes the program, to do nothing.
pub fn idle() -> io::Result<Infallible> {
    execute(Path::new(SELF), IDLE)
}

/// Executes the program, to execute itself again and again.
pub fn restless() -> io::Result<Infallible> {
    execute(Path::new(SELF), RESTLESS)
}

fn execute(program: &Path, argument: &str) -> io::Result<Infallible> {
    let program = CString::new(program.as_os_str().as_bytes())?;
    Ok(execv(&program, &[&program, &CString::new(argument)?])?)
}

/// A copy of the program, with a mode of its own; it goes when this is dropped.
pub struct Copied {
    path: PathBuf,
    owner: u32,
}

impl Copied {
    /// Makes a copy, which belongs to root.
    pub fn with_mode(mode: u32) -> Result<Self, Failure> {
        let directory = place::directory()?;
        let copy = Self {
            path: (0..)
                .map(|number| directory.join(format!("program-{}-{number}", process::id())))
                .find(|path| !path.exists())
                .unwrap_or_default(),
            owner: process::id(),
        };
        fs::copy(SELF, &copy.path)?;
        fs::set_permissions(&copy.path, Permissions::from_mode(mode))?;
        Ok(copy)
    }

    /// Executes it, to do nothing.
    pub fn idle(&self) -> io::Result<Infallible> {
        execute(&self.path, IDLE)
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if process::id() == self.owner {
            let _ = fs::remove_file(&self.path);
        }
    }
}
