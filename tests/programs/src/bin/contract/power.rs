// SPDX-License-Identifier: GPL-2.0

//! A power cut: what the disk alone has when a call returns.

use super::subject::{
    self,
    Kind,
    Traits, //
};
use std::{
    env,
    fs::{
        self,
        File,
        OpenOptions, //
    },
    io,
    os::unix::fs::{
        FileExt,
        OpenOptionsExt, //
    }, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    place, //
};

const NAME: &str = "power-cut";
const PAGES: usize = 48;

/// What is written by way of the mapping: all of what was there already but a few pages, and all of
/// what was not, so that blocks and the size have to be made durable with it.
fn changed() -> impl Iterator<Item = usize> {
    (0..PAGES).filter(|page| page % 5 != 0 || *page >= 32)
}

/// Writes, calls, and copies the disk as it is then.
pub fn power_cut() -> Verdict {
    let traits = Traits::get();
    match traits.kind() {
        Kind::Cached => {}
        Kind::ReadOnly => return Err(Failure::skip("read only")),
        Kind::Memory => return Err(Failure::skip("nothing outlives the power")),
        Kind::Dax => return Err(Failure::skip("no disk to copy")),
        Kind::Special => return Err(Failure::skip("its mappings are special: refused")),
    }
    let Some(copy) = env::var_os("VMS_COPY") else {
        return Err(Failure::skip("no disk of its own to copy"));
    };
    let file = if traits.has("device") {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(env::var_os("VMS_DEV").unwrap_or_default())?
    } else {
        let path = place::directory()?.join(NAME);
        let _ = fs::remove_file(&path);
        OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?
    };
    subject::write(&file, 0, 0..32)?;
    file.sync_all()?;
    if !traits.has("device") {
        file.set_len((PAGES * vm_map_sync_tests::PAGE) as u64)?;
    }
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::Shared)?;
    mapping.advise(0..PAGES, libc::MADV_RANDOM)?;
    mapping.fill(1, changed());
    let outcome = Map::open()?.sync(mapping.all(), Flags::SYNCIO)?;
    assert!(outcome.pushed as usize >= changed().count(), "{outcome:?}");
    let device = env::var_os("VMS_DEV").unwrap_or_default();
    copy_disk(&device, &copy)?;
    Ok(())
}

/// What the copy has, replayed by its file system.
pub fn power_cut_proved() -> Verdict {
    let file = if Traits::get().has("device") {
        File::open(env::var_os("VMS_COPY").unwrap_or_default())?
    } else {
        File::open(place::directory()?.join(NAME))?
    };
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, &file, 0, Share::SharedRead)?;
    if !Traits::get().has("device") {
        assert_eq!(
            file.metadata()?.len(),
            (PAGES * vm_map_sync_tests::PAGE) as u64
        );
    }
    mapping.assert_has(1, changed());
    mapping.assert_has(0, (0..PAGES).filter(|page| page % 5 == 0 && *page < 32));
    Ok(())
}

const BLOCK: usize = 1 << 20;

/// A block, aligned as direct I/O wants it.
#[repr(C, align(4096))]
struct Block([u8; BLOCK]);

/// Copies a disk past the page cache. What is zero on it must be zero on the other one already.
fn copy_disk(from: &std::ffi::OsStr, to: &std::ffi::OsStr) -> io::Result<()> {
    let direct = |path| {
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_DIRECT)
            .open(path)
    };
    let (from, to) = (direct(from)?, direct(to)?);
    let mut block = Box::new(Block([0; BLOCK]));
    let mut at = 0;
    loop {
        let length = from.read_at(&mut block.0, at)?;
        if length == 0 {
            return Ok(());
        }
        if block.0[..length].iter().any(|&byte| byte != 0) {
            to.write_all_at(&block.0[..length], at)?;
        }
        at += length as u64;
    }
}
