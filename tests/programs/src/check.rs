// SPDX-License-Identifier: GPL-2.0

//! Checks: calls with all that is to be known of their outcome.

use crate::PAGE;
use std::{
    iter::Sum,
    ops::{
        Add,
        Range, //
    },
    thread,
    time::Duration, //
};
use vm_map_sync::{
    uapi,
    Fault,
    Flags,
    Map,
    Outcome,
    Reason,
    SyncError, //
};

/// Both flags.
pub const BOTH: Flags = Flags::SYNCIO.union(Flags::INVALIDATE);

/// All that can be asked for.
pub const ALL: [Flags; 4] = [Flags::empty(), Flags::SYNCIO, Flags::INVALIDATE, BOTH];

/// The error number and the `kern_return_t` that go with a reason.
pub fn codes(reason: Reason) -> (i32, u32) {
    match reason {
        Reason::Argument => (libc::EINVAL, uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT),
        Reason::Hole => (libc::ENOMEM, uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT),
        Reason::Special => (libc::EOPNOTSUPP, uapi::VM_MAP_SYNC_KERN_INVALID_ADDRESS),
        Reason::Wired => (libc::EBUSY, uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT),
        Reason::Protection => (libc::EPERM, uapi::VM_MAP_SYNC_KERN_PROTECTION_FAILURE),
        Reason::Dead => (libc::ESRCH, uapi::VM_MAP_SYNC_KERN_FAILURE),
        Reason::Memory => (libc::ENOMEM, uapi::VM_MAP_SYNC_KERN_RESOURCE_SHORTAGE),
        Reason::Descriptor => (libc::EBADF, uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT),
        Reason::Io => (libc::EIO, uapi::VM_MAP_SYNC_KERN_FAILURE),
        Reason::Busy => (libc::EBUSY, uapi::VM_MAP_SYNC_KERN_FAILURE),
        Reason::Killed => (libc::EINTR, uapi::VM_MAP_SYNC_KERN_FAILURE),
        Reason::Unwritten => (libc::EIO, uapi::VM_MAP_SYNC_KERN_FAILURE),
        other => panic!("no codes are known for {other:?}"),
    }
}

/// Counts of pages, for an outcome to be compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// [`Outcome::pushed`].
    pub pushed: u64,
    /// [`Outcome::freed`].
    pub freed: u64,
    /// [`Outcome::beyond`].
    pub beyond: u64,
    /// [`Outcome::left`].
    pub left: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            pushed: self.pushed + other.pushed,
            freed: self.freed + other.freed,
            beyond: self.beyond + other.beyond,
            left: self.left + other.left,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}

impl From<Outcome> for Counts {
    fn from(outcome: Outcome) -> Self {
        Self {
            pushed: outcome.pushed,
            freed: outcome.freed,
            beyond: outcome.beyond,
            left: outcome.left,
        }
    }
}

/// `pushed` and `freed` pages, and nothing out of the ordinary.
pub fn counts(pushed: u64, freed: u64) -> Counts {
    Counts {
        pushed,
        freed,
        ..Counts::default()
    }
}

/// Asserts that a call succeeds, with these counts, up to the end of the range.
#[track_caller]
pub fn succeeds(map: &Map, range: Range<usize>, flags: Flags, want: Counts) {
    let outcome = succeeds_somehow(map, range.clone(), flags);
    assert_eq!(Counts::from(outcome), want);
    assert_eq!(outcome.done, rounded(&range).end, "done");
}

/// Asserts that a call succeeds.
#[track_caller]
pub fn succeeds_somehow(map: &Map, range: Range<usize>, flags: Flags) -> Outcome {
    match map.sync(range, flags) {
        Ok(outcome) => outcome,
        Err(error) => panic!("{error}"),
    }
}

