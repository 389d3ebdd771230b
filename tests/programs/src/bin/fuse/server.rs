// SPDX-License-Identifier: GPL-2.0

//! The server: one directory of files, in memory.

use super::wire::{
    self,
    Reply,
    Request, //
};
use nix::mount::{
    mount,
    MsFlags, //
};
use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io::{
        self,
        Read,
        Write, //
    },
    os::fd::AsRawFd,
    path::Path,
    process,
    thread,
    time::Duration, //
};

/// How a server behaves.
#[derive(Clone, Copy, Default)]
pub struct Temper {
    /// Whether the kernel may cache writes.
    pub writeback: bool,
    /// How long each write takes.
    pub delay: Duration,
    /// Whether the kernel may not remember what a file is like, and whose.
    pub fickle: bool,
    /// What happens at the first write of page 0 that is not part of the test's preparations:
    /// a write of a page that starts with [`TRIGGER`].
    pub trigger: Trigger,
}

/// What a server does when it is asked to write a page that starts with [`TRIGGER`].
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Trigger {
    /// It writes it.
    #[default]
    None,
    /// It dies.
    Die,
    /// It never answers that request, nor any other.
    Stop,
    /// It writes it, and cannot make anything durable from then on.
    Forget,
}

/// The first word of a page that pulls the trigger.
pub const TRIGGER: u64 = 0x0bad_cafe_0bad_cafe;

/// The greatest write that it takes, in bytes.
const MAX_WRITE: u32 = 128 << 10;
const MAX_PAGES: u32 = 32;
const ROOT: u64 = 1;
/// Seconds for which the kernel may believe what it was told.
const VALID: u64 = 3600;

/// What a server does before it answers an `FSYNC` of the user with a number; an error number if it
/// fails in that.
pub type AtFsync<'a> = Box<dyn FnMut(u32) -> Result<(), i32> + 'a>;

/// A server, mounted.
pub struct Server<'a> {
    device: File,
    temper: Temper,
    at_fsync: AtFsync<'a>,
    /// Whether it cannot make anything durable.
    forgets: bool,
    /// The nodes, numbered from the one behind the root. The names of removed ones are empty.
    files: Vec<(Vec<u8>, Vec<u8>)>,
}

