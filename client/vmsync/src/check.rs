// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To check: whether all this works here, and if not, what is missing and what mends it.

use crate::trouble::{
    plain,
    End,
    Trouble, //
};
use serde::Serialize;
use std::{
    fs::{
        self, //
    },
    io::{
        self,
        Write, //
    },
    os::unix::fs::MetadataExt,
    path::Path,
};
use vm_map_sync::{
    uapi,
    Features,
    Flags,
    Map,
    DEVICE, //
};

/// What is found.
#[derive(Debug, Serialize)]
struct Found {
    kind: &'static str,
    kernel: String,
    loaded: bool,
    usable: bool,
    features: Option<Able>,
    /// What is missing, and the command that mends it.
    missing: Vec<Missing>,
}

/// Something that is missing.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Missing {
    what: String,
    mend: String,
}

/// What the module can do.
#[derive(Debug, Serialize)]
struct Able {
    commands: Vec<&'static str>,
    flags: Vec<String>,
    ranges_max: u64,
}

/// The commands of the module, by their numbers, each with whether this program needs it.
const COMMANDS: [(u32, &str, bool); 6] = [
    (uapi::VM_MAP_SYNC_SYNC, "sync", false),
    (uapi::VM_MAP_SYNC_VECTOR, "vector", true),
    (uapi::VM_MAP_SYNC_STAT, "stat", true),
    (uapi::VM_MAP_SYNC_ATTACH, "attach", true),
    (uapi::VM_MAP_SYNC_INFO, "info", true),
    (uapi::VM_MAP_SYNC_FEATURES, "features", true),
];

impl Able {
    fn new(features: &Features) -> (Self, Vec<Missing>) {
        let has = |command: u32| features.operations & (1 << (command & 0xff)) != 0;
        let lacking = |what: &str| Missing {
            what: format!("the module is older than this program: it has no {what}"),
            mend: "rmmod vm_map_sync, then load the one that came with this program".to_owned(),
        };
        let mut missing: Vec<Missing> = COMMANDS
            .iter()
            .filter(|&&(command, _, needed)| needed && !has(command))
            .map(|(_, name, _)| lacking(name))
            .collect();
        let flags = Flags::all() - Flags::SELF;
        missing.extend(
            (flags - features.vector)
                .iter_names()
                .map(|(name, _)| lacking(name)),
        );
        let able = Self {
            commands: COMMANDS
                .iter()
                .filter(|&&(command, ..)| has(command))
                .map(|&(_, name, _)| name)
                .collect(),
            flags: features
                .vector
                .iter_names()
                .map(|(name, _)| name.to_owned())
                .collect(),
            ranges_max: features.ranges_max,
        };
        (able, missing)
    }
}

/// What of this machine matters if the device cannot be opened.
#[derive(Debug)]
struct Machine {
    kernel: String,
    /// Whether the module is loaded.
    loaded: bool,
    /// The module for this kernel, where modprobe finds it.
    installed: bool,
    /// Whether DKMS can build it.
    dkms: bool,
    /// Whether no module can be loaded any more.
    closed: bool,
    /// The number of the device, if the module is loaded.
    number: Option<String>,
    /// Who may open the device, if it is there: its mode, its user and its group.
    rights: Option<(u32, u32, u32)>,
}

