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
/// It is behind a pointer, since the kernel writes to it. If it is dropped before it is taken back, its memory is
/// lost, and not given to somebody else: the kernel may still have it.
struct Lent<R>(NonNull<R>);

// SAFETY: It is the only one that has the request.
unsafe impl<R: Send> Send for Lent<R> {}
// SAFETY: As above.
unsafe impl<R: Sync> Sync for Lent<R> {}

impl<R> Lent<R> {
    /// Lends a request, by the entry of a ring that has it done by a command; `argument` says where in it the
    /// argument is. There is one entry for each, so that the kernel has it once.
    fn new<A>(
        request: R,
        map: &Map,
        command: u32,
        argument: impl FnOnce(&mut R) -> &mut A,
    ) -> (Self, Entry) {
        let mut request = NonNull::from(Box::leak(Box::new(request)));
        // SAFETY: It is there, and nobody else has it yet.
        let argument: *mut A = argument(unsafe { request.as_mut() });
        let mut bytes = [0; 16];
        let address = argument.expose_provenance() as u64;
        bytes[..8].copy_from_slice(&address.to_ne_bytes());
        let entry = UringCmd16::new(Fd(map.as_fd().as_raw_fd()), command)
            .cmd(bytes)
            .build();
        (Self(request), entry)
    }

    /// The request.
    ///
    /// # Safety
    ///
    /// The kernel must not have it any more.
    unsafe fn take_back(self) -> Box<R> {
        // SAFETY: It comes from a box, and the caller promises that nobody else has it.
        unsafe { Box::from_raw(self.0.as_ptr()) }
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
    /// What became of it. `result` is that of the completion.
    ///
    /// # Safety
    ///
    /// The request must have completed, or its entry must never be submitted: what it has is freed by this, and
    /// the kernel writes to it until then.
    ///
    /// # Errors
    ///
    /// As for [`Map::sync`]. A request that was cancelled is [`Reason::Killed`](crate::Reason::Killed) if it
    /// had been begun, and else [`SyncError::Call`] with `ECANCELED`.
    pub unsafe fn finish(self, result: i32) -> Result<Outcome, SyncError> {
        match self.request {
            // SAFETY: The caller promises it.
            Some(request) => unsafe { request.take_back() }.finish(self.map, code(result)),
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
}

impl VectorSubmission<'_> {
    /// What became of it, as [`Submission::finish`].
    ///
    /// # Safety
    ///
    /// As for [`Submission::finish`].
    ///
    /// # Errors
    ///
    /// As for [`Map::sync_vectored`].
    pub unsafe fn finish(self, result: i32) -> Result<Outcomes, VectorError> {
        // SAFETY: The caller promises it.
        unsafe { self.request.take_back() }.finish(self.map, code(result))
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
    /// [`sync`](Self::sync), to be submitted to an io_uring: see [`Submission`]. With it comes its entry for a
    /// ring. Flags, user data and a personality can be added to that; it is to be pushed once.
    ///
    /// # Errors
    ///
    /// If the flags do not go with the target.
    pub fn submit<'a>(
        &'a self,
        target: impl Into<Target<'a>>,
        flags: Flags,
    ) -> Result<(Submission<'a>, Entry), SyncError> {
        let target = target.into();
        let (request, entry) = if target.is_nothing() {
            (None, Nop::new().build())
        } else {
            let request = One::new(target, flags)?;
            let (request, entry) = Lent::new(request, self, uapi::VM_MAP_SYNC_SYNC, One::argument);
            (Some(request), entry)
        };
        let submission = Submission {
            map: self,
            target,
            request,
        };
        Ok((submission, entry))
    }

    /// [`sync_vectored`](Self::sync_vectored), to be submitted to an io_uring: see [`VectorSubmission`]. Its
    /// entry is as that of [`submit`](Self::submit).
    ///
    /// # Errors
    ///
    /// If the flags do not go with one of the targets.
    pub fn submit_vectored<'a>(
        &'a self,
        targets: &'a [Target<'a>],
        flags: Flags,
    ) -> Result<(VectorSubmission<'a>, Entry), VectorError> {
        let request =
            Many::new(targets, flags).map_err(|fault: Fault| VectorError::Refused(fault))?;
        let is_nothing = request.is_nothing();
        let (request, mut entry) =
            Lent::new(request, self, uapi::VM_MAP_SYNC_VECTOR, Many::argument);
        if is_nothing {
            entry = Nop::new().build();
        }
        Ok((VectorSubmission { map: self, request }, entry))
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
        let (submission, entry) = map.submit(0..4096, Flags::SYNCIO).expect("it is fine");
        let entry = bytes(entry.user_data(7));
        let word = |at: usize| u32::from_ne_bytes(entry[at..at + 4].try_into().expect("a word"));
        assert_eq!(word(4), map.as_fd().as_raw_fd() as u32);
        assert_eq!(word(8), uapi::VM_MAP_SYNC_SYNC);
        let address = u64::from_ne_bytes(entry[48..56].try_into().expect("a long"));
        let lent = submission.request.as_ref().expect("it is something");
        let request = lent.0.as_ptr().addr() as u64;
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
        let (submission, entry) = map.submit(empty, Flags::SYNCIO).expect("it is fine");
        assert_eq!(bytes(entry)[0], 0, "IORING_OP_NOP");
        // SAFETY: It is never submitted.
        let done = unsafe { submission.finish(0) };
        assert_eq!(done.map(|done| done.pushed).ok(), Some(0));
        let targets = [Target::slice(empty)];
        let (submission, entry) = map
            .submit_vectored(&targets, Flags::SYNCIO)
            .expect("it is fine");
        assert_eq!(bytes(entry)[0], 0, "IORING_OP_NOP");
        // SAFETY: As above.
        let done = unsafe { submission.finish(0) };
        assert_eq!(done.map(|done| done.ranges.len()).ok(), Some(1));
    }

    #[test]
    fn requests_that_were_never_begun() {
        let map = Map::of_nothing();
        let (submission, _) = map.submit(0..4096, Flags::SYNCIO).expect("it is fine");
        // SAFETY: It is never submitted.
        let error = unsafe { submission.finish(-libc::ECANCELED) }.expect_err("it was not");
        assert!(matches!(error, SyncError::Call(_)));
        assert_eq!(error.errno(), Some(libc::ECANCELED));
    }

    #[test]
    fn what_the_kernel_may_have_is_not_freed() {
        let mark = Rc::new(());
        let map = Map::of_nothing();
        let lend = || Lent::new((mark.clone(), 0_u64), &map, 0, |request| &mut request.1).0;
        // SAFETY: It is never submitted.
        drop(unsafe { lend().take_back() });
        assert_eq!(Rc::strong_count(&mark), 1);
        let _ = lend();
        assert_eq!(Rc::strong_count(&mark), 2);
    }
}
