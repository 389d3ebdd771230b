// SPDX-License-Identifier: GPL-2.0

//! Callers: sync parts of the mapping, and look on the disk whether it is true.

use crate::{
    model::assert_content,
    storm::{
        Stage,
        ALL,
        STEADY, //
    },
};
use std::ops::Range;
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::ALL as ANY,
    dice::Dice,
    mapping::Mapping,
    PAGE, //
};

/// Any flags.
pub fn flags(dice: &mut Dice) -> Flags {
    ANY[dice.of(0..ANY.len())]
}

/// Calls on a range. Pages that are in use at that moment may stay, but nothing else may happen.
/// `holes` says whether there may be some in the range.
#[track_caller]
pub fn call(map: &Map, range: Range<usize>, flags: Flags, holes: bool) -> Option<Outcome> {
    let outcome = match map.sync(range.clone(), flags) {
        Ok(outcome) => {
            assert_eq!(outcome.left, 0, "pages are left, but it is no error");
            outcome
        }
        Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => {
            assert!(
                flags.contains(Flags::INVALIDATE),
                "busy with what? {fault:?}"
            );
            assert!(fault.outcome.left > 0, "busy, but nothing is left");
            assert!(range.contains(&(fault.address as usize)), "{fault:x?}");
            fault.outcome
        }
        Err(SyncError::Refused(fault)) if holes && fault.reason == Reason::Hole => {
            assert!(range.contains(&(fault.address as usize)), "{fault:x?}");
            return None;
        }
        Err(error) => panic!("{error:x?}"),
    };
    assert_eq!(outcome.done, range.end as u64);
    assert!(outcome.beyond <= outcome.freed, "{outcome:?}");
    assert!(outcome.left <= (range.len() / PAGE) as u64, "{outcome:?}");
    if !flags.contains(Flags::INVALIDATE) {
        assert_eq!((outcome.freed, outcome.left), (0, 0));
    }
    Some(outcome)
}

/// Syncs, and asserts that what was there before is on the disk then.
fn sync_and_look(stage: &Stage, map: &Map, mapping: &Mapping, dice: &mut Dice) {
    let pages = dice.part(0..ALL);
    let flags = flags(dice);
    let versions: Vec<u64> = pages
        .clone()
        .map(|page| stage.model.version(page))
        .collect();
    call(map, mapping.range(pages.clone()), flags, false);
    if !flags.contains(Flags::SYNCIO) {
        return;
    }
    for (page, version) in pages.zip(versions) {
        if !STEADY.contains(&page) {
            continue;
        }
        let found = stage.main.on_disk(page).expect("the disk can be read");
        // If nobody was at it from before the call until now.
        if stage.model.is(page, version) {
            assert_content(&found, page, version, "the disk, after a call");
        }
    }
}

/// Syncs parts of the mapping by the handle that all share.
pub fn sync(stage: &Stage, dice: &mut Dice) {
    while !stage.is_over() {
        sync_and_look(stage, &stage.map, &stage.mapping, dice);
    }
}

/// Syncs parts of this process's own mapping by handles of its own.
pub fn sync_own_map(stage: &Stage, dice: &mut Dice) {
    while !stage.is_over() {
        let map = Map::current().expect("the device can be opened");
        for _ in 0..16 {
            sync_and_look(stage, &map, &stage.mapping, dice);
        }
    }
}
