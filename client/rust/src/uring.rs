// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Submissions: calls that nobody waits for, by an io_uring.

use crate::{
    error::SyncError,
    fault::Fault,
    flags::Flags,
    many::Many,
    map::Map,
    outcome::{
        Outcome,
        Outcomes, //
    },
    request::One,
    target::Target,
    uapi,
    vector::VectorError, //
};
use io_uring::{
    opcode::{
        Nop,
        UringCmd16, //
    },
    squeue::Entry,
    types::Fd, //
};
use std::{
    fmt,
    io,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
    ptr::NonNull, //
};

/// What the kernel has while a request is under way.
///
/// It is behind a pointer, since the kernel writes to it. If it is dropped after an entry was made, and before
/// the request is finished, its memory is lost, and not given to somebody else: the kernel may still have it.
struct Lent<R> {
    request: NonNull<R>,
    is_out: bool,
}

// SAFETY: It is the only one that has the request.
unsafe impl<R: Send> Send for Lent<R> {}
// SAFETY: As above.
unsafe impl<R: Sync> Sync for Lent<R> {}

impl<R> Lent<R> {
    fn new(request: R) -> Self {
        Self {
            request: NonNull::from(Box::leak(Box::new(request))),
            is_out: false,
        }
    }

    /// The entry of a ring that has it done by a command; `argument` says where in it the argument is.
    fn entry<A>(
        &mut self,
        map: &Map,
        command: u32,
        argument: impl FnOnce(&mut R) -> &mut A,
    ) -> Entry {
        self.is_out = true;
        // SAFETY: It is there, and the kernel does not have it yet.
        let argument: *mut A = argument(unsafe { self.request.as_mut() });
        let mut bytes = [0; 16];
        let address = argument.expose_provenance() as u64;
        bytes[..8].copy_from_slice(&address.to_ne_bytes());
        UringCmd16::new(Fd(map.as_fd().as_raw_fd()), command)
            .cmd(bytes)
            .build()
    }

    /// The request, which the kernel does not have any more.
    fn take_back(&mut self) -> &R {
        self.is_out = false;
        // SAFETY: It is there.
        unsafe { self.request.as_ref() }
    }
}

impl<R> Drop for Lent<R> {
    fn drop(&mut self) {
        if !self.is_out {
            // SAFETY: It comes from a box, and nobody else has it.
            drop(unsafe { Box::from_raw(self.request.as_ptr()) });
        }
    }
}

/// What a completion says.
fn code(result: i32) -> io::Result<()> {
    if result < 0 {
        Err(io::Error::from_raw_os_error(-result))
    } else {
        Ok(())
    }
}

/// A sync of one target that is to be submitted to an io_uring: [`Map::submit`].
///
/// ```no_run
#[doc = include_str!("../doc/uring.rs")]
/// ```
///
/// It has what the kernel looks at and fills in, so it has to be there until the request has completed; that is
/// what whoever [pushes](io_uring::squeue::SubmissionQueue::push) the entry promises. If it is dropped before it
/// is [finished](Self::finish), all that is lost is some memory.
///
/// What the target stands for is looked up when the work is begun, which may be any time until then. A
/// file that is closed by then, or memory that is not mapped any more, is refused; or is another one.
pub struct Submission<'a> {
    map: &'a Map,
    target: Target<'a>,
    /// `None` for a target that is nothing.
    request: Option<Lent<One<'a>>>,
}

impl Submission<'_> {
    /// The entry for a ring. Flags, user data and a personality can be added to it; it is to be pushed once.
    pub fn entry(&mut self) -> Entry {
        match &mut self.request {
            Some(request) => request.entry(self.map, uapi::VM_MAP_SYNC_SYNC, One::argument),
            None => Nop::new().build(),
        }
    }

    /// What became of it. `result` is that of the completion, which must have come.
    ///
    /// # Errors
    ///
    /// As for [`Map::sync`]. A request that was cancelled is [`Reason::Killed`](crate::Reason::Killed) if it
    /// had been begun, and else [`SyncError::Call`] with `ECANCELED`.
    pub fn finish(mut self, result: i32) -> Result<Outcome, SyncError> {
        match &mut self.request {
            Some(request) => request.take_back().finish(self.map, code(result)),
            None => code(result)
                .map(|()| self.target.nothing_done())
                .map_err(SyncError::Call),
        }
    }
}

impl fmt::Debug for Submission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("map", &self.map)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A sync of many targets that is to be submitted to an io_uring: [`Map::submit_vectored`]. It is as a
/// [`Submission`] is.
pub struct VectorSubmission<'a> {
    map: &'a Map,
    request: Lent<Many<'a, uapi::vm_map_sync_range>>,
    is_nothing: bool,
}

