// SPDX-License-Identifier: GPL-2.0

//! Where something is missing: the command says what, and what to do; and what is done then helps.

use super::scene::*;
use nix::{
    mount::{
        mount,
        MsFlags, //
    },
    sys::stat::{
        makedev,
        mknod,
        Mode,
        SFlag, //
    },
};
use std::{
    fs::{
        self,
        Permissions, //
    },
    os::unix::{
        fs::PermissionsExt,
        process::CommandExt, //
    },
    path::Path,
};
use vm_map_sync::DEVICE;
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    module::{
        load,
        unload, //
    },
    process::NOBODY,
};

pub fn all_is_well() -> Verdict {
    let ran = said(["check"])?.ends(0).quietly();
    ran.says("loaded    yes")
        .says("usable    yes")
        .says("SPARE_SHARED");
    let ran = said(["check", "--json"])?.ends(0);
    let found = &ran.of_kind("check")[0];
    assert_eq!(
        (&found["loaded"], &found["usable"]),
        (&true.into(), &true.into())
    );
    assert_eq!(found["features"]["ranges_max"], vm_map_sync::RANGES_MAX);
    assert_eq!(found["missing"].as_array().map(Vec::len), Some(0));
    Ok(())
}

/// Asserts that nothing works, and why.
fn nothing_works(why: &str, prepare: impl Fn(&mut std::process::Command)) -> Verdict {
    let file = TestFile::new(1)?;
    let number = std::process::id().to_string();
    let mut lines = vec![vec!["check".as_ref()]];
    for verb in ["status", "sync", "evict"] {
        lines.push(words(verb, file.path()));
        lines.push(vec![verb.as_ref(), "-p".as_ref(), number.as_ref()]);
    }
    for line in lines {
        let mut command = vmsync(&line)?;
        prepare(&mut command);
        let ran = run(&mut command)?.ends(3);
        if line[0] == "check" {
            ran.says("usable    no").says(why);
        } else {
            ran.says(DEVICE).says("\"vmsync check\" says more");
        }
    }
    let mut command = vmsync(["check", "--json"])?;
    prepare(&mut command);
    let ran = run(&mut command)?.ends(3);
    let found = &ran.of_kind("check")[0];
    assert_eq!(found["usable"], false);
    assert!(found["missing"][0]["mend"].is_string(), "{found}");
    Ok(())
}

/// A `/dev` of one's own, with nothing in it.
fn bare_devices() -> Verdict {
    own_mounts()?;
    let nothing = None::<&str>;
    mount(
        Some("none"),
        "/dev",
        Some("tmpfs"),
        MsFlags::empty(),
        nothing,
    )?;
    let null = Path::new("/dev/null");
    mknod(
        null,
        SFlag::S_IFCHR,
        Mode::from_bits_truncate(0o666),
        makedev(1, 3),
    )?;
    Ok(fs::set_permissions(null, Permissions::from_mode(0o666))?)
}

/// The number of the device, as the kernel says it.
fn number() -> Result<(u64, u64), Failure> {
    let text = fs::read_to_string("/sys/class/misc/vm_map_sync/dev")?;
    let (major, minor) = text.trim().split_once(':').unwrap_or_default();
    Ok((major.parse()?, minor.parse()?))
}

/// As in a chroot, or a container.
pub fn no_device_here() -> Verdict {
    let file = TestFile::new(1)?;
    let (major, minor) = number()?;
    bare_devices()?;
    // The file is made already, by who needs a disk for it.
    let command = format!("mknod -m 0666 {DEVICE} c {major} {minor}");
    said(["check"])?
        .ends(3)
        .says(&command)
        .says("loaded    yes");
    said(words("sync", file.path()))?
        .ends(3)
        .says("vmsync check");
    mknod(
        Path::new(DEVICE),
        SFlag::S_IFCHR,
        Mode::from_bits_truncate(0o666),
        makedev(major, minor),
    )?;
    said(["check"])?.ends(0);
    said(words("sync", file.path()))?.ends(0);
    Ok(())
}

pub fn device_for_others_only() -> Verdict {
    let usual = fs::metadata(DEVICE)?.permissions();
    fs::set_permissions(DEVICE, Permissions::from_mode(0o600))?;
    let result = nothing_works("its mode is 0600, its user 0, its group 0", |command| {
        command.uid(NOBODY).gid(NOBODY);
    });
    fs::set_permissions(DEVICE, usual)?;
    result
}

pub fn module_is_not_loaded() -> Verdict {
    unload()?;
    let result = nothing_works("the module is not ", |_| {});
    load()?;
    result?;
    said(["check"])?.ends(0);
    Ok(())
}

pub fn wrong_options() -> Verdict {
    for line in [
        "",
        "nonsense",
        "sync",
        "evict --nonsense f",
        "evict -p 1 f",
        "sync -p 0",
        "sync -p none",
        "sync --range 5 f",
        "evict --range 2M-1M f",
        "status --watch=x f",
        "status --color red f",
    ] {
        let ran = said(line.split_whitespace())?.ends(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{line}: {ran:?}");
    }
    let version = concat!("vmsync ", env!("CARGO_PKG_VERSION"));
    said(["--version"])?.ends(0).says(version);
    said(["--help"])?.ends(0).says("Exit status:");
    Ok(())
}
