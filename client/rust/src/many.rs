// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Many ranges in one request.

use crate::{
    call::size,
    error::SyncError,
    fault::Fault,
    flags::Flags,
    map::Map,
    outcome::{
        Outcome,
        Outcomes, //
    },
    request::permitted,
    stat::Stat,
    subject::Subject,
    target::Target,
    uapi,
    vector::VectorError, //
};
use std::{
    io,
    iter, //
};

/// A range, as an array of a vector has it.
pub(crate) trait Element {
    /// A range that nothing is known of yet.
    fn new(target: &Target<'_>) -> Self;
}

impl Element for uapi::vm_map_sync_range {
    fn new(target: &Target<'_>) -> Self {
        Self {
            start: target.start(),
            end: target.end(),
            fd: target.fd(),
            flags: target.flags(),
            ..Default::default()
        }
    }
}

impl Element for uapi::vm_map_sync_stat {
    fn new(target: &Target<'_>) -> Self {
        Self {
            start: target.start(),
            end: target.end(),
            fd: target.fd(),
            flags: target.flags(),
            ..Default::default()
        }
    }
}

/// A request about many ranges, of which those that are [nothing](Target::is_nothing) are kept from the
/// kernel.
pub(crate) struct Many<'a, T> {
    targets: &'a [Target<'a>],
    is_one: bool,
    flags: Flags,
    /// Which of the targets each element is about.
    asked: Vec<usize>,
    elements: Vec<T>,
    vector: uapi::vm_map_sync_vector,
}

impl<'a, T: Element> Many<'a, T> {
    /// Fails if the flags do not go with one of the targets.
    pub(crate) fn new(targets: &'a [Target<'a>], flags: Flags) -> Result<Self, Fault> {
        match permitted(targets, flags) {
            Ok(flags) => Ok(Self::with(targets, flags)),
            Err(index) => Err(Fault::of_borrowed(Some(index))),
        }
    }

    /// About one target by way of a vector, so that no fault says which one it is about.
    pub(crate) fn one(target: &'a [Target<'a>; 1], flags: Flags) -> Result<Self, Fault> {
        match permitted(target, flags) {
            Ok(flags) => Ok(Self {
                is_one: true,
                ..Self::with(target, flags)
            }),
            Err(_) => Err(Fault::of_borrowed(None)),
        }
    }

    fn with(targets: &'a [Target<'a>], flags: Flags) -> Self {
        let asked: Vec<usize> = (0..targets.len())
            .filter(|&index| !targets[index].is_nothing())
            .collect();
        let mut elements: Vec<T> = asked.iter().map(|&index| T::new(&targets[index])).collect();
        let vector = uapi::vm_map_sync_vector {
            size: size::<uapi::vm_map_sync_vector>(),
            flags: flags.bits(),
            ranges: elements.as_mut_ptr().expose_provenance() as u64,
            // Far too many are too many all the same.
            count: u32::try_from(elements.len()).unwrap_or(u32::MAX),
            range_size: size::<T>(),
            ..Default::default()
        };
        Self {
            targets,
            is_one: false,
            flags,
            asked,
            elements,
            vector,
        }
    }

    /// Whether there is nothing to ask the kernel, since all targets are nothing. Where there are none at
    /// all, it is for the kernel to refuse that.
    pub(crate) fn is_nothing(&self) -> bool {
        self.elements.is_empty() && !self.targets.is_empty()
    }

    /// What the kernel is given, and fills in. It points to the array, which is filled in as well.
    pub(crate) fn argument(&mut self) -> &mut uapi::vm_map_sync_vector {
        &mut self.vector
    }

    fn subject<'s>(&'s self, map: &'s Map) -> Subject<'s> {
        if self.is_one {
            Subject::one(map, self.flags, self.targets)
        } else {
            Subject::many(map, self.flags, self.targets, &self.asked)
        }
    }

    /// Something of each target, in their order: of those that are nothing this, of the others what
    /// `found` makes of their elements.
    fn each<R>(
        &self,
        nothing: impl Fn(&Target<'a>) -> R,
        mut found: impl FnMut(usize, &T) -> R,
    ) -> Vec<R> {
        let mut elements = iter::zip(&self.asked, &self.elements)
            .enumerate()
            .peekable();
        let of = |(index, target)| match elements.next_if(|&(_, (&asked, _))| asked == index) {
            Some((number, (_, element))) => found(number, element),
            None => nothing(target),
        };
        self.targets.iter().enumerate().map(of).collect()
    }

    /// The result for all of them. Of those dealt with, it counts the targets.
    fn result(&self) -> uapi::vm_map_sync_result {
        let done = self.vector.result.done as usize;
        let done = self.asked.get(done).copied().unwrap_or(self.targets.len());
        uapi::vm_map_sync_result {
            done: done as u64,
            ..self.vector.result
        }
    }
}

