// SPDX-License-Identifier: GPL-2.0

//! Lifetime: the module comes and goes, callers are killed, and nothing is left behind.

use nix::{
    errno::Errno,
    sys::{
        signal::Signal,
        wait::WaitStatus, //
    },
};
use std::{
    fs::{
        self,
        File, //
    },
    io,
    path::Path,
    process::ExitCode, //
};
use vm_map_sync::{
    uapi,
    Flags,
    Map,
    Whose,
    DEVICE, //
};
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        BOTH, //
    },
    file::TestFile,
    harness::{
        self,
        fewer,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    module::{
        self,
        load,
        unload, //
    },
    patience::wait_until,
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
    raw::{
        self,
        Desk, //
    },
    tests, PAGE,
};

fn main() -> ExitCode {
    let code = harness::run(tests![
        killed_caller_ends_soon,
        killed_caller_that_never_waits,
        handles_leave_nothing_behind,
        attaching_leaves_nothing_behind,
        no_unloading_while_a_handle_is_open,
        no_unloading_while_a_child_has_the_handle,
        unloading_again_and_again,
    ]);
    module::restore();
    code
}

/// A call of another process, whose argument can be seen from here.
fn call(file: &TestFile, mapping: &Mapping, flags: Flags, desk: &Desk, line: &Line) -> Verdict {
    let map = Map::current()?;
    desk.put(0, &raw::args(&mapping.all(), flags.bits()));
    line.send(0)?;
    raw::sync_at(&map, desk.address(0))?;
    assert_eq!(file.cached()?.resident, 0);
    Ok(())
}

/// A call that takes a while ends when the caller is killed, and not when its work is done.
fn killed_caller_ends_soon() -> Verdict {
    killed_caller(BOTH, 16)
}

/// Also where it never has to wait for anything.
fn killed_caller_that_never_waits() -> Verdict {
    killed_caller(Flags::INVALIDATE, 1)
}

/// Kills the caller of a range of folios of `step` pages, which are dirty if it is to commit them.
fn killed_caller(flags: Flags, step: usize) -> Verdict {
    // 128 MiB.
    let pages = fewer(32768);
    let file = TestFile::written_by(pages, step)?;
    let mapping = file.map()?;
    let range = mapping.all();
    // Until the kill meets a call in the middle.
    loop {
        mapping.touch(0..pages);
        if flags.contains(Flags::SYNCIO) {
            for page in 0..pages {
                mapping.poke(page, 1);
            }
        }
        let desk = Desk::new()?;
        desk.memory().map_anonymous(0..1, libc::MAP_SHARED)?;
        let (ours, theirs) = Line::pair()?;
        let mut caller = Child::spawn(|| call(&file, &mapping, flags, &desk, &theirs))?;
        ours.receive()?;
        wait_until("freed", || {
            io::Result::Ok(file.cached()?.resident < pages as u64)
        })?;
        caller.kill()?;
        let status = caller.wait()?;
        let result = desk.get::<uapi::vm_map_sync_args>(0).result;
        // Unless it was done already.
        if result.done != range.end as u64 {
            assert!(
                matches!(status, WaitStatus::Signaled(_, Signal::SIGKILL, _)),
                "{status:?}"
            );
            return stopped_in_the_middle(&file, &mapping, &result);
        }
    }
}

fn stopped_in_the_middle(
    file: &TestFile,
    mapping: &Mapping,
    result: &uapi::vm_map_sync_result,
) -> Verdict {
    assert_eq!(result.reason, uapi::VM_MAP_SYNC_REASON_KILLED);
    assert_eq!(result.kern_return, uapi::VM_MAP_SYNC_KERN_FAILURE);
    assert_eq!(result.error, libc::EINTR);
    let resident = file.cached()?.resident;
    assert_ne!(resident, 0, "all was freed nevertheless");
    assert_eq!(result.freed + resident, file.pages() as u64);

    // Nothing below was left out.
    let (range, done) = (mapping.all(), usize::try_from(result.done)?);
    assert!(range.contains(&done), "done");
    let done = (done - range.start) / PAGE;
    assert!(!mapping.resident(0..done)?.contains(&true));
    Ok(())
}

