// SPDX-License-Identifier: GPL-2.0

//! Mounts: a server in a process of its own, and the directory that it serves.

use super::server::{
    AtFsync,
    Server,
    Temper, //
};
use nix::{
    mount::{
        umount2,
        MntFlags, //
    },
    sys::stat::minor, //
};
use std::{
    env,
    fs::{
        self,
        set_permissions,
        File,
        Permissions, //
    },
    io,
    ops::Range,
    os::unix::fs::{
        FileExt,
        MetadataExt,
        PermissionsExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process,
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
    pattern,
    process::{
        become_user,
        enter_namespaces,
        Child,
        Line,
        NOBODY, //
    },
    PAGE, //
};

/// A server of its own for a test, which ends with this.
pub struct Mount {
    server: Child,
    directory: PathBuf,
    connection: usize,
}

impl Mount {
    /// Starts a server that answers each `FSYNC` at once.
    pub fn new(temper: Temper) -> Result<Self, Failure> {
        Self::with(temper, Box::new(|_| Ok(())))
    }

    /// Starts a server that does something at each `FSYNC`.
    pub fn with(temper: Temper, at_fsync: AtFsync<'_>) -> Result<Self, Failure> {
        let directory = env::temp_dir().join(format!("fuse-{}", process::id()));
        fs::create_dir_all(&directory)?;
        let (ours, theirs) = Line::pair()?;
        let server = Child::spawn(|| {
            let server = Server::mount(&directory, temper)?.at_fsync(at_fsync);
            theirs.send(0)?;
            Ok(server.serve()?)
        })?;
        drop(theirs);
        ours.receive()?;
        Ok(Self {
            connection: minor(fs::metadata(&directory)?.dev()) as usize,
            server,
            directory,
        })
    }

    /// Where it is mounted.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The number of its [`Connection`](super::connection::Connection).
    pub fn connection(&self) -> usize {
        self.connection
    }

    /// A new file of `pages` pages with version 0 of the [`pattern`] in it.
    ///
    /// To close it is to wait for the server.
    pub fn create(&self, name: &str, pages: usize) -> io::Result<File> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(self.directory.join(name))?;
        for page in 0..pages {
            file.write_all_at(&pattern(0, page), (page * PAGE) as u64)?;
        }
        Ok(file)
    }

    /// New files with nothing in them, a page of each mapped for reading, one behind the other, and not
    /// open. Their names are their numbers.
    pub fn map_new(&self, numbers: Range<usize>) -> io::Result<Mapping> {
        let mapping = Mapping::reserve(numbers.len())?;
        for (page, number) in numbers.enumerate() {
            let file = self.create(&number.to_string(), 0)?;
            mapping.map(page..page + 1, &file, 0, Share::SharedRead)?;
        }
        Ok(mapping)
    }

    /// Kills the server: nobody can be waiting for it any more.
    pub fn end(&self) -> io::Result<()> {
        self.server.kill()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = self.end();
        let _ = umount2(&self.directory, MntFlags::MNT_DETACH);
        let _ = fs::remove_dir(&self.directory);
    }
}

/// A process of somebody without any rights but those over namespaces of his own, in which he can
/// mount his own server.
pub fn spawn_apart(body: impl FnOnce() -> Verdict) -> io::Result<Child> {
    // What a udev rule does elsewhere.
    set_permissions("/dev/fuse", Permissions::from_mode(0o666))?;
    Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        enter_namespaces()?;
        body()
    })
}
