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
///
/// `EBUSY` stands for two opposite things: after [`Wired`](Self::Wired) nothing was done, and nothing
/// is durable; after [`Busy`](Self::Busy) everything was written, and some pages are merely cached
/// still. So look at the reason, or whether the error is [`SyncError::Refused`] or
/// [`SyncError::Failed`], never at the error number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Refused: an unknown flag, or a start behind the end.
    Argument,
    /// Refused: nothing is mapped at the address.
    Hole,
    /// Refused: the mapping at the address has no pager: device memory, huge pages, the kernel's own
    /// pages.
    Special,
    /// Refused, with `EBUSY`: memory was to be freed that its own process has locked. Nothing was
    /// written, and nothing is durable. Not to be taken for [`Busy`](Self::Busy).
    Wired,
    /// Refused: pages of a file were to be freed that the caller neither owns nor could open for
    /// writing; or a file that the call needs of its own could not be opened.
    Protection,
    /// Refused: the last process with the address space has exited.
    Dead,
    /// Refused: there was no memory for the call, or there are too many open files.
    Memory,
    /// Failed: pages were not written. Those that are cached are the only copy of what was stored in
    /// them, and nothing of their file was freed. That a second call succeeds proves nothing: see
    /// [`Unwritten`](Self::Unwritten).
    Io,
    /// Failed, with `EBUSY`, but everything was written, and is durable with
    /// [`SYNCIO`](crate::Flags::SYNCIO). Pages could not be freed, and no more than that: they are
    /// pinned, locked by others or otherwise in use. Not to be taken for [`Wired`](Self::Wired).
    Busy,
    /// Ended: the caller was killed.
    Killed,
    /// Failed: a write of the file had failed before this call, with the error number that this one
    /// has, so nothing of the file was freed. What was dirty now was written.
    ///
    /// Linux takes a page for a clean one after its write has failed, and writes it no more, so the
    /// cached page may be the only copy of what was stored in it. Store it anew, from what you know
    /// or from the mapping itself, sync with [`SYNCIO`](crate::Flags::SYNCIO), and pass
    /// [`FORGET_ERRORS`](crate::Flags::FORGET_ERRORS) from then on.
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
            Self::Wired => "the memory is locked, so it cannot be freed; unlock it first",
            Self::Protection => "the file is not the caller's to write to, or cannot be opened",
            Self::Dead => "the process whose memory it is has exited",
            Self::Memory => "the kernel has no memory for the call",
            Self::Io => {
                "pages could not be written, so nothing of their file was freed; \
                 store them anew before you try again"
            }
            Self::Busy => {
                "all was written, but pages that are in use stay cached; \
                 leave them, or try again when they are not"
            }
            Self::Killed => "the caller was killed",
            Self::Unwritten => {
                "a write of the file has failed before, so its cached pages may be the only copy \
                 and were not freed; store them anew, sync, then pass FORGET_ERRORS"
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
///
/// ```
/// use vm_map_sync::{Flags, Map, Reason, SyncError};
///
/// /// Whether all of a range is durable, although some of it may be cached still.
/// fn is_durable(map: &Map, range: std::ops::Range<usize>) -> bool {
///     match map.sync(range, Flags::SYNCIO | Flags::INVALIDATE) {
///         Ok(_) => true,
///         // EBUSY, and all was done but for the freeing.
///         Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => true,
///         // Among them EBUSY as well, and nothing was done.
///         Err(_) => false,
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SyncError {
    /// The call was refused, and nothing was done: nothing was written, unmapped or freed, and
    /// nothing is durable that was not before.
    Refused(Fault),
    /// The call was done, but did not succeed altogether: what it could do was done, and the
    /// [reason](Fault::reason) says what was not.
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
    ///
    /// It does not tell what was done: `EBUSY` can mean that nothing was, and that everything was
    /// written (see [`Reason`]).
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
            Self::Refused(fault) => {
                write!(f, "the range was refused, and nothing was done: {fault}")
            }
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

    fn text(reason: u32) -> String {
        SyncError::new(&result(reason)).to_string()
    }

    #[test]
    fn what_where_and_errno() {
        let hole = text(uapi::VM_MAP_SYNC_REASON_HOLE);
        let start =
            "the range was refused, and nothing was done: at 0x1000: nothing is mapped there: ";
        assert!(hole.starts_with(start), "{hole}");
        assert!(hole.ends_with("(os error 16)"), "{hole}");
        let busy = text(uapi::VM_MAP_SYNC_REASON_BUSY);
        assert!(busy.starts_with("not all was done: at 0x1000: "), "{busy}");
        assert!(
            busy.ends_with("; 1 pages pushed, 0 freed, 2 left"),
            "{busy}"
        );
        let missing = OpenError(io::Error::from_raw_os_error(libc::ENOENT)).to_string();
        assert!(missing.contains("load the module"), "{missing}");
    }

    #[test]
    fn two_kinds_of_ebusy() {
        let wired = SyncError::new(&result(uapi::VM_MAP_SYNC_REASON_WIRED));
        let busy = SyncError::new(&result(uapi::VM_MAP_SYNC_REASON_BUSY));
        assert_eq!(wired.errno(), busy.errno());
        assert!(matches!(
            wired,
            SyncError::Refused(Fault {
                reason: Reason::Wired,
                ..
            })
        ));
        assert!(matches!(
            busy,
            SyncError::Failed(Fault {
                reason: Reason::Busy,
                ..
            })
        ));
        let (wired, busy) = (wired.to_string(), busy.to_string());
        assert!(wired.contains("nothing was done"), "{wired}");
        assert!(wired.contains("unlock it"), "{wired}");
        assert!(!busy.contains("nothing was done"), "{busy}");
        assert!(busy.contains("all was written"), "{busy}");
    }

    #[test]
    fn refusals_say_that_nothing_was_done() {
        for reason in 1..64 {
            let says = text(reason).contains("nothing was done");
            assert_eq!(says, reason < uapi::VM_MAP_SYNC_REASON_IO, "{reason}");
        }
    }

    #[test]
    fn failed_writes_say_what_to_do() {
        let before = text(uapi::VM_MAP_SYNC_REASON_UNWRITTEN);
        assert!(before.contains("may be the only copy"), "{before}");
        assert!(
            before.contains("store them anew, sync, then pass FORGET_ERRORS"),
            "{before}"
        );
        let now = text(uapi::VM_MAP_SYNC_REASON_IO);
        assert!(now.contains("store them anew"), "{now}");
        assert!(!now.contains("all was written"), "{now}");
    }
}
