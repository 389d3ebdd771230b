// SPDX-License-Identifier: GPL-2.0

//! Injection: the n-th allocation of this thread fails, see
//! Documentation/fault-injection/fault-injection.rst.

use std::{
    fs::{
        self,
        File, //
    },
    io,
    os::unix::fs::FileExt,
    path::Path, //
};
use vm_map_sync_tests::harness::Failure;

const DEBUG: &str = "/sys/kernel/debug";

/// What can fail, and the settings by which everything of it can. They are silent: a trace for
/// each would look like trouble to who reads the log.
const SETTINGS: [(&str, &str); 6] = [
    ("failslab/ignore-gfp-wait", "N"),
    ("failslab/verbose", "0"),
    ("fail_page_alloc/ignore-gfp-wait", "N"),
    ("fail_page_alloc/ignore-gfp-highmem", "N"),
    ("fail_page_alloc/min-order", "0"),
    ("fail_page_alloc/verbose", "0"),
];

/// Others that count as well if the kernel has them; they must be silent, too.
const OTHERS: [&str; 3] = ["fail_usercopy", "fail_make_request", "fail_futex"];

/// Makes things fail in this thread.
pub struct Injector {
    nth: File,
}

impl Injector {
    pub fn new() -> Result<Self, Failure> {
        // It is mounted, or it is not to be had.
        let _ = nix::mount::mount(
            None::<&str>,
            DEBUG,
            Some("debugfs"),
            nix::mount::MsFlags::empty(),
            None::<&str>,
        );
        if !Path::new(DEBUG).join("failslab").exists() {
            return Err(Failure::skip(
                "this kernel injects no faults (CONFIG_FAILSLAB)",
            ));
        }
        for (name, value) in SETTINGS {
            fs::write(Path::new(DEBUG).join(name), value)?;
        }
        for name in OTHERS {
            let directory = Path::new(DEBUG).join(name);
            if directory.exists() {
                fs::write(directory.join("verbose"), "0")?;
            }
        }
        let nth = File::options()
            .read(true)
            .write(true)
            .open("/proc/thread-self/fail-nth")?;
        Ok(Self { nth })
    }

    /// Whether reading from and writing to a caller's memory can fail, too.
    pub fn fails_copies(&self) -> bool {
        Path::new(DEBUG).join("fail_usercopy").exists()
    }

    /// Runs `call` so that the `nth` thing (counted from 1) that can fail in it does. Says whether
    /// there were as many.
    pub fn fail<T>(&self, nth: u32, call: impl FnOnce() -> T) -> io::Result<(T, bool)> {
        // The number ends where it ends, and is written in one call, which does not count.
        self.nth.write_all_at(nth.to_string().as_bytes(), 0)?;
        let result = call();
        let mut text = [0; 16];
        let length = self.nth.read_at(&mut text, 0)?;
        self.nth.write_all_at(b"0", 0)?;
        let left = String::from_utf8_lossy(&text[..length]);
        let failed = left.trim_matches(['\n', '\0', ' ']) == "0";
        Ok((result, failed))
    }

    /// Runs `call` so that every allocation of this thread in it fails.
    pub fn fail_all<T>(&self, call: impl FnOnce() -> T) -> io::Result<T> {
        let set = |name: &str, value: &str| {
            ["failslab", "fail_page_alloc"]
                .iter()
                .try_for_each(|what| fs::write(Path::new(DEBUG).join(what).join(name), value))
        };
        // Opened before, for that takes memory.
        let switch = File::options()
            .write(true)
            .open("/proc/thread-self/make-it-fail")?;
        set("task-filter", "Y")?;
        set("times", "-1")?;
        set("probability", "100")?;
        switch.write_all_at(b"1", 0)?;
        let result = call();
        switch.write_all_at(b"0", 0)?;
        set("probability", "0")?;
        set("task-filter", "N")?;
        Ok(result)
    }
}
