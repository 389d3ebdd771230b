// SPDX-License-Identifier: GPL-2.0

//! Errors: the history of a pager's failed writes (`wb_err`), and who was told of it.
//!
//! C headers: `include/linux/errseq.h`, `include/linux/fs.h`

use super::{
    helpers,
    pager::Pager, //
};
use kernel::{
    bindings,
    error::to_result,
    ffi::c_int,
    prelude::*,
    sync::atomic::{
        atomic_load,
        Relaxed, //
    }, //
};

/// A point in the history of a pager's failed writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorMark(bindings::errseq_t);

impl ErrorMark {
    /// Before anything failed: since the kernel has the file in memory.
    pub(crate) const BEGINNING: Self = Self(0);

    /// No point that a pager ever is at: the number of an error is not as great as that.
    pub(crate) const NEVER: Self = Self(bindings::errseq_t::MAX);
}

impl Pager {
    /// Marks the present end of the history. An error that nobody was told of yet counts as coming
    /// after the mark (`errseq_sample()`).
    pub(crate) fn mark_errors(&self) -> ErrorMark {
        // SAFETY: The mapping is valid.
        ErrorMark(unsafe { bindings::errseq_sample(&raw mut (*self.mapping()).wb_err) })
    }

    /// How far this very file was told of the history, by `fsync()` or `msync()`.
    pub(crate) fn told_errors(&self) -> ErrorMark {
        // SAFETY: The file is valid. Who tells it of errors writes this field in one piece.
        ErrorMark(unsafe { load(&raw const (*self.file().as_ptr()).f_wb_err) })
    }

    /// Whether the history has gone on since the mark. Leaves the error to those who are yet to be
    /// told of it: no file's own cursor moves, and the flags of older interfaces stay.
    ///
    /// # Errors
    ///
    /// The latest error of the pager.
    pub(crate) fn errors_since(&self, mark: ErrorMark) -> Result {
        // SAFETY: The mapping is valid, and whoever notes an error writes this field in one piece.
        let now = unsafe { load(&raw const (*self.mapping()).wb_err) };
        if now == mark.0 {
            return Ok(());
        }
        // As `errseq_check()`, for whose callers a mark is always a point of the same history.
        match i32::try_from(now & bindings::MAX_ERRNO) {
            Ok(errno @ 1..) => to_result(-errno).map_err(told),
            _ => Err(EIO),
        }
    }

    /// Tells this very file of the write errors that it was not told of yet, as `fsync()` does.
    ///
    /// # Errors
    ///
    /// The latest of those errors.
    pub(crate) fn take_error(&self) -> Result {
        // SAFETY: The file is valid since there is a reference to it.
        to_result(unsafe { bindings::file_check_and_advance_wb_err(self.file().as_ptr()) })
            .map_err(told)
    }

    /// Has this very file count as told of no more than at an earlier [point](Self::told_errors): whoever was
    /// told since has gone, and the next one who asks is to hear of it. To other files nothing is told again.
    pub(crate) fn untell(&self, told: ErrorMark) {
        // SAFETY: The file is valid since there is a reference to it.
        unsafe { helpers::vm_map_sync_file_untell(self.file().as_ptr(), told.0) };
    }
}

/// What a file system has said, as callers are told.
///
/// `EAGAIN`, which some server may answer, is `EIO`: whoever hands over the requests of a ring takes it for
/// something else. So are numbers that user space has no names for, and `EINTR` is what those stand for by
/// which system calls are begun anew.
pub(super) fn told(errno: Error) -> Error {
    /// The greatest number that a name of user space can have.
    const NAMED: c_int = 511;

    match errno {
        ERESTARTSYS | ERESTARTNOINTR | ERESTARTNOHAND => EINTR,
        EAGAIN => EIO,
        errno if errno.to_errno() < -NAMED => EIO,
        errno => errno,
    }
}

/// `READ_ONCE()`.
///
/// # Safety
///
/// `field` must be valid, and may be written to in one piece only.
unsafe fn load(field: *const bindings::errseq_t) -> bindings::errseq_t {
    // SAFETY: The caller promises it.
    unsafe { atomic_load(field.cast_mut(), Relaxed) }
}