impl Machine {
    fn look() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let kernel = text("/proc/sys/kernel/osrelease").trim().to_owned();
        let modules = text(&format!("/lib/modules/{kernel}/modules.dep"));
        Self {
            loaded: Path::new("/sys/module/vm_map_sync").exists(),
            dkms: Path::new("/var/lib/dkms/vm-map-sync").exists(),
            installed: modules.lines().any(|line| {
                line.split(':')
                    .next()
                    .is_some_and(|path| path.contains("/vm_map_sync.ko"))
            }),
            closed: text("/proc/sys/kernel/modules_disabled").trim() == "1",
            number: Some(
                text("/sys/class/misc/vm_map_sync/dev")
                    .trim()
                    .replace(':', " "),
            )
            .filter(|number| !number.is_empty()),
            rights: fs::metadata(DEVICE)
                .ok()
                .map(|device| (device.mode() & 0o777, device.uid(), device.gid())),
            kernel,
        }
    }

    /// What is missing, if the device cannot be opened because of `error`.
    fn missing(&self, error: &io::Error) -> Missing {
        let (what, mend) = match self {
            _ if error.kind() == io::ErrorKind::PermissionDenied => {
                let (mode, user, group) = self.rights.unwrap_or_default();
                let mend = if mode & 0o060 == 0o060 && group != 0 {
                    format!("sudo usermod -aG \"$(getent group {group} | cut -d: -f1)\" \"$USER\", then log in again")
                } else {
                    format!("sudo chmod 0666 {DEVICE}; for good, see /usr/lib/udev/rules.d/60-vm-map-sync.rules")
                };
                let what = format!("{DEVICE} is not for you: its mode is {mode:04o}, its user {user}, its group {group}");
                (what, mend)
            }
            Self { loaded: true, number: Some(number), .. } => (
                format!("the module is loaded, but {DEVICE} cannot be opened here: {}", plain(error)),
                format!("sudo mknod -m 0666 {DEVICE} c {number}, in a container or chroot that may have it"),
            ),
            Self { loaded: true, .. } => (
                format!("the module is loaded, but {DEVICE} cannot be opened: {}", plain(error)),
                "sudo mount -t devtmpfs dev /dev, or run this where /dev is that of the machine".to_owned(),
            ),
            Self { closed: true, .. } => (
                "the module is not loaded, and this kernel loads no modules any more (kernel.modules_disabled)".to_owned(),
                "echo vm_map_sync | sudo tee /etc/modules-load.d/vm_map_sync.conf, then sudo reboot".to_owned(),
            ),
            Self { installed: true, .. } => (
                "the module is not loaded".to_owned(),
                "sudo modprobe vm_map_sync".to_owned(),
            ),
            Self { kernel, .. } if is_too_old(kernel) => (
                format!("this kernel is {kernel}; the module needs Linux 7.3 or later, with CONFIG_RUST=y"),
                "install such a kernel, as linux-image-amd64 of trixie-backports, and boot it".to_owned(),
            ),
            Self { dkms: true, kernel, .. } => (
                format!("the module is here, but was not built for this kernel, {kernel}"),
                format!("sudo dkms autoinstall -k {kernel} && sudo modprobe vm_map_sync"),
            ),
            Self { kernel, .. } => (
                format!("the module is not installed for this kernel, {kernel}"),
                "make deb && sudo apt install ./build/deb/*.deb, in the source of the module".to_owned(),
            ),
        };
        Missing { what, mend }
    }
}

/// Whether a kernel is older than any that the module is for.
fn is_too_old(release: &str) -> bool {
    let mut numbers = release.split(|letter: char| !letter.is_ascii_digit());
    let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    match (next(), next()) {
        (Some(major), Some(minor)) => (major, minor) < (7, 3),
        _ => false,
    }
}

/// Looks, and says what was found.
pub fn check(json: bool) -> Result<End, Trouble> {
    let machine = Machine::look();
    let mut found = Found {
        kind: "check",
        kernel: machine.kernel.clone(),
        loaded: machine.loaded,
        usable: false,
        features: None,
        missing: Vec::new(),
    };
    match Map::current() {
        Err(error) => found.missing.push(machine.missing(&error.0)),
        Ok(map) => match map.features() {
            Err(error) => found.missing.push(Missing {
                what: format!("{DEVICE} is not that of this module: {}", plain(error)),
                mend: "rmmod vm_map_sync, then load the one that came with this program".to_owned(),
            }),
            Ok(features) => {
                let (able, missing) = Able::new(&features);
                found.loaded = true;
                found.usable = true;
                found.features = Some(able);
                found.missing = missing;
            }
        },
    }
    let mut out = io::stdout().lock();
    if json {
        let mut line = serde_json::to_vec(&found).map_err(io::Error::from)?;
        line.push(b'\n');
        out.write_all(&line)?;
    } else {
        found.print(&mut out)?;
    }
    Ok(match found {
        Found { usable: false, .. } => End::Absent,
        Found { missing, .. } if missing.is_empty() => End::Done,
        _ => End::Partly,
    })
}

