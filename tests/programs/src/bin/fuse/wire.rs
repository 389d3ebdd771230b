// SPDX-License-Identifier: GPL-2.0

//! The wire: requests and replies of linux/fuse.h, as far as the server needs them.

/// A request, with its header taken off.
pub struct Request<'a> {
    pub opcode: u32,
    pub unique: u64,
    pub node: u64,
    /// Who asks.
    pub user: u32,
    body: &'a [u8],
}

/// Bytes of `struct fuse_in_header`.
const HEADER: usize = 40;

pub const LOOKUP: u32 = 1;
pub const FORGET: u32 = 2;
pub const GETATTR: u32 = 3;
pub const SETATTR: u32 = 4;
pub const UNLINK: u32 = 10;
pub const OPEN: u32 = 14;
pub const READ: u32 = 15;
pub const WRITE: u32 = 16;
pub const STATFS: u32 = 17;
pub const RELEASE: u32 = 18;
pub const FSYNC: u32 = 20;
pub const FLUSH: u32 = 25;
pub const INIT: u32 = 26;
pub const OPENDIR: u32 = 27;
pub const READDIR: u32 = 28;
pub const RELEASEDIR: u32 = 29;
pub const CREATE: u32 = 35;
pub const INTERRUPT: u32 = 36;
pub const DESTROY: u32 = 38;
pub const BATCH_FORGET: u32 = 42;
pub const FALLOCATE: u32 = 43;

/// The version that the replies are of.
pub const VERSION: [u32; 2] = [7, 31];
/// `FUSE_BIG_WRITES | FUSE_MAX_PAGES`.
pub const FLAGS: u32 = (1 << 5) | (1 << 22);
pub const WRITEBACK_CACHE: u32 = 1 << 16;
/// `FOPEN_KEEP_CACHE`.
pub const KEEP_CACHE: u32 = 1 << 1;
/// `FATTR_SIZE`.
pub const SIZE: u32 = 1 << 3;

impl<'a> Request<'a> {
    /// Reads the header. What the kernel sends has one.
    pub fn new(bytes: &'a [u8]) -> Self {
        let (header, body) = bytes.split_at(HEADER);
        let header = Self {
            opcode: 0,
            unique: 0,
            node: 0,
            user: 0,
            body: header,
        };
        Self {
            opcode: header.word(4),
            unique: header.long(8),
            node: header.long(16),
            user: header.word(24),
            body,
        }
    }

    /// The 32 bits at byte `at` of the body.
    pub fn word(&self, at: usize) -> u32 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.body[at..at + 4]);
        u32::from_ne_bytes(bytes)
    }

    /// The 64 bits at byte `at` of the body.
    pub fn long(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.body[at..at + 8]);
        u64::from_ne_bytes(bytes)
    }

    /// What follows `at` bytes of the body.
    pub fn rest(&self, at: usize) -> &[u8] {
        &self.body[at..]
    }

    /// The name that follows `at` bytes of the body.
    pub fn name(&self, at: usize) -> &[u8] {
        let rest = self.rest(at);
        rest.split(|&byte| byte == 0).next().unwrap_or(rest)
    }
}

/// The body of a reply.
#[derive(Default)]
pub struct Reply(pub Vec<u8>);

impl Reply {
    pub fn word(mut self, word: u32) -> Self {
        self.0.extend_from_slice(&word.to_ne_bytes());
        self
    }

    pub fn long(mut self, long: u64) -> Self {
        self.0.extend_from_slice(&long.to_ne_bytes());
        self
    }

    pub fn zeros(mut self, count: usize) -> Self {
        self.0.extend(std::iter::repeat_n(0, count));
        self
    }

    /// `struct fuse_attr`.
    pub fn attributes(self, node: u64, mode: u32, size: u64) -> Self {
        self.long(node)
            .long(size)
            .long(size.div_ceil(512))
            .zeros(3 * 8 + 3 * 4) // times
            .word(mode)
            .word(1) // links
            .zeros(3 * 4) // user, group, device
            .word(4096)
            .word(0)
    }

    /// With the header, as it is to be written to the device.
    pub fn finish(self, unique: u64, errno: i32) -> Vec<u8> {
        let length = 16 + self.0.len() as u32;
        let mut bytes = Vec::from(length.to_ne_bytes());
        bytes.extend_from_slice(&(-errno).to_ne_bytes());
        bytes.extend_from_slice(&unique.to_ne_bytes());
        bytes.extend_from_slice(&self.0);
        bytes
    }
}
