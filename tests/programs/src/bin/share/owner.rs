// SPDX-License-Identifier: GPL-2.0

//! Owners: whoever opened a handle, when somebody else has it, and when they are gone.

use super::{
    file,
    PAGES, //
};
use vm_map_sync::{
    Map,
    Reason, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        refused,
        succeeds,
        ALL,
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
    patience::wait_until,
    process::{
        live_on_in_a_thread,
        Child,
        Line, //
    },
    program, PAGE,
};

/// A process that sends a handle on its map, with the address of a mapping of `file` that has one
/// dirty page, and then goes on with `rest`.
fn owner<'a>(
    file: &'a TestFile,
    rest: impl FnOnce(&Line) -> Verdict + 'a,
) -> Result<(Child, Line, Map, usize), Failure> {
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let mapping = Mapping::reserve(PAGES + 1)?;
        mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
        mapping.fill(1, [3]);
        theirs.send_descriptor(Map::current()?)?;
        theirs.send(mapping.address(0))?;
        rest(&theirs)
    })?;
    let map = Map::from(ours.receive_descriptor()?);
    let address = ours.receive()?;
    Ok((child, ours, map, address))
}

pub fn sent_handle() -> Verdict {
    let file = file()?;
    let own = Mapping::reserve(PAGES)?;
    own.map(0..PAGES, file.file(), 0, Share::Shared)?;
    let (child, line, map, address) = owner(&file, |line| {
        own.unmap(0..PAGES)?;
        line.send(0)?;
        Ok(line.receive().map(drop)?)
    })?;
    line.receive()?;
    let hole = own.address(0);
    refused(&map, own.all(), BOTH, Reason::Hole, hole);
    let range = address..address + PAGES * PAGE;
    succeeds(&map, range, BOTH, counts(1, 8));
    file.assert_on_disk(1, [3]);
    line.send(0)?;
    child.join()
}

fn assert_dead(file: &TestFile, map: &Map, address: usize) {
    for flags in ALL {
        for range in [address..address + PAGES * PAGE, address..address, 0..1] {
            refused(map, range, flags, Reason::Dead, 0);
        }
    }
    let picture = file.picture(0..PAGES).expect("cachestat works");
    assert_eq!(picture, "CCCDCCCC", "something was done");
}

pub fn owner_exits() -> Verdict {
    let file = file()?;
    let (child, line, map, address) = owner(&file, |line| Ok(line.receive().map(drop)?))?;
    line.send(0)?;
    child.join()?;
    assert_dead(&file, &map, address);
    // It stays with the dead: it is no handle on whoever has it.
    let own = file.map()?;
    refused(&map, own.all(), BOTH, Reason::Dead, 0);
    Ok(())
}

pub fn owner_is_killed() -> Verdict {
    let file = file()?;
    let (child, _line, map, address) = owner(&file, |line| Ok(line.receive().map(drop)?))?;
    child.die()?;
    assert_dead(&file, &map, address);
    Ok(())
}

/// The process is the same, but its map is another one.
pub fn owner_executes_a_program() -> Verdict {
    let file = file()?;
    let (child, line, map, address) = owner(&file, |_| {
        program::idle()?;
        Ok(())
    })?;
    // The line is closed by the execution itself, and the old map goes soon after. Until then it has
    // no first page.
    line.receive_end()?;
    wait_until("dead", || {
        let answer = map.sync(0..1, BOTH);
        Ok::<_, Failure>(answer.map_or_else(|error| error.errno() == Some(libc::ESRCH), |_| true))
    })?;
    assert_dead(&file, &map, address);
    drop(child);
    Ok(())
}

/// The map lives as long as any thread of it does.
pub fn owner_lives_on_in_a_thread() -> Verdict {
    let file = file()?;
    let (child, line, map, address) = owner(&file, |line| Ok(live_on_in_a_thread(line)?))?;
    // Its first thread has ended, and the other one is left.
    child.wait_for_state('Z')?;
    let range = address..address + PAGES * PAGE;
    succeeds(&map, range, BOTH, counts(1, 8));
    line.send(0)?;
    child.join()
}