impl Found {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let yes = |is: bool| if is { "yes" } else { "no" };
        writeln!(out, "kernel    {}", self.kernel)?;
        writeln!(out, "loaded    {}", yes(self.loaded))?;
        writeln!(out, "usable    {}", yes(self.usable))?;
        if let Some(able) = &self.features {
            writeln!(out, "commands  {}", able.commands.join(" "))?;
            writeln!(out, "flags     {}", able.flags.join(" "))?;
            writeln!(out, "ranges    {} in a call", able.ranges_max)?;
        }
        for Missing { what, mend } in &self.missing {
            writeln!(out, "\nmissing   {what}\nmend it   {mend}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Machine = Machine {
        kernel: String::new(),
        loaded: false,
        installed: false,
        dkms: false,
        closed: false,
        number: None,
        rights: None,
    };

    #[track_caller]
    fn assert_missing(machine: &Machine, kind: io::ErrorKind, what: &str, mend: &str) {
        let missing = machine.missing(&kind.into());
        assert!(missing.what.contains(what), "{missing:?}");
        assert!(missing.mend.contains(mend), "{missing:?}");
    }

    #[test]
    fn what_is_missing_and_what_mends_it() {
        use io::ErrorKind::{
            NotFound,
            PermissionDenied, //
        };

        let kernel = |release: &str| Machine {
            kernel: release.to_owned(),
            ..BARE
        };
        let old = kernel("6.12.5+deb13-amd64");
        assert_missing(&old, NotFound, "needs Linux 7.3", "trixie-backports");
        let new = kernel("7.3.4+deb13-amd64");
        assert_missing(&new, NotFound, "not installed for this kernel", "make deb");
        let unbuilt = Machine { dkms: true, ..new };
        let build = "sudo dkms autoinstall -k 7.3.4+deb13-amd64";
        assert_missing(&unbuilt, NotFound, "not built for this kernel", build);
        let installed = Machine {
            installed: true,
            ..old
        };
        assert_missing(
            &installed,
            NotFound,
            "is not loaded",
            "sudo modprobe vm_map_sync",
        );
        let closed = Machine {
            closed: true,
            ..installed
        };
        assert_missing(&closed, NotFound, "loads no modules any more", "reboot");
        let loaded = Machine {
            loaded: true,
            ..BARE
        };
        assert_missing(&loaded, NotFound, "the module is loaded", "devtmpfs");
        let numbered = Machine {
            number: Some("10 123".to_owned()),
            ..loaded
        };
        assert_missing(
            &numbered,
            NotFound,
            "the module is loaded",
            "vm_map_sync c 10 123",
        );
        let closed_to = |mode, group| Machine {
            rights: Some((mode, 0, group)),
            ..BARE
        };
        let mode = "its mode is 0600";
        assert_missing(&closed_to(0o600, 0), PermissionDenied, mode, "chmod 0666");
        let group = "its group 44";
        assert_missing(
            &closed_to(0o660, 44),
            PermissionDenied,
            group,
            "usermod -aG",
        );
    }

    #[test]
    fn kernels() {
        for (release, old) in [
            ("7.3.4+deb13-amd64", false),
            ("7.3-rc1", false),
            ("8.0", false),
            ("7.2.13", true),
            ("6.12.5", true),
            ("nonsense", false),
        ] {
            assert_eq!(is_too_old(release), old, "{release}");
        }
    }
}
