// SPDX-License-Identifier: GPL-2.0

//! A power cut, at the moment at which a store says that it has committed.

use super::store::{
    Running,
    Store, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    mapper::Mapper,
    spare::{
        Site,
        Spare, //
    },
};

const MEGABYTES: usize = 64;

/// Asserts that what a store has committed is there after that, as it says itself: what was in memory or in the
/// disk's cache only is gone then.
pub fn survives(store: &Store, wanted: &str) -> Verdict {
    let spare = Spare::new(MEGABYTES, &[("cache_size", "64")])?;
    let below = format!("{} 0", spare.device().display());
    let mapper = Mapper::new(MEGABYTES, "linear", &below)?;
    let mut site = Site::new(mapper.device())?;

    let mut running = Running::new(&mut store.command("store", site.directory())?)?;
    running.expect("committed")?;
    mapper.become_target("flakey", &format!("{below} 0 1000000 1 drop_writes"))?;
    assert_ne!(running.calls()?, 0, "it has not called the module");
    drop(running);
    site.unmount()?;
    drop(mapper);
    spare.cut_power()?;
    site.mount_from(spare.device())?;
    assert_eq!(store.check(site.directory())?, wanted);
    Ok(())
}
