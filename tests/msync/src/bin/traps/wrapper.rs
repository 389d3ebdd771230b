// SPDX-License-Identifier: GPL-2.0

//! The command that preloads the library, and that says when it cannot work.

use super::answers::scene;
use nix::{
    sys::stat::Mode,
    unistd::mkfifo, //
};
use std::{
    fs::{
        self,
        Permissions, //
    },
    os::unix::{
        fs::{
            chown,
            PermissionsExt, //
        },
        process::CommandExt,
    },
    path::{
        Path,
        PathBuf, //
    },
    process::{
        Command,
        Output, //
    },
};
use vm_map_sync_msync_tests::{
    library,
    run,
    SETTINGS, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    place,
    process::NOBODY, //
};

/// `vmsync run`, which lies beside the library, where nothing is preloaded yet.
fn vmsync(arguments: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(Path::new(&library()?).with_file_name("vmsync"));
    command.arg("run").args(arguments);
    command.env_remove("LD_PRELOAD").env_remove(SETTINGS);
    Ok(command)
}

/// What tests of the manner of BSD find out is that the library is there, and has been told so.
pub fn wrapped() -> Verdict {
    let itself = "/proc/self/exe";
    run(
        vmsync(&["--bsd", &fs::read_link(itself)?.to_string_lossy(), "--bsd"])?
            .env(SETTINGS, "linux"),
    )?;
    let said = said(vmsync(&[
        "sh",
        "-c",
        "echo $0:$VM_MAP_SYNC_MSYNC:$LD_PRELOAD",
        "-v",
    ])?)?;
    let library = fs::canonicalize(library()?)?.with_file_name("libvm_map_sync_msync.so");
    assert_eq!(said, format!("-v:linux:{}\n", library.display()));
    Ok(())
}

fn said(mut command: Command) -> Result<String, Failure> {
    Ok(String::from_utf8_lossy(&run(&mut command)?.stdout).into_owned())
}

/// It takes nothing from the program: its other libraries, and how it ends.
pub fn wrapped_as_it_was() -> Verdict {
    let caller = Path::new(&library()?).with_file_name("caller.so");
    let (file, _mapping) = scene()?;
    let mut command = vmsync(&["--bsd", "-v", "sh", "-c", "exit 7"])?;
    command
        .env("LD_PRELOAD", caller)
        .env("VMS_EARLY", file.path());
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    // The one is said in the command itself, which becomes the program.
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "msync: 0, resident: 1\nmsync: 0, resident: 0\n");
    Ok(())
}

/// A file to be executed, which goes when this is dropped.
struct Program(PathBuf);

impl Program {
    fn new(name: &str, bytes: &[u8]) -> Result<Self, Failure> {
        let program = Self(place::directory()?.join(name));
        fs::write(&program.0, bytes)?;
        fs::set_permissions(&program.0, Permissions::from_mode(0o755))?;
        Ok(program)
    }

    fn run(&self) -> Result<Output, Failure> {
        Ok(vmsync(&[&self.0.to_string_lossy()])?.output()?)
    }

    /// Asserts that it is not run, and for which reason.
    #[track_caller]
    fn assert_refused(&self, why: &str) -> Verdict {
        let output = self.run()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let place = format!("vmsync: cannot run {}: ", self.0.display());
        assert!(said.starts_with(&place) && said.contains(why), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // If it is not there it is gone.
        let _ = fs::remove_file(&self.0);
    }
}

pub fn wrapped_in_vain() -> Verdict {
    let good = fs::read("/bin/true")?;
    let program = Program::new("good", &good)?;
    assert!(program.run()?.status.success());
    chown(&program.0, Some(NOBODY), None)?;
    assert!(program.run()?.status.success());
    fs::set_permissions(&program.0, Permissions::from_mode(0o4755))?;
    program.assert_refused("set-user-ID")?;

    let script = Program::new("script", b"#!/bin/sh\nexit 0\n")?;
    assert!(script.run()?.status.success());
    let script = Program::new("script", format!("#!{}\n", program.0.display()).as_bytes())?;
    let said = script.run()?.stderr;
    assert!(String::from_utf8_lossy(&said).contains("set-user-ID"));

    Program::new("static", &fs::read("/bin/busybox")?)?.assert_refused("linked statically")?;
    Program::new("text", b"true\n")?.assert_refused("neither a program nor a script")?;
    Program::new("empty", b"")?.assert_refused("neither a program nor a script")?;
    let mut foreign = good;
    foreign[18] ^= 1;
    Program::new("foreign", &foreign)?.assert_refused("another machine")?;

    // What the compiler of Go puts into its programs.
    let go = Program::new("go", &foreign)?;
    run(Command::new("objcopy")
        .args(["--add-section", ".go.buildinfo=/bin/sh", "/bin/true"])
        .arg(&go.0))?;
    go.assert_refused("written in Go")?;

    let pipe = Program::new("\x1b[31mpipe", b"")?;
    fs::remove_file(&pipe.0)?;
    mkfifo(&pipe.0, Mode::S_IRWXU)?;
    let said = pipe.run()?;
    assert_eq!(said.status.code(), Some(1));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("/\\u{1b}[31mpipe: it is no regular file"),
        "{said}"
    );
    let script = Program::new("script", format!("#!{}\n", pipe.0.display()).as_bytes())?;
    let said = script.run()?.stderr;
    assert!(String::from_utf8_lossy(&said).contains("it is no regular file"));

    let output = vmsync(&["no-such-program"])?.output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("PATH"),
        "{output:?}"
    );
    Ok(())
}

/// To execute something takes no right to read it.
pub fn wrapped_unread() -> Verdict {
    let shell = Program::new("unread", &fs::read("/bin/sh")?)?;
    fs::set_permissions(&shell.0, Permissions::from_mode(0o711))?;
    let shell = shell.0.to_string_lossy();
    let look =
        "while read -r line; do case $line in *msync.so) exit 7; esac; done </proc/self/maps";
    let mut command = vmsync(&[&shell, "-c", look])?;
    let output = command.uid(NOBODY).gid(NOBODY).output()?;
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/unread: it is not yours to read"), "{said}");
    Ok(())
}
