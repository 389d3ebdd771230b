// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Requests: what the kernel is asked, in its own structures, and what became of it.
//!
//! They have all that the kernel looks at while a call is under way, and borrow what the targets stand
//! for; so they have to stay until the kernel is done, by whichever way it is asked.

use crate::{
    call::size,
    error::SyncError,
    fault::Fault,
    flags::Flags,
    map::Map,
    outcome::Outcome,
    subject::Subject,
    target::Target,
    uapi, //
};
use std::{
    io,
    slice, //
};

/// A request about one range, which is not [nothing](Target::is_nothing).
pub(crate) struct One<'a> {
    target: Target<'a>,
    flags: Flags,
    args: uapi::vm_map_sync_args,
}

impl<'a> One<'a> {
    /// Fails if the flags do not go with the target.
    // A call about one range, such as one that finds nothing to do, is short enough for its making to show.
    #[inline]
    pub(crate) fn new(target: Target<'a>, flags: Flags) -> Result<Self, SyncError> {
        debug_assert!(!target.is_nothing());
        let Ok(flags) = permitted(&[target], flags) else {
            return Err(SyncError::Refused(Fault::of_borrowed(None)));
        };
        Ok(Self {
            target,
            flags,
            args: uapi::vm_map_sync_args {
                size: size::<uapi::vm_map_sync_args>(),
                flags: flags.bits() | target.flags(),
                start: target.start(),
                end: target.end(),
                fd: target.fd(),
                ..Default::default()
            },
        })
    }

    /// What the kernel is given, and fills in.
    #[inline]
    pub(crate) fn argument(&mut self) -> &mut uapi::vm_map_sync_args {
        &mut self.args
    }

    /// What became of it, if that is what the call came to.
    #[inline]
    pub(crate) fn finish(&self, map: &Map, code: io::Result<()>) -> Result<Outcome, SyncError> {
        match code {
            Ok(()) => Ok(Outcome::new(&self.args.result)),
            Err(error) => Err(self.fail(map, error)),
        }
    }

    #[cold]
    fn fail(&self, map: &Map, error: io::Error) -> SyncError {
        let targets = slice::from_ref(&self.target);
        let mut subject = Subject::one(map, self.flags, targets);
        SyncError::new(error, &self.args.result, &mut subject)
    }
}

/// The flags of a call about these targets, or which of them they do not go with.
///
/// What is borrowed is the caller's own, whosever map the handle is on, and must not change.
#[inline]
pub(crate) fn permitted(targets: &[Target<'_>], flags: Flags) -> Result<Flags, usize> {
    match targets.iter().position(Target::is_borrowed) {
        Some(index) if flags.contains(Flags::FORGET_ERRORS) => Err(index),
        Some(_) => Ok(flags | Flags::SELF),
        None => Ok(flags),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    #[test]
    fn what_is_borrowed() {
        let bytes = [0_u8; 8];
        let targets = [Target::addresses(0..1), Target::slice(&bytes)];
        assert_eq!(
            permitted(&targets, Flags::SYNCIO),
            Ok(Flags::SYNCIO | Flags::SELF)
        );
        assert_eq!(permitted(&targets, Flags::FORGET_ERRORS), Err(1));
        assert_eq!(
            permitted(&targets[..1], Flags::FORGET_ERRORS),
            Ok(Flags::FORGET_ERRORS)
        );
        let refused = One::new(targets[1], Flags::FORGET_ERRORS).err();
        assert!(matches!(
            refused,
            Some(SyncError::Refused(Fault {
                reason: Reason::Borrowed,
                range: None,
                ..
            }))
        ));
    }
}
