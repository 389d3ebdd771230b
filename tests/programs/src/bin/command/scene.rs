// SPDX-License-Identifier: GPL-2.0

//! The scene: the command, what it says, and directories for it to go through.

use nix::{
    mount::{
        mount,
        MsFlags, //
    },
    sched::{
        unshare,
        CloneFlags, //
    },
};
use serde_json::Value;
use std::{
    env,
    ffi::OsStr,
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Write, //
    },
    os::unix::{
        fs::FileExt,
        process::ExitStatusExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command,
        ExitStatus,
        Stdio, //
    },
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    place,
    residency::Cached,
    PAGE, //
};

/// Where the command is: beside the directory of the test programs.
fn program() -> io::Result<PathBuf> {
    let here = env::current_exe()?;
    let top = here
        .parent()
        .and_then(Path::parent)
        .unwrap_or(Path::new("/"));
    Ok(top.join("command/vmsync"))
}

/// The command, with arguments, in an environment that says nothing about how to draw.
pub fn vmsync<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Command, Failure> {
    let mut command = Command::new(program()?);
    command
        .args(arguments)
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .env("TERM", "xterm")
        .stdin(Stdio::null());
    Ok(command)
}

/// What it said, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// Runs it to its end.
pub fn run(command: &mut Command) -> Result<Ran, Failure> {
    let output = command
        .output()
        .map_err(|error| Failure::Failed(format!("{command:?}: {error}")))?;
    let ran = Ran {
        status: output.status,
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    };
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    assert!(!ran.err.contains("os error"), "{ran:?}");
    Ok(ran)
}

/// Runs it with arguments.
pub fn said<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Ran, Failure> {
    run(&mut vmsync(arguments)?)
}

impl Ran {
    /// Asserts that it ended with an exit code.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
        self
    }

    /// Asserts that it was ended by a signal.
    #[track_caller]
    pub fn falls_to(self, signal: i32) -> Self {
        assert_eq!(self.status.signal(), Some(signal), "{self:?}");
        self
    }

    /// Asserts that it said something, to whoever it concerns.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text) || self.err.contains(text),
            "no \"{text}\" in {self:?}"
        );
        self
    }

    /// Asserts that there was nothing to complain of.
    #[track_caller]
    pub fn quietly(self) -> Self {
        assert_eq!(self.err, "", "{self:?}");
        self
    }

    /// The objects that it said.
    #[track_caller]
    pub fn records(&self) -> Vec<Value> {
        let objects = self.out.lines().map(serde_json::from_str);
        objects
            .collect::<Result<_, _>>()
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The last of them.
    #[track_caller]
    pub fn summary(&self) -> Value {
        let last = self.records().pop().unwrap_or_default();
        assert_eq!(last["kind"], "summary", "{self:?}");
        last
    }

    /// Those of a kind.
    #[track_caller]
    pub fn of_kind(&self, kind: &str) -> Vec<Value> {
        let mut records = self.records();
        records.retain(|record| record["kind"] == kind);
        records
    }
}

/// Asserts what numbers a summary, or another object, has.
#[track_caller]
pub fn assert_numbers(object: &Value, numbers: &[(&str, u64)]) {
    for &(name, number) in numbers {
        assert_eq!(object[name], number, "{name} of {object}");
    }
}

/// A directory; it is removed when this is dropped.
pub struct Tree {
    path: PathBuf,
    owner: u32,
}

impl Tree {
    /// An empty one, on the disk of the tests.
    pub fn new() -> io::Result<Self> {
        Self::below(&place::directory()?)
    }

    /// One elsewhere.
    pub fn below(directory: &Path) -> io::Result<Self> {
        let path = (0..)
            .map(|number| directory.join(format!("tree-{}-{number}", process::id())))
            .find(|path| !path.exists())
            .unwrap_or_default();
        fs::create_dir(&path)?;
        Ok(Self {
            path,
            owner: process::id(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file in it, which has a dirty page, and the directories that this takes.
    pub fn file(&self, name: impl AsRef<Path>) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = File::create(&path)?;
        file.write_all(&[1; PAGE])?;
        Ok(path)
    }

    /// How many pages of a file are cached.
    pub fn resident(&self, name: impl AsRef<Path>) -> io::Result<u64> {
        let file = File::open(self.path.join(name))?;
        Ok(Cached::of(&file, 0..1)?.resident)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if process::id() == self.owner {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// A sparse file of several pieces, with a page in each.
pub struct Large {
    pub path: PathBuf,
    pub file: File,
}

impl Large {
    /// How long it is, in bytes.
    pub const LENGTH: u64 = 700 << 20;
    /// Where there is something in it.
    pub const PLACES: [u64; 3] = [0, 300 << 20, Self::LENGTH - PAGE as u64];

    /// One in a directory, with nothing in it yet.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let path = directory.join("large");
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        file.set_len(Self::LENGTH)?;
        Ok(Self { path, file })
    }

    /// Writes to some places of it.
    pub fn write(&self, places: &[u64]) -> io::Result<()> {
        places
            .iter()
            .try_for_each(|&place| self.file.write_all_at(&[2; PAGE], place))
    }

    /// How many pages of it are cached.
    pub fn resident(&self) -> io::Result<u64> {
        Ok(Cached::of(&self.file, 0..Self::LENGTH as usize / PAGE)?.resident)
    }
}

/// Gets mounts of one's own, which nobody else notices.
pub fn own_mounts() -> Verdict {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let nothing = None::<&str>;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    Ok(mount(nothing, "/", nothing, private, nothing)?)
}

/// Words, for a command line.
pub fn words<'a>(options: &'a str, path: &'a Path) -> Vec<&'a OsStr> {
    let options = options.split_whitespace().map(OsStr::new);
    options.chain([path.as_os_str()]).collect()
}
