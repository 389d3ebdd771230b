// SPDX-License-Identifier: GPL-2.0

//! Deputies: whoever is handed a handle does with it what whoever bound it could do, and no more.

use super::target::{
    assert_whose,
    attaches,
    without_yama,
    Target,
    SOMEBODY, //
};
use std::{
    fs::File,
    ops::Range, //
};
use vm_map_sync::{
    Flags,
    Map,
    Reason,
    Whose, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        BOTH, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::become_user,
};

/// A file that is root's, with a dirty page, and somebody who can only read it, who has it mapped and
/// sends `handle` of his, made when he was nobody else any more.
fn sender(
    handle: impl FnOnce() -> Result<Map, Failure>,
) -> Result<(TestFile, Target, Map, Range<usize>), Failure> {
    let file = TestFile::new(8)?;
    file.map()?.fill(1, [3]);
    let mapping = Mapping::reserve(8)?;
    let range = mapping.all();
    let target = Target::spawn(|line| {
        become_user(SOMEBODY, SOMEBODY)?;
        let reader = File::open(file.path())?;
        mapping.map(0..8, &reader, 0, Share::SharedRead)?;
        line.send_descriptor(handle()?)?;
        Ok(line.receive().map(drop)?)
    })?;
    let map = Map::from(target.line().receive_descriptor()?);
    assert_eq!(file.picture(0..8)?, "CCCDCCCC");
    Ok((file, target, map, range))
}

fn is_not_confused(handle: impl FnOnce() -> Result<Map, Failure>) -> Verdict {
    let (file, target, map, range) = sender(handle)?;
    assert_whose(&map, Whose::Other, Some(target.number()));
    // Root may free it, but whoever made the handle may not.
    for flags in [Flags::INVALIDATE, BOTH] {
        refused(&map, range.clone(), flags, Reason::Protection, range.start);
    }
    assert_eq!(file.picture(0..8)?, "CCCDCCCC");
    succeeds(&map, range.clone(), Flags::SYNCIO, counts(0, 0));
    file.assert_on_disk(1, [3]);
    // By a handle that it made itself it is root's own doing.
    let own = attaches(target.number());
    succeeds(&own, range, BOTH, counts(0, 8));
    assert_eq!(file.picture(0..8)?, "........");
    target.end()
}

pub fn deputy_is_not_confused() -> Verdict {
    is_not_confused(|| Ok(Map::current()?))
}

/// Nor by one on somebody else.
pub fn deputy_of_an_attacher_is_not_confused() -> Verdict {
    let _yama = without_yama()?;
    is_not_confused(|| Ok(Map::attach(std::process::id())?))
}
