// SPDX-License-Identifier: GPL-2.0

//! What the tests of the preloaded library share.
//!
//! The programs are run with the library preloaded, so that `msync()` is the library's, as it is for any
//! program. Besides what all test programs want to know from the environment:
//!
//! - `LD_PRELOAD`: the library. What else the tests need lies beside it.

pub mod filter;

use nix::errno::Errno;
use std::{
    collections::BTreeSet,
    env,
    ffi::c_int,
    fs, io,
    ops::Range,
    os::unix::fs::{
        FileTypeExt,
        MetadataExt, //
    },
    process::{
        Command,
        Output,
        Stdio, //
    },
};
use vm_map_sync::DEVICE;
use vm_map_sync_tests::harness::Failure;

extern "C-unwind" {
    /// `libc::msync()` is said not to unwind, but a thread can be cancelled in it.
    #[link_name = "msync"]
    fn interposed(address: *mut libc::c_void, length: usize, flags: c_int) -> c_int;
}

/// `msync()`, as a program calls it.
pub fn msync(start: usize, length: usize, flags: c_int) -> Result<(), Errno> {
    // SAFETY: It changes nothing that Rust could see, whatever the addresses are.
    Errno::result(unsafe { interposed(start as *mut _, length, flags) }).map(drop)
}

/// The same of a range.
pub fn sync(range: Range<usize>, flags: c_int) -> Result<(), Errno> {
    msync(range.start, range.len(), flags)
}

/// The `msync()` of the kernel.
pub fn kernel(start: usize, length: usize, flags: c_int) -> Result<(), Errno> {
    // SAFETY: As above.
    Errno::result(unsafe { libc::syscall(libc::SYS_msync, start, length, flags) }).map(drop)
}

/// The descriptors of this process that are of the device.
pub fn handles() -> io::Result<BTreeSet<c_int>> {
    let device = fs::metadata(DEVICE)?.rdev();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        // The one of this directory is gone by the time that it is looked at.
        let Ok(status) = fs::metadata(entry.path()) else {
            continue;
        };
        if status.file_type().is_char_device() && status.rdev() == device {
            let name = entry.file_name();
            found.extend(name.to_str().and_then(|name| name.parse::<c_int>().ok()));
        }
    }
    Ok(found)
}

/// The variable that the library reads.
pub const SETTINGS: &str = "VM_MAP_SYNC_MSYNC";

/// This very program, to be run anew with arguments.
pub fn program(settings: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(arguments).env(SETTINGS, settings);
    command.stdin(Stdio::null());
    command
}

/// Runs a command, which has to succeed. Returns what it has said.
pub fn run(command: &mut Command) -> Result<Output, Failure> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Failure::Failed(format!(
        "{command:?}: {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// The library that is preloaded.
///
/// # Errors
///
/// If there is none, so that nothing would be tested.
pub fn library() -> Result<String, Failure> {
    let wanted = env::var("LD_PRELOAD").map_err(|_| {
        Failure::Failed("LD_PRELOAD is not set: these tests are of the library in it".to_owned())
    })?;
    let maps = fs::read_to_string("/proc/self/maps")?;
    if !maps.contains(&wanted) {
        return Err(Failure::Failed(format!("{wanted} was not loaded")));
    }
    Ok(wanted)
}
