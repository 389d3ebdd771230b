// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To run a program whose `msync()` is `vm_map_sync()`: with the library of vm_map_sync_msync(7) preloaded.

use crate::trouble::{
    open_device,
    plain,
    Trouble, //
};
use rustix::{
    fs::{
        access,
        getxattr,
        Access,
        OFlags, //
    },
    process::{
        getegid,
        geteuid, //
    },
};
use std::{
    convert::Infallible,
    env,
    ffi::{
        OsStr,
        OsString, //
    },
    fs::{
        self,
        File,
        Metadata, //
    },
    io::{
        self,
        Write, //
    },
    os::unix::{
        ffi::OsStrExt,
        fs::{
            FileExt,
            MetadataExt,
            OpenOptionsExt, //
        },
        process::CommandExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process::Command,
};
use vmsync::{
    image::Image,
    options::Run,
    shown::name, //
};

/// Where programs are looked for if nothing is said.
const PATH: &str = "/usr/local/bin:/bin:/usr/bin";
/// What the library reads.
const SETTINGS: &str = "VM_MAP_SYNC_MSYNC";
const PRELOAD: &str = "LD_PRELOAD";
/// Scripts of scripts, as the kernel has it.
const DEPTH: usize = 5;

/// Becomes the program. If that cannot work it says so, and does not run it.
pub fn run(options: &Run) -> Result<Infallible, Trouble> {
    let (word, arguments) = options
        .command
        .split_first()
        .ok_or_else(|| Trouble::Other("there is no program to run".to_owned()))?;
    let program = find(word)?;
    look(&program, DEPTH)?;
    // It would run, and nothing would be different.
    drop(open_device()?);
    let mut preload = library()?.into_os_string();
    if let Some(others) = env::var_os(PRELOAD).filter(|others| !others.is_empty()) {
        preload.push(":");
        preload.push(others);
    }
    let mut settings = OsString::from(if options.bsd { "bsd" } else { "linux" });
    if options.verbose {
        settings.push(",verbose");
    }
    let error = Command::new(&program)
        .arg0(word)
        .args(arguments)
        .env(PRELOAD, preload)
        .env(SETTINGS, settings)
        .exec();
    Err(trouble(&program, plain(error)))
}

fn trouble(program: &Path, why: impl AsRef<str>) -> Trouble {
    Trouble::Other(format!("cannot run {}: {}", name(program), why.as_ref()))
}

/// The file of a program, as a shell finds it.
fn find(word: &OsStr) -> Result<PathBuf, Trouble> {
    if word.as_bytes().contains(&b'/') {
        return Ok(word.into());
    }
    let path = env::var_os("PATH").unwrap_or_else(|| PATH.into());
    env::split_paths(&path)
        .map(|directory| directory.join(word))
        .find(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
        .ok_or_else(|| {
            trouble(
                word.as_ref(),
                "it is in no directory of PATH; write where it is",
            )
        })
}

/// Looks whether something can be preloaded into a program, and whether that would do.
fn look(program: &Path, depth: usize) -> Result<(), Trouble> {
    let fails = |error: io::Error| trouble(program, plain(error));
    let status = fs::metadata(program).map_err(fails)?;
    if !status.is_file() {
        return Err(trouble(
            program,
            "it is no regular file; name the file of a program",
        ));
    }
    if gains_rights(program, &status) {
        return Err(trouble(
            program,
            "it gains rights when it is run (set-user-ID, set-group-ID or capabilities), so nothing is preloaded \
             into it; run it as the user that it becomes",
        ));
    }
    // It may be a pipe by now, with nobody at its other end.
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match File::options()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(program)
    {
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && access(program, Access::EXEC_OK).is_ok() =>
        {
            // To run it takes no more, and to preload something into it neither.
            let _ = writeln!(
                io::stderr(),
                "vmsync: {}: it is not yours to read, so whether its msync() can be had cannot be told; it is \
                 run all the same",
                name(program)
            );
            return Ok(());
        }
        other => other.map_err(fails)?,
    };
    let image = Image::of(&|offset, length| {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            match file.read_at(&mut bytes[done..], offset.saturating_add(done as u64))? {
                0 => break,
                count => done += count,
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    });
    let why = match image.map_err(fails)? {
        Image::Script(interpreter) if depth > 0 => return look(&interpreter, depth - 1),
        Image::Script(_) => "it is a script for a script, and so on",
        Image::Unknown => "it is neither a program nor a script",
        Image::Foreign => "it is for another machine, and so cannot have the library of this one",
        Image::Program { go: true, .. } => {
            "it is written in Go, which makes its system calls itself, past msync(); \
             have \"vmsync sync -p PID\" make durable what it has mapped"
        }
        Image::Program { loader: None, .. } => {
            "it is linked statically, so nothing can be preloaded into it; \
             have \"vmsync sync -p PID\" make durable what it has mapped"
        }
        Image::Program {
            loader: Some(loader),
            ..
        } => {
            let loader = loader.file_name().unwrap_or_default().as_bytes();
            if loader.starts_with(b"ld-linux") || loader.starts_with(b"ld64") {
                return Ok(());
            }
            "it has another C library than the one that the library to preload is for (glibc)"
        }
    };
    Err(trouble(program, why))
}

/// Whether the loader takes nothing from the caller's environment.
fn gains_rights(program: &Path, status: &Metadata) -> bool {
    const SET_USER: u32 = 0o4000;
    const SET_GROUP: u32 = 0o2010;

    let mode = status.mode();
    let user = mode & SET_USER != 0 && status.uid() != geteuid().as_raw();
    let group = mode & SET_GROUP == SET_GROUP && status.gid() != getegid().as_raw();
    let capable = !geteuid().is_root()
        && getxattr(program, "security.capability", &mut []).is_ok_and(|length| length > 0);
    user || group || capable
}

/// The library, from where this program is installed, or was built.
fn library() -> Result<PathBuf, Trouble> {
    let missing =
        |why: String| Trouble::Other(format!("the library to preload cannot be found: {why}"));
    let own = env::current_exe().map_err(|error| missing(plain(error)))?;
    let here = own.parent().unwrap_or(Path::new("/"));
    let places = [
        format!(
            "../lib/{}-linux-gnu/vm-map-sync/msync.so",
            env::consts::ARCH
        ),
        "../lib/vm-map-sync/msync.so".to_owned(),
        "libvm_map_sync_msync.so".to_owned(),
    ]
    .map(|place| here.join(place));
    let found = places.iter().find_map(|place| place.canonicalize().ok());
    let library = found.ok_or_else(|| {
        missing(format!(
            "it is neither {}; install it beside this program",
            places.map(|place| name(&place)).join(" nor ")
        ))
    })?;
    if library
        .as_os_str()
        .as_bytes()
        .iter()
        .any(|byte| b": \t".contains(byte))
    {
        return Err(missing(format!(
            "the loader takes no path with spaces or colons: {}",
            name(&library)
        )));
    }
    Ok(library)
}
