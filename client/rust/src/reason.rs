// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Reasons: why a call did not succeed.

use crate::uapi;
use std::fmt;

/// Why a call did not succeed.
///
/// `EBUSY` stands for two opposite things: after [`Wired`](Self::Wired) nothing was done, and nothing
/// is durable; after [`Busy`](Self::Busy) everything was written, and some pages are merely cached
/// still. So look at the reason, or whether the error is [`SyncError::Refused`] or
/// [`SyncError::Failed`], never at the error number alone.
///
/// [`SyncError::Refused`]: crate::SyncError::Refused
/// [`SyncError::Failed`]: crate::SyncError::Failed
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Refused: a flag that the module does not have, a start behind the end, an empty range of a
    /// file, no ranges or too many. With `E2BIG`: ranges that overlap too much.
    Argument,
    /// Refused: nothing is mapped at the address.
    Hole,
    /// Refused: the mapping at the address has no pager: device memory, huge pages, the kernel's own
    /// pages. So is a file of huge pages.
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
    /// Refused: a descriptor is not open, or only as a name (`O_PATH`), with `EBADF`; or it is none
    /// of a file that could be mapped, as a directory or a pipe, with `ENODEV`.
    Descriptor,
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
    /// Refused: [`FORGET_ERRORS`](crate::Flags::FORGET_ERRORS) can change what is in memory, which must not
    /// happen to what is [borrowed](crate::SliceExt). It is this library that refuses it.
    Borrowed,
    /// A reason that this library does not know yet.
    Other(u32),
}

impl Reason {
    pub(crate) fn new(reason: u32) -> Self {
        match reason {
            uapi::VM_MAP_SYNC_REASON_ARGUMENT => Self::Argument,
            uapi::VM_MAP_SYNC_REASON_HOLE => Self::Hole,
            uapi::VM_MAP_SYNC_REASON_SPECIAL => Self::Special,
            uapi::VM_MAP_SYNC_REASON_WIRED => Self::Wired,
            uapi::VM_MAP_SYNC_REASON_PROTECTION => Self::Protection,
            uapi::VM_MAP_SYNC_REASON_DEAD => Self::Dead,
            uapi::VM_MAP_SYNC_REASON_MEMORY => Self::Memory,
            uapi::VM_MAP_SYNC_REASON_DESCRIPTOR => Self::Descriptor,
            uapi::VM_MAP_SYNC_REASON_IO => Self::Io,
            uapi::VM_MAP_SYNC_REASON_BUSY => Self::Busy,
            uapi::VM_MAP_SYNC_REASON_KILLED => Self::Killed,
            uapi::VM_MAP_SYNC_REASON_UNWRITTEN => Self::Unwritten,
            other => Self::Other(other),
        }
    }

    /// Whether it is about the call as a whole, and not about one of its ranges.
    pub(crate) fn is_about_the_call(self) -> bool {
        matches!(self, Self::Dead | Self::Memory | Self::Killed)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Argument => {
                "the arguments make no sense: a flag that the module does not have, a range that ends \
                 before it starts, an empty range of a file, no ranges or too many"
            }
            Self::Hole => {
                "nothing is mapped there; leave it out, or have holes passed over (ALLOW_HOLES)"
            }
            Self::Special => {
                "a special mapping, which has no file to write to; leave it out, or have such passed \
                 over (SKIP_SPECIALS)"
            }
            Self::Wired => "the memory is locked, so it cannot be freed; unlock it first",
            Self::Protection => {
                "the file is not the caller's to write to, or cannot be opened; to have only one's own \
                 memory back, pass SPARE_SHARED"
            }
            Self::Dead => {
                "the process whose memory it is has exited; open a handle of your own, or pass SELF"
            }
            Self::Memory => "the kernel has no memory for the call; try less at once",
            Self::Descriptor => {
                "the descriptor is not open, or none of a file that could be mapped; open the file \
                 itself for reading"
            }
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
            Self::Borrowed => {
                "FORGET_ERRORS can change what is borrowed; name it by its file or its addresses"
            }
            Self::Other(reason) => return write!(f, "reason {reason}"),
        })
    }
}
