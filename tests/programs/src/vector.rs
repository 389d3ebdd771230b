// SPDX-License-Identifier: GPL-2.0

//! Vectors: calls with many ranges, with all that is to be known of their outcomes.

use crate::check::{
    codes,
    Counts, //
};
use std::ops::{
    Range,
    RangeInclusive, //
};
use vm_map_sync::{
    Fault,
    Flags,
    Map,
    Outcome,
    Outcomes,
    Reason,
    Target,
    VectorError, //
};

/// Ranges of addresses.
pub fn of_addresses(ranges: impl IntoIterator<Item = Range<usize>>) -> Vec<Target<'static>> {
    ranges.into_iter().map(Target::addresses).collect()
}

/// What is to become of a range.
#[derive(Clone, Debug)]
pub struct Fate {
    /// What is done to it.
    pub counts: Counts,
    /// What goes wrong with it: the reason, the error number, and between which places.
    pub fault: Option<(Reason, i32, RangeInclusive<usize>)>,
}

impl From<Counts> for Fate {
    fn from(counts: Counts) -> Self {
        Self {
            counts,
            fault: None,
        }
    }
}

impl Fate {
    /// Pages stay, from `place` on, because somebody has them in use.
    pub fn busy(counts: Counts, place: usize) -> Self {
        Self {
            counts,
            fault: Some((Reason::Busy, libc::EBUSY, place..=place)),
        }
    }

    #[track_caller]
    fn assert_is(&self, fault: &Fault, index: usize) {
        let Some((reason, errno, places)) = &self.fault else {
            panic!("range {index}: {fault}")
        };
        let (_, kern_return) = codes(*reason);
        assert_eq!(
            (fault.range, fault.reason, fault.errno, fault.kern_return),
            (Some(index), *reason, *errno, kern_return),
            "{fault}"
        );
        let place = fault.address as usize;
        assert!(places.contains(&place), "{fault}: not in {places:x?}");
    }
}

/// Asserts that a call succeeds, with these counts for the ranges, and their sum for all.
#[track_caller]
pub fn all_succeed(map: &Map, targets: &[Target<'_>], flags: Flags, want: &[Counts]) -> Outcomes {
    let outcomes = all_succeed_somehow(map, targets, flags);
    let found: Vec<Counts> = outcomes.ranges.iter().copied().map(Counts::from).collect();
    assert_eq!(found, want, "{flags:?}");
    outcomes
}

/// Asserts that a call succeeds, and that the counts of the ranges add up to those of all.
#[track_caller]
pub fn all_succeed_somehow(map: &Map, targets: &[Target<'_>], flags: Flags) -> Outcomes {
    let outcomes = match map.sync_vectored(targets, flags) {
        Ok(outcomes) => outcomes,
        Err(error) => panic!("{flags:?}: {error}"),
    };
    assert_adds_up(outcomes.ranges.iter(), &outcomes.all);
    assert_eq!(outcomes.all.done, targets.len() as u64, "ranges done");
    outcomes
}

/// Asserts that a call is refused because of range `index`, for what is at `address` there. Nothing is
/// done.
#[track_caller]
pub fn all_refused(
    map: &Map,
    targets: &[Target<'_>],
    flags: Flags,
    (reason, errno): (Reason, i32),
    (index, address): (usize, usize),
) {
    let fate = Fate {
        counts: Counts::default(),
        fault: Some((reason, errno, address..=address)),
    };
    match map.sync_vectored(targets, flags) {
        Err(VectorError::Refused(fault)) => {
            fate.assert_is(&fault, index);
            assert_eq!(fault.outcome, Outcome::default());
        }
        other => panic!("{flags:?}, not refused: {other:?}"),
    }
}

/// Asserts that a call does all that it can, with these fates of the ranges, of which the one of range
/// `worst` is what is told of all.
#[track_caller]
pub fn some_fail(map: &Map, targets: &[Target<'_>], flags: Flags, want: &[Fate], worst: usize) {
    let (fault, ranges) = match map.sync_vectored(targets, flags) {
        Err(VectorError::Failed { fault, ranges, .. }) => (fault, ranges),
        other => panic!("{flags:?}, not failed: {other:?}"),
    };
    assert_eq!(ranges.len(), want.len());
    for (index, (found, want)) in ranges.iter().zip(want).enumerate() {
        let outcome = match found {
            Ok(outcome) => {
                assert!(want.fault.is_none(), "range {index}: nothing went wrong");
                outcome
            }
            Err(fault) => {
                want.assert_is(fault, index);
                &fault.outcome
            }
        };
        assert_eq!(Counts::from(*outcome), want.counts, "range {index}");
    }
    want[worst].assert_is(&fault, worst);
    let outcomes = ranges.iter().map(|range| match range {
        Ok(outcome) => outcome,
        Err(fault) => &fault.outcome,
    });
    assert_adds_up(outcomes, &fault.outcome);
    assert_eq!(fault.outcome.done, targets.len() as u64, "ranges done");
}

#[track_caller]
fn assert_adds_up<'a>(ranges: impl Iterator<Item = &'a Outcome> + Clone, all: &Outcome) {
    let sum: Counts = ranges.clone().copied().map(Counts::from).sum();
    assert_eq!(sum, Counts::from(*all), "the sum of the ranges, and all");
    let unpaged: u64 = ranges.clone().map(|range| range.unpaged).sum();
    assert_eq!(unpaged, all.unpaged, "pages without a pager");
    let skipped: u64 = ranges.map(|range| range.skipped).sum();
    assert_eq!(skipped, all.skipped, "bytes that were skipped");
}
