// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Attaching: handles on the address spaces of other processes.

use crate::{
    call,
    error::OpenError,
    map::Map, //
};
use nix::{
    ioctl_readwrite,
    libc, //
};
use std::{
    error::Error,
    fmt, io,
    os::fd::{
        AsFd,
        AsRawFd,
        BorrowedFd, //
    },
};

impl Map {
    /// A handle on the address space that a process has at this moment, by the number of the process.
    ///
    /// Who may open `/proc/PID/mem` of it may have one. The handle stays with that address space: it is
    /// dead as soon as the process exits or executes another program.
    ///
    /// A number can go to another process at any time, unless it is that of a child which has not been
    /// waited for; [`attach_to`](Self::attach_to) takes a pidfd, which cannot. As in `/proc` a number can
    /// be that of a thread, and stands for its process then.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let process = 1;
    /// # let range = 0..0;
    /// let map = vm_map_sync::Map::attach(process)?;
    /// map.sync(range, vm_map_sync::Flags::SYNCIO)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the device cannot be opened, there is no such process, or it is not the caller's to attach to.
    pub fn attach(process: u32) -> Result<Self, AttachError> {
        let process = i32::try_from(process).map_err(|_| no_such_process())?;
        let door = Self::current()?;
        Ok(call::attach(door.as_fd(), process)?.into())
    }

    /// A handle on the address space that the process of a pidfd has at this moment.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (pidfd, range) = (std::io::stderr(), 0..0);
    /// use vm_map_sync::{Flags, Map};
    ///
    /// // Of pidfd_open(2), say. Whatever becomes of the number, this is the process, or nobody.
    /// let map = Map::attach_to(&pidfd)?;
    /// map.sync(range, Flags::SYNCIO)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`attach`](Self::attach); if it is no pidfd, also what its `ioctl()` says.
    pub fn attach_to(pidfd: impl AsFd) -> Result<Self, AttachError> {
        let pidfd = pidfd.as_fd();
        let map = Self::attach(process_of(pidfd)?)?;
        // If it is still there the number was its own all the time.
        process_of(pidfd)?;
        Ok(map)
    }
}

/// `struct pidfd_info` of linux/pidfd.h, as it was published first.
#[derive(Default)]
#[repr(C)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    thread: u32,
    process: u32,
    rest: [u32; 10],
}

// `PIDFD_GET_INFO` of linux/pidfd.h.
ioctl_readwrite!(get_info, 0xff, 11, PidfdInfo);

/// The number of the process of a pidfd, unless it has been waited for.
fn process_of(pidfd: BorrowedFd<'_>) -> io::Result<u32> {
    const { assert!(size_of::<PidfdInfo>() == 64) }
    let mut info = PidfdInfo::default();
    // SAFETY: The structure is as long as the command says, and lives until the call returns.
    unsafe { get_info(pidfd.as_raw_fd(), &raw mut info) }?;
    match info.process {
        // It is in another pid namespace.
        0 => Err(no_such_process()),
        process => Ok(process),
    }
}

fn no_such_process() -> io::Error {
    io::Error::from_raw_os_error(libc::ESRCH)
}

/// A handle on a process could not be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// The device could not be opened.
    Open(OpenError),
    /// It could not be attached to the process.
    Attach(io::Error),
}

impl AttachError {
    /// The error number of the system, if there is one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Open(OpenError(error)) | Self::Attach(error) => error.raw_os_error(),
        }
    }
}

impl From<OpenError> for AttachError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<io::Error> for AttachError {
    fn from(error: io::Error) -> Self {
        Self::Attach(error)
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match self {
            Self::Open(error) => return error.fmt(f),
            Self::Attach(error) => error,
        };
        write!(f, "the process cannot be attached to: {error}")?;
        f.write_str(match error.raw_os_error() {
            Some(libc::ESRCH) => "; there is none with that number, or it has no memory",
            Some(libc::EACCES) => "; it takes the right to open /proc/PID/mem of it, as for ptrace",
            Some(libc::EAGAIN) => "; it was just executing another program, so try again",
            Some(libc::ENOTTY) => "; the module is older than this program",
            _ => "",
        })
    }
}

impl Error for AttachError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::Attach(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(errno: i32) -> String {
        AttachError::from(io::Error::from_raw_os_error(errno)).to_string()
    }

    #[test]
    fn errors_say_what_to_do() {
        assert!(shown(libc::EACCES).contains("/proc/PID/mem"));
        assert!(shown(libc::EAGAIN).contains("try again"));
        assert!(shown(libc::ESRCH).contains("none with that number"));
        assert!(shown(libc::ENOTTY).contains("older"));
        let open = AttachError::from(OpenError(io::Error::from_raw_os_error(libc::ENOENT)));
        assert!(open.to_string().contains("modprobe"));
        assert_eq!(open.errno(), Some(libc::ENOENT));
    }

    #[test]
    fn no_number_is_too_large() {
        let error = Map::attach(u32::MAX).expect_err("there is no such process");
        assert_eq!(error.errno(), Some(libc::ESRCH));
    }

    #[test]
    fn what_is_no_pidfd_is_refused() {
        let error = Map::attach_to(io::stderr()).expect_err("it is no pidfd");
        assert!(matches!(error, AttachError::Attach(_)), "{error}");
    }
}