impl<'a> Server<'a> {
    /// Mounts it.
    pub fn mount(directory: &Path, temper: Temper) -> io::Result<Self> {
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/fuse")?;
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
            device.as_raw_fd()
        );
        let flags = MsFlags::MS_NODEV | MsFlags::MS_NOSUID;
        mount(
            Some("memory"),
            directory,
            Some("fuse"),
            flags,
            Some(options.as_str()),
        )?;
        Ok(Self {
            device,
            temper,
            at_fsync: Box::new(|_| Ok(())),
            forgets: false,
            files: Vec::new(),
        })
    }

    /// The same, with something to do at each `FSYNC`.
    pub fn at_fsync(self, at_fsync: AtFsync<'a>) -> Self {
        Self { at_fsync, ..self }
    }

    /// Answers until it is unmounted.
    pub fn serve(mut self) -> io::Result<()> {
        let mut bytes = vec![0; MAX_WRITE as usize + 4096];
        loop {
            let length = match self.device.read(&mut bytes) {
                Ok(length) => length,
                Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let request = Request::new(&bytes[..length]);
            let reply = match request.opcode {
                wire::FORGET | wire::BATCH_FORGET | wire::INTERRUPT => continue,
                _ => match self.answer(&request) {
                    Ok(reply) => reply.finish(request.unique, 0),
                    Err(errno) => Reply::default().finish(request.unique, errno),
                },
            };
            match self.device.write_all(&reply) {
                Ok(()) => {}
                // The request was interrupted.
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENODEV) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn answer(&mut self, request: &Request<'_>) -> Result<Reply, i32> {
        let reply = Reply::default();
        Ok(match request.opcode {
            wire::INIT => self.init(request, reply),
            wire::LOOKUP => {
                let name = request.name(0);
                let found = self.files.iter().position(|(have, _)| have == name);
                self.entry(ROOT + 1 + found.ok_or(libc::ENOENT)? as u64, reply)?
            }
            wire::GETATTR => self.attributes(request.node, reply.long(self.valid()).zeros(8))?,
            wire::SETATTR => {
                if request.word(0) & wire::SIZE != 0 {
                    let size = request.long(16) as usize;
                    self.data(request.node)?.resize(size, 0);
                }
                self.attributes(request.node, reply.long(self.valid()).zeros(8))?
            }
            wire::CREATE => {
                self.files.push((request.name(16).to_vec(), Vec::new()));
                let node = ROOT + self.files.len() as u64;
                self.entry(node, reply)?
                    .long(0)
                    .word(wire::KEEP_CACHE)
                    .word(0)
            }
            wire::UNLINK => {
                let name = request.name(0);
                let found = self.files.iter_mut().find(|(have, _)| have == name);
                found.ok_or(libc::ENOENT)?.0.clear();
                reply
            }
            wire::OPEN => reply.long(0).word(wire::KEEP_CACHE).word(0),
            wire::OPENDIR => reply.long(0).zeros(8),
            wire::READ => {
                let data = self.data(request.node)?;
                let start = data.len().min(request.long(8) as usize);
                let end = data.len().min(start + request.word(16) as usize);
                Reply(data[start..end].to_vec())
            }
            wire::WRITE => self.write(request, reply)?,
            wire::FALLOCATE => {
                let data = self.data(request.node)?;
                let start = data.len().min(request.long(8) as usize);
                let end = data.len().min(start + request.long(16) as usize);
                // Only what punches holes without a change of the size.
                if request.word(24) != 3 {
                    return Err(libc::EOPNOTSUPP);
                }
                data[start..end].fill(0);
                reply
            }
            wire::STATFS => reply.zeros(40).word(4096).word(255).word(4096).zeros(28),
            wire::READDIR | wire::RELEASE | wire::RELEASEDIR => reply,
            wire::FSYNC if self.forgets => return Err(libc::EIO),
            // It is in memory that it was written to.
            wire::FSYNC => (self.at_fsync)(request.user).map(|()| reply)?,
            wire::FLUSH | wire::DESTROY => reply,
            _ => return Err(libc::ENOSYS),
        })
    }

    /// `struct fuse_init_out`.
    fn init(&self, request: &Request<'_>, reply: Reply) -> Reply {
        let wanted = match self.temper.writeback {
            true => wire::FLAGS | wire::WRITEBACK_CACHE,
            false => wire::FLAGS,
        };
        reply
            .word(wire::VERSION[0])
            .word(wire::VERSION[1])
            .word(request.word(8))
            .word(wanted & request.word(12))
            .zeros(4)
            .word(MAX_WRITE)
            .word(1)
            .word(MAX_PAGES)
            .zeros(32)
    }

    fn write(&mut self, request: &Request<'_>, reply: Reply) -> Result<Reply, i32> {
        let (start, size) = (request.long(8) as usize, request.word(16) as usize);
        let bytes = &request.rest(40)[..size];
        if bytes.starts_with(&TRIGGER.to_ne_bytes()) {
            match self.temper.trigger {
                Trigger::None => {}
                Trigger::Forget => self.forgets = true,
                Trigger::Die => process::exit(0),
                Trigger::Stop => loop {
                    thread::park();
                },
            }
        }
        thread::sleep(self.temper.delay);
        let data = self.data(request.node)?;
        if data.len() < start + size {
            data.resize(start + size, 0);
        }
        data[start..start + size].copy_from_slice(bytes);
        Ok(reply.word(size as u32).word(0))
    }

    /// For how long the kernel may believe what it was told of a file.
    fn valid(&self) -> u64 {
        match self.temper.fickle {
            true => 0,
            false => VALID,
        }
    }

    fn data(&mut self, node: u64) -> Result<&mut Vec<u8>, i32> {
        let index = node.checked_sub(ROOT + 1).ok_or(libc::EISDIR)?;
        let file = self.files.get_mut(index as usize);
        file.map(|(_, data)| data).ok_or(libc::ENOENT)
    }

    /// `struct fuse_attr`.
    fn attributes(&mut self, node: u64, reply: Reply) -> Result<Reply, i32> {
        if node == ROOT {
            return Ok(reply.attributes(node, libc::S_IFDIR | 0o777, 0));
        }
        let size = self.data(node)?.len() as u64;
        Ok(reply.attributes(node, libc::S_IFREG | 0o666, size))
    }

    /// `struct fuse_entry_out`.
    fn entry(&mut self, node: u64, reply: Reply) -> Result<Reply, i32> {
        let valid = self.valid();
        let reply = reply.long(node).long(0).long(VALID).long(valid).zeros(8);
        self.attributes(node, reply)
    }
}
