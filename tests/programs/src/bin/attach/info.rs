// SPDX-License-Identifier: GPL-2.0

//! Information: whose map a handle is on.

use super::target::{
    assert_whose,
    Target, //
};
use std::process;
use vm_map_sync::{
    Map,
    Whose, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    process::Child, //
};

/// Whoever inherits or is sent a handle finds out.
pub fn whose_map() -> Verdict {
    let map = Map::current()?;
    let parent = process::id();
    assert_whose(&map, Whose::Own, Some(parent));
    Child::spawn(|| {
        assert_whose(&map, Whose::Other, Some(parent));
        assert_whose(&Map::current()?, Whose::Own, Some(process::id()));
        Ok(())
    })?
    .join()?;

    let owner = Target::spawn(|line| {
        line.send_descriptor(Map::current()?)?;
        Ok(line.receive().map(drop)?)
    })?;
    let sent = Map::from(owner.line().receive_descriptor()?);
    assert_whose(&sent, Whose::Other, Some(owner.number()));
    owner.end()?;
    assert_whose(&sent, Whose::Dead, None);
    assert_whose(&map, Whose::Own, Some(parent));
    Ok(())
}
