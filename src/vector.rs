// SPDX-License-Identifier: GPL-2.0

//! The commands about many ranges.

use crate::{
    args::{
        length,
        Argument,
        Structure, //
    },
    map::Map,
    outcome::{
        as_u64,
        Fault,
        Outcome,
        Outcomes,
        Refusal, //
    },
    plan::flags::Flags,
    request::{
        Ranged,
        Wanted, //
    },
    standing::Caller,
    sys::memory::{
        room,
        Room, //
    },
    uapi,
};
use kernel::{
    alloc::AllocError,
    prelude::*,
    uaccess::UserPtr, //
};

/// `VM_MAP_SYNC_VECTOR`, by a handle on a map.
///
/// # Errors
///
/// Those of the argument and of the ranges, and that of the outcome of all of them; or
/// [`Later`](crate::pace::Later).
#[inline(never)]
pub(crate) fn sync(map: &Map, caller: Caller<'_>, user: UserPtr) -> Result<isize> {
    work::<uapi::vm_map_sync_range>(map, user, Flags::OF_VECTOR, |_, wanted, flags, outcomes| {
        map.sync(&caller, wanted, flags, outcomes);
    })
}

/// `VM_MAP_SYNC_STAT`, by a handle on a map.
///
/// # Errors
///
/// Those of [`sync`].
#[inline(never)]
pub(crate) fn stat(map: &Map, caller: Caller<'_>, user: UserPtr) -> Result<isize> {
    work::<uapi::vm_map_sync_stat>(
        map,
        user,
        Flags::OF_STAT,
        |ranges, wanted, flags, outcomes| {
            map.stat(&caller, wanted, flags, outcomes, |range, counts| {
                let Some(range) = ranges.get_mut(range) else {
                    return;
                };
                let sums = &mut range.fields;
                for (sum, count) in [
                    (&mut sums.pages, counts.pages),
                    (&mut sums.hidden, counts.hidden),
                    (&mut sums.resident, counts.resident),
                    (&mut sums.dirty, counts.dirty),
                    (&mut sums.writeback, counts.writeback),
                    (&mut sums.others, counts.others),
                    (&mut sums.wired, counts.wired),
                ] {
                    *sum = sum.saturating_add(as_u64(count));
                }
            });
        },
    )
}

/// Reads a vector, has its ranges worked on if they make sense, and answers.
fn work<T: Ranged + Structure>(
    map: &Map,
    user: UserPtr,
    known: u32,
    work: impl FnOnce(&mut [Argument<T>], &[Wanted], Flags, &mut Outcomes<'_>),
) -> Result<isize> {
    let vector = Argument::<uapi::vm_map_sync_vector>::read(user)?;
    // Refuses memory that cannot be written to before anything happens.
    vector.check_answer()?;

    let (sum, range) = match Shape::of::<T>(&vector.fields, known) {
        Ok(shape) => match Lists::with_room(shape.count) {
            Ok(lists) => lists.work(&shape, work)?,
            Err(AllocError) => (Outcome::refused(Fault::no_memory()), 0),
        },
        Err(fault) => (Outcome::refused(fault), 0),
    };
    let result = uapi::vm_map_sync_result {
        range,
        ..sum.result()
    };
    map.account(&result);
    vector.answer_with(&result)?;
    sum.errno().map_or(Ok(0), Err)
}

/// How an array of ranges lies in user memory, and what is to be done with them.
struct Shape {
    first: UserPtr,
    count: usize,
    /// The length of each in bytes.
    length: usize,
    flags: Flags,
}

impl Shape {
    /// # Errors
    ///
    /// The fault for which a vector is refused, if it makes no sense.
    fn of<T: Structure>(vector: &uapi::vm_map_sync_vector, known: u32) -> Result<Self, Fault> {
        let flags = Flags::of(vector.flags, known).map_err(|_| Fault::argument(EINVAL))?;
        if vector.reserved != 0 || !(1..=uapi::VM_MAP_SYNC_RANGES_MAX).contains(&vector.count) {
            return Err(Fault::argument(EINVAL));
        }
        let length = length(vector.range_size, T::FIRST).map_err(Fault::argument)?;
        // No such address on a 32-bit kernel.
        let first = usize::try_from(vector.ranges).unwrap_or(usize::MAX);
        Ok(Self {
            first: UserPtr::from_addr(first),
            count: vector.count as usize,
            length,
            flags,
        })
    }
}

/// The ranges of a vector, what they mean, and what becomes of them.
struct Lists<T> {
    ranges: Room<Argument<T>>,
    wanted: Room<Wanted>,
    outcomes: Room<Outcome>,
}

impl<T: Ranged + Structure> Lists<T> {
    fn with_room(count: usize) -> Result<Self, AllocError> {
        Ok(Self {
            ranges: room(count)?,
            wanted: room(count)?,
            outcomes: room(count)?,
        })
    }

    /// Has the ranges worked on, and answers for each of them. Returns what became of all of them
    /// together, and the index of the one that says why.
    ///
    /// # Errors
    ///
    /// - `EFAULT` if a range cannot be read or be answered for.
    /// - `E2BIG` if a range is longer than ours and the rest is not zero.
    /// - [`Later`](crate::pace::Later).
    fn work(
        mut self,
        shape: &Shape,
        work: impl FnOnce(&mut [Argument<T>], &[Wanted], Flags, &mut Outcomes<'_>),
    ) -> Result<(Outcome, u32)> {
        for index in 0..shape.count {
            let at = shape.first.wrapping_byte_add(index * shape.length);
            let range = Argument::of_length(at, shape.length)?;
            // Only what is filled in for the caller may be written to: he may use the rest again.
            range.check_answer()?;
            self.ranges.push_within_capacity(range)?;
            self.outcomes.push_within_capacity(Outcome::default())?;
        }
        let mut outcomes = Outcomes::new(&mut self.outcomes);
        match Self::understand(&self.ranges, &mut self.wanted) {
            Ok(()) => work(&mut self.ranges, &self.wanted, shape.flags, &mut outcomes),
            Err(refusal) => {
                outcomes.refuse(&refusal);
            }
        }
        outcomes.check_postponed()?;
        for (range, outcome) in self.ranges.iter_mut().zip(outcomes.all()) {
            range.fields.set_result(outcome.result());
            range.answer()?;
        }
        Ok(outcomes.sum())
    }

    fn understand(ranges: &[Argument<T>], wanted: &mut Room<Wanted>) -> Result<(), Refusal> {
        for (index, range) in ranges.iter().enumerate() {
            let meant = range
                .fields
                .wanted()
                .map_err(|fault| fault.of_range(index))?;
            // There is room for as many as there are.
            let _ = wanted.push_within_capacity(meant);
        }
        Ok(())
    }
}
