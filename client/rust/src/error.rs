// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Errors: calls that did not succeed.

use crate::{
    fault::Fault,
    map::DEVICE,
    outcome::Outcome,
    subject::Subject,
    uapi, //
};
use nix::libc;
use std::{
    error::Error,
    fmt,
    io, //
};

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
    /// `error` is what the call returned; `result` is what is in its argument.
    pub(crate) fn new(
        error: io::Error,
        result: &uapi::vm_map_sync_result,
        subject: &mut Subject<'_>,
    ) -> Self {
        // A result has an error in it if it was filled in for a call that did not succeed.
        if result.error == 0 {
            return Self::Call(error);
        }
        let fault = subject.fault(result, result.range as usize);
        if Fault::is_refusal(result) {
            Self::Refused(fault)
        } else {
            Self::Failed(fault)
        }
    }

    /// The error number of the system, if there is one.
    ///
    /// It does not tell what was done: `EBUSY` can mean that nothing was, and that everything was
    /// written (see [`Reason`](crate::Reason)).
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
            Self::Failed(fault) => {
                f.write_str("not all was done: ")?;
                fmt_failed(f, fault)
            }
            Self::Call(error) => fmt_call(f, error),
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

/// Says what went wrong, and what was done all the same.
pub(crate) fn fmt_failed(f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
    let Outcome {
        pushed,
        freed,
        left,
        ..
    } = fault.outcome;
    write!(
        f,
        "{fault}; {pushed} pages pushed, {freed} freed, {left} left"
    )
}

/// Says that there is nothing to be said of a result.
pub(crate) fn fmt_call(f: &mut fmt::Formatter<'_>, error: &io::Error) -> fmt::Result {
    write!(f, "{DEVICE} was not reached: {error}")?;
    f.write_str(match error.raw_os_error() {
        Some(libc::EBADF | libc::ENOTTY) => {
            "; the handle is no descriptor of the device, or the module is older than this program"
        }
        Some(libc::EINVAL | libc::E2BIG) => "; the module is older than this program: load another",
        _ => "",
    })
}

/// The device could not be opened.
#[derive(Debug)]
#[non_exhaustive]
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
                write!(
                    f,
                    "; root keeps it for some only: see the parameter mode of the module"
                )
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
    use crate::{
        flags::Flags,
        map::Map,
        reason::Reason,
        target::Target, //
    };

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

    fn error(reason: u32) -> SyncError {
        let failed = io::Error::from_raw_os_error(libc::EBUSY);
        let map = Map::of_nothing();
        let target = [Target::addresses(0..0x2000)];
        let mut subject = Subject::one(&map, Flags::empty(), &target);
        SyncError::new(failed, &result(reason), &mut subject)
    }

    #[test]
    fn refused_or_failed() {
        for reason in 1..64 {
            let error = error(reason);
            let refused = matches!(error, SyncError::Refused(_));
            assert_eq!(refused, reason < uapi::VM_MAP_SYNC_REASON_IO);
            assert_eq!(error.errno(), Some(libc::EBUSY));
        }
    }

    fn text(reason: u32) -> String {
        error(reason).to_string()
    }

    #[test]
    fn what_where_and_errno() {
        let hole = text(uapi::VM_MAP_SYNC_REASON_HOLE);
        let start =
            "the range was refused, and nothing was done: at 0x1000: nothing is mapped there; ";
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
        let wired = error(uapi::VM_MAP_SYNC_REASON_WIRED);
        let busy = error(uapi::VM_MAP_SYNC_REASON_BUSY);
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
