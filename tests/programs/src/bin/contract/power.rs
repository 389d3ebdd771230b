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
        File,
        OpenOptions, //
    },
    io,
    path::Path,
    process::Command, //
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
    mapper::Mapper,
    mapping::{
        Mapping,
        Share, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

const PAGES: usize = 48;

/// What is written by way of the mapping: all of what was there already but a few pages, and all of
/// what was not, so that blocks and the size have to be made durable with it.
fn changed() -> impl Iterator<Item = usize> {
    (0..PAGES).filter(|page| page % 5 != 0 || *page >= 32)
}

/// How to make a file system like the one of the tests.
struct Recipe {
    megabytes: usize,
    kind: String,
    make: String,
    mount_options: String,
}

impl Recipe {
    /// What the environment says.
    fn get() -> Option<Self> {
        Some(Self {
            megabytes: env::var("VMS_SIZE").ok()?.parse().ok()?,
            kind: env::var("VMS_TYPE").ok()?,
            make: env::var("VMS_MAKE").ok()?,
            mount_options: env::var("VMS_OPTIONS").ok()?,
        })
    }

    fn make(&self, device: &Path) -> Result<Site, Failure> {
        let mut words = self.make.split_whitespace();
        let mut make = Command::new(words.next().unwrap_or_default());
        make.args(words);
        Site::of_kind(&self.kind, device, &mut make, &self.mount_options)
    }

    /// Has the kernel forget a device that is gone.
    fn forget_devices(&self) -> Verdict {
        if self.kind == "btrfs" {
            let forgot = Command::new("/bin/btrfs")
                .args(["device", "scan", "--forget"])
                .output()?;
            assert!(forgot.status.success(), "{forgot:?}");
        }
        Ok(())
    }
}

/// Writes, calls, and has the power cut at that very moment: what the disk has in its cache is lost, and
/// what is written later never comes to it. Then looks at what is there, replayed by its file system.
pub fn power_cut() -> Verdict {
    let device = Traits::get().has("device");
    match Traits::get().kind() {
        Kind::Cached => {}
        Kind::ReadOnly => return Err(Failure::skip("read only")),
        Kind::Memory => return Err(Failure::skip("nothing outlives the power")),
        Kind::Dax => return Err(Failure::skip("no disk whose power could be cut")),
        Kind::Special => return Err(Failure::skip("its mappings are special: refused")),
    }
    let recipe = Recipe::get();
    if recipe.is_none() && !device {
        return Err(Failure::skip("no disk of its own whose power could be cut"));
    }
    let megabytes = recipe.as_ref().map_or(8, |recipe| recipe.megabytes);
    let spare = Spare::new(megabytes, &[("cache_size", "64")])?;
    let below = format!("{} 0", spare.device().display());
    let mapper = Mapper::new(megabytes, "linear", &below)?;
    let mut site = match &recipe {
        Some(recipe) => Some(recipe.make(mapper.device())?),
        None => None,
    };
    write(&open(site.as_ref(), mapper.device())?, device)?;
    mapper.become_target("flakey", &format!("{below} 0 1000000 1 drop_writes"))?;
    if let Some(site) = &site {
        site.unmount()?;
    }
    drop(mapper);
    spare.cut_power()?;
    if let (Some(recipe), Some(site)) = (&recipe, &mut site) {
        recipe.forget_devices()?;
        site.mount_from(spare.device())?;
    }
    let file = open(site.as_ref(), spare.device())?;
    let proved = prove(&file, device);
    // Before it is unmounted.
    drop(file);
    proved
}

/// The file, or the disk itself if there is no file system.
fn open(site: Option<&Site>, device: &Path) -> io::Result<File> {
    let path = match site {
        Some(site) => site.directory().join("file"),
        None => device.to_owned(),
    };
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(site.is_some())
        .truncate(false)
        .open(path)
}

/// Writes the file by way of a mapping, and makes that durable.
fn write(file: &File, device: bool) -> Verdict {
    subject::write(file, 0, 0..32)?;
    file.sync_all()?;
    if !device {
        file.set_len((PAGES * PAGE) as u64)?;
    }
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, file, 0, Share::Shared)?;
    mapping.advise(0..PAGES, libc::MADV_RANDOM)?;
    mapping.fill(1, changed());
    let outcome = Map::current()?.sync(mapping.all(), Flags::SYNCIO)?;
    assert!(outcome.pushed as usize >= changed().count(), "{outcome:?}");
    Ok(())
}

/// Asserts that what was made durable is there.
fn prove(file: &File, device: bool) -> Verdict {
    if !device {
        assert_eq!(file.metadata()?.len(), (PAGES * PAGE) as u64);
    }
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, file, 0, Share::SharedRead)?;
    mapping.assert_has(1, changed());
    mapping.assert_has(0, (0..PAGES).filter(|page| page % 5 == 0 && *page < 32));
    Ok(())
}
