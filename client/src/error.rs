// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Errors: what went wrong, where, and the errno of it.

use crate::{
    map::DEVICE,
    outcome::Outcome,
    uapi, //
};
use std::{
    error::Error,
    fmt,
    io, //
};

/// Why a call did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// An unknown flag, or a start behind the end.
    Argument,
    /// Nothing is mapped at the address.
    Hole,
    /// The mapping at the address has no pager: device memory, huge pages, the kernel's own pages.
    Special,
    /// Locked memory was to be freed.
    Wired,
    /// Pages of a file that the caller neither owns nor could write to were to be freed.
    Protection,
    /// The last process with the address space has exited.
    Dead,
    /// The kernel had no memory for the call.
    Memory,
    /// Pages were not written.
    Io,
    /// Pages could not be freed: they are wired, pinned or otherwise in use.
    Busy,
    /// The caller was killed.
    Killed,
    /// A write of the file has failed earlier, so nothing of it was freed.
    Unwritten,
    /// A reason that this library does not know yet.
    Other(u32),
}

impl Reason {
    fn new(reason: u32) -> Self {
        match reason {
            uapi::VM_MAP_SYNC_REASON_ARGUMENT => Self::Argument,
            uapi::VM_MAP_SYNC_REASON_HOLE => Self::Hole,
            uapi::VM_MAP_SYNC_REASON_SPECIAL => Self::Special,
            uapi::VM_MAP_SYNC_REASON_WIRED => Self::Wired,
            uapi::VM_MAP_SYNC_REASON_PROTECTION => Self::Protection,
            uapi::VM_MAP_SYNC_REASON_DEAD => Self::Dead,
            uapi::VM_MAP_SYNC_REASON_MEMORY => Self::Memory,
            uapi::VM_MAP_SYNC_REASON_IO => Self::Io,
            uapi::VM_MAP_SYNC_REASON_BUSY => Self::Busy,
            uapi::VM_MAP_SYNC_REASON_KILLED => Self::Killed,
            uapi::VM_MAP_SYNC_REASON_UNWRITTEN => Self::Unwritten,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argument => "the arguments make no sense",
            Self::Hole => "nothing is mapped there",
            Self::Special => "a special mapping, which has no file to write to",
            Self::Wired => "the memory is locked",
            Self::Protection => "the file is neither the caller's nor writable by it",
            Self::Dead => "the process whose memory it is has exited",
            Self::Memory => "the kernel is out of memory",
            Self::Io => "pages could not be written",
            Self::Busy => "pages are in use and were not freed",
            Self::Killed => "the caller was killed",
            Self::Unwritten => {
                "a write of the file has failed before, so nothing of it was freed"
            }
            Self::Other(reason) => return write!(f, "reason {reason}"),
        })
    }
}

/// What went wrong with a call, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What went wrong first.
    pub reason: Reason,
    /// The first offending address, page aligned; 0 if there is none.
    pub address: u64,
    /// The error number of the system.
    pub errno: i32,
    /// What BSD would have returned, `VM_MAP_SYNC_KERN_*` in [`uapi`].
    pub kern_return: u32,
    /// What was done all the same.
    pub outcome: Outcome,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address != 0 {
            write!(f, "at {:#x}: ", self.address)?;
        }
        let error = io::Error::from_raw_os_error(self.errno);
        write!(f, "{}: {error}", self.reason)
    }
}

/// Why a range was not synced.
#[derive(Debug)]
#[non_exhaustive]
pub enum SyncError {
    /// The call was refused: nothing was written, unmapped or freed.
    Refused(Fault),
    /// The call did not succeed altogether; what it could do was done.
    Failed(Fault),
    /// The call did not come through: the descriptor is not one of the device, say.
    Call(io::Error),
}

impl SyncError {
    /// `result` must be that of a call that returned an error, and filled in.
    pub(crate) fn new(result: &uapi::vm_map_sync_result) -> Self {
        let fault = Fault {
            reason: Reason::new(result.reason),
            address: result.address,
            errno: result.error,
            kern_return: result.kern_return,
            outcome: Outcome::new(result),
        };
        if result.reason < uapi::VM_MAP_SYNC_REASON_IO {
            Self::Refused(fault)
        } else {
            Self::Failed(fault)
        }
    }

    /// The error number of the system, if there is one.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused(fault) | Self::Failed(fault) => Some(fault.errno),
            Self::Call(error) => error.raw_os_error(),
        }
    }
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(fault) => write!(f, "the range was refused: {fault}"),
            Self::Failed(fault) => write!(
                f,
                "not all was done: {fault}; {} pages pushed, {} freed, {} left",
                fault.outcome.pushed, fault.outcome.freed, fault.outcome.left
            ),
            Self::Call(error) => write!(f, "{DEVICE} was not reached: {error}"),
        }
    }
}

impl Error for SyncError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) | Self::Failed(_) => None,
            Self::Call(error) => Some(error),
        }
    }
}

/// The device could not be opened.
#[derive(Debug)]
pub struct OpenError(pub io::Error);

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{DEVICE} cannot be opened: {}", self.0)?;
        match self.0.kind() {
            io::ErrorKind::NotFound => write!(
                f,
                "; load the module: modprobe vm_map_sync, or insmod vm_map_sync.ko"
            ),
            io::ErrorKind::PermissionDenied => {
                write!(f, "; have root allow it to all: chmod 0666 {DEVICE}")
            }
            _ => Ok(()),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(reason: u32) -> uapi::vm_map_sync_result {
        uapi::vm_map_sync_result {
            reason,
            error: libc::EBUSY,
            address: 0x1000,
            pushed: 1,
            left: 2,
            ..Default::default()
        }
    }

    #[test]
    fn refused_or_failed() {
        for reason in 1..64 {
            let error = SyncError::new(&result(reason));
            let refused = matches!(error, SyncError::Refused(_));
            assert_eq!(refused, reason < uapi::VM_MAP_SYNC_REASON_IO);
            assert_eq!(error.errno(), Some(libc::EBUSY));
        }
    }

    #[test]
    fn what_where_and_errno() {
        let wired = SyncError::new(&result(uapi::VM_MAP_SYNC_REASON_WIRED)).to_string();
        assert!(wired.starts_with("the range was refused: at 0x1000: the memory is locked: "));
        assert!(wired.contains("(os error 16)"));
        let busy = SyncError::new(&result(uapi::VM_MAP_SYNC_REASON_BUSY)).to_string();
        assert!(
            busy.ends_with("; 1 pages pushed, 0 freed, 2 left"),
            "{busy}"
        );
        let missing = OpenError(io::Error::from_raw_os_error(libc::ENOENT)).to_string();
        assert!(missing.contains("load the module"), "{missing}");
    }
}