/// Asserts that a call succeeds, with these counts, and finds so many pages that have no pager.
#[track_caller]
pub fn succeeds_beside(map: &Map, range: Range<usize>, flags: Flags, want: Counts, unpaged: usize) {
    let outcome = succeeds_somehow(map, range.clone(), flags);
    assert_eq!(Counts::from(outcome), want, "{flags:?}");
    assert_eq!(outcome.done, rounded(&range).end, "done, {flags:?}");
    assert_eq!(outcome.unpaged, unpaged as u64, "unpaged, {flags:?}");
}

/// Asserts that a call succeeds sooner or later: pages that were in use a moment ago can be held for
/// a little longer, by a worker that is to let go of them. What all tries did is added up.
#[track_caller]
pub fn succeeds_in_the_end(map: &Map, range: Range<usize>, flags: Flags) -> Counts {
    let mut all = Counts::default();
    for _ in 0..20 {
        let (outcome, done) = match map.sync(range.clone(), flags) {
            Ok(outcome) => (outcome, true),
            Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => (fault.outcome, false),
            Err(error) => panic!("{error}"),
        };
        all.pushed += outcome.pushed;
        all.freed += outcome.freed;
        all.beyond += outcome.beyond;
        if done {
            return all;
        }
        thread::sleep(Duration::from_millis(500));
    }
    panic!("pages are in use for ever: {all:?}");
}

/// Asserts that a call is refused for `reason` at `address`.
#[track_caller]
pub fn refused(map: &Map, range: Range<usize>, flags: Flags, reason: Reason, address: usize) {
    let (errno, _) = codes(reason);
    let done = match reason {
        // There is no range to speak of.
        Reason::Argument | Reason::Dead | Reason::Memory => 0,
        _ => rounded(&range).start,
    };
    match map.sync(range, flags) {
        Err(SyncError::Refused(fault)) => {
            assert_fault(&fault, (reason, errno), address);
            assert_eq!(fault.outcome, nothing(done));
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// The outcome of who has done nothing, on a range that begins at `done`.
pub fn nothing(done: u64) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.done = done;
    outcome
}

/// Asserts that a fault of a call with one range has this reason and error number, and the code that
/// goes with them, at an address.
#[track_caller]
pub fn assert_fault(fault: &Fault, (reason, errno): (Reason, i32), address: usize) {
    let (_, kern_return) = codes(reason);
    assert_eq!(
        (fault.reason, fault.errno, fault.kern_return),
        (reason, errno, kern_return),
        "{fault}"
    );
    let place = (fault.range, fault.in_file, fault.address);
    assert_eq!(place, (None, false, address as u64), "{fault}");
}

/// Asserts that a call leaves pages behind, from `address` on, and did the rest up to the end of
/// the range.
#[track_caller]
pub fn busy(map: &Map, range: Range<usize>, flags: Flags, want: Counts, address: usize) {
    let (errno, _) = codes(Reason::Busy);
    leaves(map, range, flags, (Reason::Busy, errno), want, address);
}

/// Asserts that a call leaves pages behind, from `address` on, because a write of their file failed
/// before with `errno`, and did the rest up to the end of the range.
#[track_caller]
pub fn unwritten(
    map: &Map,
    range: Range<usize>,
    flags: Flags,
    errno: i32,
    want: Counts,
    address: usize,
) {
    let why = (Reason::Unwritten, errno);
    leaves(map, range, flags, why, want, address);
}

#[track_caller]
fn leaves(
    map: &Map,
    range: Range<usize>,
    flags: Flags,
    why: (Reason, i32),
    want: Counts,
    address: usize,
) {
    match map.sync(range.clone(), flags) {
        Err(SyncError::Failed(fault)) => {
            assert_eq!(Counts::from(fault.outcome), want, "{fault}");
            assert_fault(&fault, why, address);
            assert_eq!(fault.outcome.done, rounded(&range).end, "done");
        }
        other => panic!("not {why:?}: {other:?}"),
    }
}

fn rounded(range: &Range<usize>) -> Range<u64> {
    let end = range.end.checked_next_multiple_of(PAGE).unwrap_or(0);
    (range.start / PAGE * PAGE) as u64..end as u64
}