/// How many objects of the kernel there are of some kinds that a handle and a call involve.
fn objects() -> Result<Vec<(&'static str, u64)>, Failure> {
    ["mm_struct", "vm_area_struct", "filp", "task_struct"]
        .into_iter()
        .map(|name| {
            // Free objects at hand for each processor count as used, until they are put back.
            let shrink = Path::new("/sys/kernel/slab").join(name).join("shrink");
            let _ = fs::write(shrink, "1");
            let slabs = fs::read_to_string("/proc/slabinfo")?;
            let used = slabs
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
                .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .ok_or_else(|| Failure::skip(format!("slabinfo has no {name}")))?;
            Ok((name, used))
        })
        .collect()
}

/// Asserts that `rounds` of something do not leave an object behind for each of them.
fn assert_leaves_nothing(rounds: usize, mut body: impl FnMut() -> Verdict) -> Verdict {
    // What is allocated once is there after the first time.
    for _ in 0..rounds / 10 + 1 {
        body()?;
    }
    let before = objects()?;
    for _ in 0..rounds {
        body()?;
    }
    // What is freed after a grace period takes a while.
    wait_until("freed", || {
        let after = objects()?;
        let grown = before
            .iter()
            .zip(&after)
            .map(|((_, before), (_, after))| after.saturating_sub(*before))
            .max();
        let freed = grown.is_none_or(|grown| grown < rounds as u64 / 2);
        if !freed {
            println!("# {before:?} have become {after:?}");
        }
        Ok::<_, Failure>(freed)
    })
}

/// Uses a handle in a process of its own, on a file that it opens by itself, so that whatever is not
/// let go of is never freed.
fn use_once(file: &TestFile) -> Verdict {
    let child = Child::spawn(|| {
        let again = File::options().read(true).write(true).open(file.path())?;
        let mapping = Mapping::reserve(file.pages())?;
        mapping.map(0..file.pages(), &again, 0, Share::Shared)?;
        let map = Map::current()?;
        mapping.poke(0, 1);
        let resident = file.cached()?.resident;
        succeeds(&map, mapping.all(), BOTH, counts(1, resident));
        // One that is refused on the way.
        assert!(map.sync(0..1, BOTH).is_err());
        Ok(())
    })?;
    child.join()
}

fn handles_leave_nothing_behind() -> Verdict {
    let file = TestFile::new(4)?;
    assert_leaves_nothing(fewer(200), || use_once(&file))
}

/// Whether somebody attaches to a process, may not, or comes too late.
fn attaching_leaves_nothing_behind() -> Verdict {
    let attach = |child: &Child| {
        let number = child.pid().as_raw().unsigned_abs();
        Map::attach(number).map_err(|error| error.errno())
    };
    assert_leaves_nothing(fewer(200), || {
        let (ours, theirs) = Line::pair()?;
        let target = Child::spawn(|| Ok(theirs.receive().map(drop)?))?;
        let map = attach(&target).map_err(|errno| Failure::Failed(format!("{errno:?}")))?;
        let other = Child::spawn(|| {
            become_user(NOBODY, NOBODY)?;
            assert_eq!(attach(&target).err(), Some(Some(libc::EACCES)));
            Ok(())
        })?;
        other.join()?;
        ours.send(0)?;
        target.wait_for_state('Z')?;
        assert_eq!(attach(&target).err(), Some(Some(libc::ESRCH)));
        target.join()?;
        assert_eq!(map.info()?.whose, Whose::Dead);
        Ok(())
    })
}

fn no_unloading_while_a_handle_is_open() -> Verdict {
    let file = TestFile::new(4)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    assert_eq!(unload(), Err(Errno::EWOULDBLOCK));
    mapping.poke(0, 1);
    succeeds(&map, mapping.all(), BOTH, counts(1, 4));
    drop(map);
    unload()?;
    assert!(!Path::new(DEVICE).exists());
    let error = Map::current().map(drop).map_err(|error| error.to_string());
    let said = error.expect_err("the device is gone");
    assert!(said.contains("load the module"), "{said}");
    load()?;
    use_once(&file)
}

fn no_unloading_while_a_child_has_the_handle() -> Verdict {
    let (ours, theirs) = Line::pair()?;
    let map = Map::current()?;
    let child = Child::spawn(|| {
        theirs.receive()?;
        Ok(())
    })?;
    drop(map);
    assert_eq!(unload(), Err(Errno::EWOULDBLOCK));
    ours.send(0)?;
    child.join()?;
    unload()?;
    Ok(load()?)
}

fn unloading_again_and_again() -> Verdict {
    let file = TestFile::new(4)?;
    let mut round = 0;
    assert_leaves_nothing(fewer(100), || {
        round += 1;
        if round % 2 == 0 {
            use_once(&file)?;
        }
        unload()?;
        load()?;
        Ok(())
    })
}