impl VectorSubmission<'_> {
    /// The entry for a ring, as [`Submission::entry`].
    pub fn entry(&mut self) -> Entry {
        let request = &mut self.request;
        if self.is_nothing {
            return Nop::new().build();
        }
        request.entry(self.map, uapi::VM_MAP_SYNC_VECTOR, Many::argument)
    }

    /// What became of it, as [`Submission::finish`].
    ///
    /// # Errors
    ///
    /// As for [`Map::sync_vectored`].
    pub fn finish(mut self, result: i32) -> Result<Outcomes, VectorError> {
        self.request.take_back().finish(self.map, code(result))
    }
}

impl fmt::Debug for VectorSubmission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorSubmission")
            .field("map", &self.map)
            .finish_non_exhaustive()
    }
}

impl Map {
    /// [`sync`](Self::sync), to be submitted to an io_uring: see [`Submission`].
    ///
    /// # Errors
    ///
    /// If the flags do not go with the target.
    pub fn submit<'a>(
        &'a self,
        target: impl Into<Target<'a>>,
        flags: Flags,
    ) -> Result<Submission<'a>, SyncError> {
        let target = target.into();
        let request = if target.is_nothing() {
            None
        } else {
            Some(Lent::new(One::new(target, flags)?))
        };
        Ok(Submission {
            map: self,
            target,
            request,
        })
    }

    /// [`sync_vectored`](Self::sync_vectored), to be submitted to an io_uring: see [`VectorSubmission`].
    ///
    /// # Errors
    ///
    /// If the flags do not go with one of the targets.
    pub fn submit_vectored<'a>(
        &'a self,
        targets: &'a [Target<'a>],
        flags: Flags,
    ) -> Result<VectorSubmission<'a>, VectorError> {
        let request =
            Many::new(targets, flags).map_err(|fault: Fault| VectorError::Refused(fault))?;
        Ok(VectorSubmission {
            map: self,
            is_nothing: request.is_nothing(),
            request: Lent::new(request),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::libc;
    use std::{
        mem,
        rc::Rc, //
    };

    /// The bytes of an entry.
    fn bytes(entry: Entry) -> [u8; 64] {
        // SAFETY: An entry has nothing but numbers in it.
        unsafe { mem::transmute(entry) }
    }

    #[test]
    fn entries() {
        let map = Map::of_nothing();
        let mut submission = map.submit(0..4096, Flags::SYNCIO).expect("it is fine");
        let entry = bytes(submission.entry().user_data(7));
        let word = |at: usize| u32::from_ne_bytes(entry[at..at + 4].try_into().expect("a word"));
        assert_eq!(word(4), map.as_fd().as_raw_fd() as u32);
        assert_eq!(word(8), uapi::VM_MAP_SYNC_SYNC);
        let address = u64::from_ne_bytes(entry[48..56].try_into().expect("a long"));
        let lent = submission.request.as_ref().expect("it is something");
        let request = lent.request.as_ptr().addr() as u64;
        let end = request + size_of::<One<'_>>() as u64;
        assert!((request..end).contains(&address));
        assert!(entry[12..32].iter().all(|&byte| byte == 0));
        assert!(entry[40..48].iter().all(|&byte| byte == 0));
        assert!(entry[56..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn nothing_is_for_nobody() {
        let map = Map::of_nothing();
        let empty: &[u8] = &[];
        let mut submission = map.submit(empty, Flags::SYNCIO).expect("it is fine");
        assert_eq!(bytes(submission.entry())[0], 0, "IORING_OP_NOP");
        assert_eq!(submission.finish(0).map(|done| done.pushed).ok(), Some(0));
        let targets = [Target::slice(empty)];
        let mut submission = map
            .submit_vectored(&targets, Flags::SYNCIO)
            .expect("it is fine");
        assert_eq!(bytes(submission.entry())[0], 0, "IORING_OP_NOP");
        assert_eq!(
            submission.finish(0).map(|done| done.ranges.len()).ok(),
            Some(1)
        );
    }

    #[test]
    fn requests_that_were_never_begun() {
        let map = Map::of_nothing();
        let mut submission = map.submit(0..4096, Flags::SYNCIO).expect("it is fine");
        let _ = submission.entry();
        let error = submission.finish(-libc::ECANCELED).expect_err("it was not");
        assert!(matches!(error, SyncError::Call(_)));
        assert_eq!(error.errno(), Some(libc::ECANCELED));
    }

    #[test]
    fn what_the_kernel_may_have_is_not_freed() {
        let mark = Rc::new(());
        let map = Map::of_nothing();
        for (out, back, left) in [(false, false, 1), (true, true, 1), (true, false, 2)] {
            let mut lent = Lent::new((mark.clone(), 0_u64));
            if out {
                let _ = lent.entry(&map, 0, |request| &mut request.1);
            }
            if back {
                assert_eq!(lent.take_back().1, 0);
            }
            drop(lent);
            assert_eq!(Rc::strong_count(&mark), left, "out {out}, back {back}");
        }
    }
}
