// SPDX-License-Identifier: GPL-2.0

//! Pace: whether a call may wait.

use kernel::error::{
    code::EAGAIN,
    Error, //
};

/// Whether a call may wait for anything but the memory that it takes and its argument lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// For all that it needs.
    Patient,
    /// For nothing: it is answered at once, or not at all.
    AtOnce,
}

impl Pace {
    /// Whether it may wait for nothing.
    pub(crate) fn is_at_once(self) -> bool {
        self == Self::AtOnce
    }
}

/// A call has found that it would have to wait, and may not. Nothing has happened: it can be made anew by
/// somebody who may.
pub(crate) struct Later;

/// To whoever hands over calls it means just that. Nothing else that a call at once comes to is `EAGAIN`.
impl From<Later> for Error {
    fn from(_: Later) -> Self {
        EAGAIN
    }
}
