// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Subjects: what a call was about, for who has to say what went wrong with it.

use crate::{
    fault::Fault,
    flags::Flags,
    map::Map,
    place::Places,
    target::Target,
    uapi, //
};

/// What a call was about.
pub(crate) struct Subject<'a> {
    targets: &'a [Target<'a>],
    /// If there can be several: which of the targets the kernel has by which number.
    asked: Option<&'a [usize]>,
    places: Places<'a>,
}

impl<'a> Subject<'a> {
    /// A single target.
    pub(crate) fn one(map: &'a Map, flags: Flags, target: &'a [Target<'a>]) -> Self {
        Self {
            targets: target,
            asked: None,
            places: Places::of(map, flags),
        }
    }

    /// Some of several targets.
    pub(crate) fn many(
        map: &'a Map,
        flags: Flags,
        targets: &'a [Target<'a>],
        asked: &'a [usize],
    ) -> Self {
        Self {
            asked: Some(asked),
            ..Self::one(map, flags, targets)
        }
    }

    /// What went wrong, with the range that the kernel has by this number if it is about one.
    ///
    /// `result` must be that of a range, or of a whole call, with something wrong.
    pub(crate) fn fault(&mut self, result: &uapi::vm_map_sync_result, number: usize) -> Fault {
        let fault = Fault::new(result);
        if fault.reason.is_about_the_call() {
            return fault;
        }
        let index = match self.asked {
            Some(asked) => asked.get(number).copied(),
            None => Some(0),
        };
        let Some((index, target)) = index.and_then(|index| Some((index, self.targets.get(index)?)))
        else {
            return fault;
        };
        Fault {
            range: self.asked.map(|_| index),
            in_file: target.is_of_file(),
            place: self.places.find(target, &fault),
            ..fault
        }
    }
}