impl Many<'_, uapi::vm_map_sync_range> {
    /// What became of it, if that is what the call came to.
    pub(crate) fn finish(&self, map: &Map, code: io::Result<()>) -> Result<Outcomes, VectorError> {
        let Err(error) = code else {
            return Ok(Outcomes {
                all: Outcome::new(&self.result()),
                ranges: self.each(Target::nothing_done, |_, range| Outcome::new(&range.result)),
            });
        };
        let mut subject = self.subject(map);
        Err(match SyncError::new(error, &self.result(), &mut subject) {
            SyncError::Refused(fault) => VectorError::Refused(fault),
            SyncError::Call(error) => VectorError::Call(error),
            SyncError::Failed(fault) => VectorError::Failed {
                fault: Box::new(fault),
                ranges: self
                    .each(
                        |target| Ok(target.nothing_done()),
                        |number, range| match range.result.error {
                            0 => Ok(Outcome::new(&range.result)),
                            _ => Err(subject.fault(&range.result, number)),
                        },
                    )
                    .into_boxed_slice(),
            },
        })
    }
}

impl Many<'_, uapi::vm_map_sync_stat> {
    /// What was found, if that is what the call came to.
    pub(crate) fn finish(&self, map: &Map, code: io::Result<()>) -> Result<Vec<Stat>, SyncError> {
        code.map(|()| self.each(|_| Stat::default(), |_, stat| Stat::new(stat)))
            .map_err(|error| SyncError::new(error, &self.vector.result, &mut self.subject(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use nix::libc;
    use std::{
        fs::File,
        os::fd::AsFd, //
    };

    fn result(reason: u32) -> uapi::vm_map_sync_result {
        uapi::vm_map_sync_result {
            reason,
            error: match reason {
                uapi::VM_MAP_SYNC_REASON_NONE => 0,
                _ => libc::EBUSY,
            },
            address: 0x1000,
            left: 2,
            ..Default::default()
        }
    }

    /// What becomes of a vector, the kernel having answered this for all and this for each range.
    fn outcomes(
        targets: &[Target<'_>],
        all: uapi::vm_map_sync_result,
        ranges: &[u32],
    ) -> Result<Outcomes, VectorError> {
        let mut request = Many::<uapi::vm_map_sync_range>::new(targets, Flags::empty())
            .expect("the flags are fine");
        assert_eq!(request.argument().count as usize, ranges.len());
        for (range, &reason) in iter::zip(&mut request.elements, ranges) {
            range.result = result(reason);
        }
        request.argument().result = all;
        let code = match all.error {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        };
        request.finish(&Map::of_nothing(), code)
    }

    const NONE: u32 = uapi::VM_MAP_SYNC_REASON_NONE;
    const HOLE: u32 = uapi::VM_MAP_SYNC_REASON_HOLE;
    const BUSY: u32 = uapi::VM_MAP_SYNC_REASON_BUSY;

    fn two() -> [Target<'static>; 2] {
        [Target::addresses(0..1), Target::addresses(1..2)]
    }

    fn of_range(range: u32, reason: u32) -> uapi::vm_map_sync_result {
        uapi::vm_map_sync_result {
            range,
            ..result(reason)
        }
    }

    #[test]
    fn vectors_that_are_refused() {
        let refused = outcomes(&two(), of_range(1, HOLE), &[NONE, HOLE]).expect_err("it is");
        assert!(matches!(
            refused,
            VectorError::Refused(Fault { range: Some(1), .. })
        ));
        let text = refused.to_string();
        let start = "all ranges were refused, and nothing was done: range 1, at 0x1000: nothing";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn vectors_that_fail() {
        let failed = outcomes(&two(), of_range(1, BUSY), &[NONE, BUSY]).expect_err("it did");
        let text = failed.to_string();
        let start = "not all was done, in 1 of 2 ranges: range 1, at 0x1000: all was written";
        assert!(text.starts_with(start), "{text}");
        let VectorError::Failed { fault, ranges } = failed else {
            panic!("not failed")
        };
        assert_eq!((fault.reason, fault.range), (Reason::Busy, Some(1)));
        assert!(ranges[0].is_ok());
        let of_it = ranges[1].as_ref().expect_err("it failed");
        assert_eq!((of_it.reason, of_it.range), (Reason::Busy, Some(1)));
        assert_eq!(of_it.outcome.left, 2);
    }

    #[test]
    fn calls_that_do_not_come_through() {
        let request = Many::<uapi::vm_map_sync_range>::new(&[], Flags::empty()).expect("it is one");
        let failed = io::Error::from_raw_os_error(libc::EFAULT);
        let error = request
            .finish(&Map::of_nothing(), Err(failed))
            .expect_err("it failed");
        assert_eq!(error.errno(), Some(libc::EFAULT));
        assert!(matches!(error, VectorError::Call(_)));
    }

    #[test]
    fn what_is_about_no_range() {
        for (reason, start) in [
            (uapi::VM_MAP_SYNC_REASON_DEAD, "the process"),
            (uapi::VM_MAP_SYNC_REASON_MEMORY, "the kernel"),
        ] {
            let refused = outcomes(&two(), result(reason), &[NONE, NONE]).expect_err("it is");
            let VectorError::Refused(fault) = refused else {
                panic!("not refused")
            };
            assert_eq!(fault.range, None);
            assert!(fault.to_string().contains(start), "{fault}");
        }
    }

    #[test]
    fn files_and_memory() {
        let file = File::open("/dev/null").expect("it is there");
        let targets = [Target::addresses(0..1), Target::file(file.as_fd(), ..)];
        for (index, place) in [
            (0, "range 0, at 0x1000: "),
            (1, "range 1, at byte 4096 of "),
        ] {
            let refused = outcomes(&targets, of_range(index, BUSY), &[NONE, NONE]);
            let VectorError::Failed { fault, .. } = refused.expect_err("it failed") else {
                panic!("not failed")
            };
            assert_eq!(fault.in_file, index == 1);
            assert!(fault.to_string().starts_with(place), "{fault}");
        }
        // There is none that the kernel could mean.
        let VectorError::Failed { fault, .. } =
            outcomes(&targets, of_range(2, BUSY), &[NONE, NONE]).expect_err("it failed")
        else {
            panic!("not failed")
        };
        assert_eq!((fault.range, fault.in_file), (None, false));
    }

    /// The kernel is not told of them, and numbers the others without them.
    #[test]
    fn empty_slices() {
        let bytes = [0_u8; 8];
        let none = Target::slice(&bytes[..0]);
        let one = Target::slice(&bytes[..]);
        let targets = [none, one, none, one];

        let mut all = result(NONE);
        all.done = 2;
        let done = outcomes(&targets, all, &[NONE, NONE]).expect("nothing went wrong");
        assert_eq!(done.all.done, 4);
        let left: Vec<u64> = done.ranges.iter().map(|range| range.left).collect();
        assert_eq!(left, [0, 2, 0, 2]);
        all.done = 1;
        let done = outcomes(&targets, all, &[NONE, NONE]).expect("nothing went wrong");
        assert_eq!(done.all.done, 3);

        let VectorError::Failed { fault, ranges } =
            outcomes(&targets, of_range(1, BUSY), &[NONE, BUSY]).expect_err("it failed")
        else {
            panic!("not failed")
        };
        assert_eq!(fault.range, Some(3));
        let faulty = ranges.iter().map(|range| range.as_ref().err()?.range);
        assert_eq!(faulty.collect::<Vec<_>>(), [None, None, None, Some(3)]);
    }

    #[test]
    fn nothing_at_all() {
        let none = [Target::slice::<u8>(&[])];
        let request = Many::<uapi::vm_map_sync_stat>::new(&none, Flags::empty());
        assert!(request.is_ok_and(|request| request.is_nothing()));
        // That there is no target is for the kernel to refuse.
        let request = Many::<uapi::vm_map_sync_stat>::new(&[], Flags::empty());
        assert!(request.is_ok_and(|request| !request.is_nothing()));
    }
}
