// SPDX-License-Identifier: GPL-2.0

//! The module: loading and unloading it.

use crate::place;
use nix::{
    errno::Errno,
    kmod::{
        delete_module,
        finit_module,
        DeleteModuleFlags,
        ModuleInitFlags, //
    },
};
use std::{
    ffi::CStr,
    fs::File,
    io,
    path::Path, //
};
use vm_map_sync::DEVICE;

/// Unloads it, unless it is in use.
///
/// # Errors
///
/// `EWOULDBLOCK` if it is.
pub fn unload() -> Result<(), Errno> {
    delete_module(c"vm_map_sync", DeleteModuleFlags::O_NONBLOCK)
}

/// Loads it.
pub fn load() -> io::Result<()> {
    load_with(c"")
}

/// Loads it with these parameters.
pub fn load_with(parameters: &CStr) -> io::Result<()> {
    let module = File::open(place::module()?)?;
    Ok(finit_module(&module, parameters, ModuleInitFlags::empty())?)
}

/// Loads it again if a test has left it unloaded: other programs come after this one.
pub fn restore() {
    if place::module().is_ok() && !Path::new(DEVICE).exists() {
        if let Err(error) = load() {
            println!("# the module cannot be loaded again: {error}");
        }
    }
}
