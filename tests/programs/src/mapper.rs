// SPDX-License-Identifier: GPL-2.0

//! Mapped devices: block devices of the device mapper, which can be made to behave otherwise while
//! they are in use.

use crate::harness::Failure;
use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command, //
    },
};

const CONTROL: &str = "/dev/mapper/control";

const DEV_CREATE: u32 = 3;
const DEV_REMOVE: u32 = 4;
/// Without the flag to suspend: resume, with the table that was loaded last.
const DEV_SUSPEND: u32 = 6;
const TABLE_LOAD: u32 = 9;
const TABLE_STATUS: u32 = 12;

/// Do not write back what is dirty on it first (`DM_SKIP_LOCKFS_FLAG`).
const SKIP_LOCKFS: u32 = 1 << 10;

const ROOM: usize = 256;

/// `struct dm_ioctl` of linux/dm-ioctl.h, with a `struct dm_target_spec` behind it.
#[repr(C)]
struct Request {
    version: [u32; 3],
    data_size: u32,
    data_start: u32,
    target_count: u32,
    open_count: i32,
    flags: u32,
    event_nr: u32,
    padding: u32,
    dev: u64,
    name: [u8; 128],
    uuid: [u8; 136],
    sector_start: u64,
    length: u64,
    status: i32,
    next: u32,
    target_type: [u8; 16],
    parameters: [u8; ROOM],
}

/// What of a request is `struct dm_ioctl`.
const HEAD: usize = 312;

/// A mapped device; it goes when this is dropped.
pub struct Mapper {
    name: String,
    device: PathBuf,
    sectors: u64,
    owner: u32,
}

impl Mapper {
    /// Makes a mapped device of `megabytes` that is a `kind` of target with `parameters`.
    pub fn new(megabytes: usize, kind: &str, parameters: &str) -> Result<Self, Failure> {
        // It may be loaded, or built in, or not there.
        let _ = Command::new("modprobe").arg("dm-mod").output();
        if !Path::new(CONTROL).exists() {
            return Err(Failure::skip("no device mapper"));
        }
        let mut mapper = Self {
            name: format!("test-{}", process::id()),
            device: PathBuf::new(),
            sectors: (megabytes << 20) as u64 / 512,
            owner: process::id(),
        };
        let made = mapper.call(DEV_CREATE, 0, None)?;
        // The minor number, as `huge_encode_dev()` has it.
        let minor = (made.dev & 0xff) | ((made.dev >> 12) & 0xfff00);
        mapper.device = PathBuf::from(format!("/dev/dm-{minor}"));
        match mapper.become_target(kind, parameters) {
            Ok(()) => Ok(mapper),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Err(Failure::skip(
                format!("no mapped device of the kind {kind}"),
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// The block device.
    pub fn device(&self) -> &Path {
        &self.device
    }

    /// Has the device behave otherwise from now on.
    pub fn become_target(&self, kind: &str, parameters: &str) -> io::Result<()> {
        self.call(TABLE_LOAD, 0, Some((kind, parameters)))?;
        self.call(DEV_SUSPEND, SKIP_LOCKFS, None).map(drop)
    }

    /// What the target says of itself.
    pub fn status(&self) -> io::Result<String> {
        let answer = self.call(TABLE_STATUS, 0, None)?;
        let end = answer.parameters.iter().position(|&byte| byte == 0);
        let text = &answer.parameters[..end.unwrap_or(ROOM)];
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    fn call(&self, command: u32, flags: u32, target: Option<(&str, &str)>) -> io::Result<Request> {
        const {
            assert!(std::mem::offset_of!(Request, sector_start) == HEAD);
        }
        let mut request = Request {
            version: [4, 0, 0],
            data_size: size_of::<Request>() as u32,
            data_start: HEAD as u32,
            target_count: u32::from(target.is_some()),
            open_count: 0,
            flags,
            event_nr: 0,
            padding: 0,
            dev: 0,
            name: [0; 128],
            uuid: [0; 136],
            sector_start: 0,
            length: self.sectors,
            status: 0,
            next: (size_of::<Request>() - HEAD) as u32,
            target_type: [0; 16],
            parameters: [0; ROOM],
        };
        request.name[..self.name.len()].copy_from_slice(self.name.as_bytes());
        if let Some((kind, parameters)) = target {
            request.target_type[..kind.len()].copy_from_slice(kind.as_bytes());
            request.parameters[..parameters.len()].copy_from_slice(parameters.as_bytes());
        }
        let control = File::open(CONTROL)?;
        // _IOWR(DM_IOCTL, command, struct dm_ioctl)
        let number = 0xc138_fd00 | command;
        // SAFETY: The structure is as long as it says, and lives until the call returns.
        let code = unsafe {
            libc::ioctl(
                control.as_raw_fd(),
                libc::Ioctl::from(number),
                &raw mut request,
            )
        };
        if code < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(request)
    }
}

impl Drop for Mapper {
    fn drop(&mut self) {
        if process::id() == self.owner {
            // If it is in use still there is nobody to tell.
            let _ = self.call(DEV_REMOVE, 0, None);
        }
    }
}
