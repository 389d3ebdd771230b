// SPDX-License-Identifier: GPL-2.0

//! Sysctls that are put back.

use std::{
    fs,
    io,
    path::PathBuf, //
};

/// A sysctl that has another value for as long as this lives.
pub struct Sysctl {
    path: PathBuf,
    before: String,
}

impl Sysctl {
    /// Sets a sysctl, such as `vm/nr_hugepages`, or what has a path of its own.
    pub fn set(name: &str, value: &str) -> io::Result<Self> {
        let path = PathBuf::from("/proc/sys").join(name);
        let before = fs::read_to_string(&path)?;
        fs::write(&path, value)?;
        Ok(Self { path, before })
    }
}

impl Drop for Sysctl {
    fn drop(&mut self) {
        // If it cannot be put back, there is nobody to tell.
        let _ = fs::write(&self.path, &self.before);
    }
}

/// Has the kernel leave dirty pages alone, so that they stay dirty until somebody asks for them to
/// be written.
pub fn hold_writeback() -> io::Result<Vec<Sysctl>> {
    [
        ("vm/dirty_ratio", "95"),
        ("vm/dirty_background_ratio", "90"),
        ("vm/dirty_expire_centisecs", "360000"),
        ("vm/dirty_writeback_centisecs", "0"),
    ]
    .into_iter()
    .map(|(name, value)| Sysctl::set(name, value))
    .collect()
}
