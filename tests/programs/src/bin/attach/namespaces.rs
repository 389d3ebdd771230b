// SPDX-License-Identifier: GPL-2.0

//! Namespaces: of pids, where numbers mean something else, and of users, where rights do.

use super::{
    fdinfo::fdinfo,
    target::{
        as_user,
        assert_whose,
        attaches,
        is_forbidden,
        without_yama,
        Target,
        SOMEBODY, //
    },
};
use nix::{
    mount::{
        mount,
        MsFlags, //
    },
    sched::{
        unshare,
        CloneFlags, //
    },
};
use std::{
    env,
    fs,
    path::Path,
    process, //
};
use vm_map_sync::{
    Map,
    Whose, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    process::{
        become_user,
        enter_namespaces,
        Child,
        Line, //
    },
};

/// Does `inside` as the first process of a pid namespace, and meanwhile `outside`, which is told what
/// number that process has there.
fn with_first(
    inside: impl FnOnce(&Line) -> Verdict,
    outside: impl FnOnce(&Line, u32) -> Verdict,
) -> Verdict {
    let parent = Child::spawn(|| {
        unshare(CloneFlags::CLONE_NEWPID)?;
        let (ours, theirs) = Line::pair()?;
        let first = Child::spawn(|| inside(&theirs))?;
        outside(&ours, first.pid().as_raw().unsigned_abs())?;
        first.join()
    })?;
    parent.join()
}

pub fn numbers_of_a_pid_namespace() -> Verdict {
    let outer = Target::new(|| Ok(()))?;
    let on_outer = attaches(outer.number());
    with_first(
        |line| {
            assert_eq!(process::id(), 1);
            let oneself = Map::attach(1)?;
            assert_whose(&oneself, Whose::Own, Some(1));
            let child = Target::new(|| Ok(()))?;
            // Not always the next number: threads have some as well.
            assert!(child.number() < 16, "{}", child.number());
            attaches(child.number());
            // Those who are outside have no number here, whatever rights one has.
            let errno = Map::attach(outer.number()).map_err(|error| error.errno());
            assert_eq!(errno.err(), Some(Some(libc::ESRCH)));
            assert_whose(&on_outer, Whose::Other, None);
            line.send_descriptor(oneself)?;
            Ok(line.receive().map(drop)?)
        },
        |line, first| {
            let sent = Map::from(line.receive_descriptor()?);
            assert_whose(&sent, Whose::Other, Some(first));
            attaches(first);
            Ok(line.send(0)?)
        },
    )
}

/// What is shown in a procfs is for whoever looks at that.
pub fn numbers_in_fdinfo_are_those_of_its_proc() -> Verdict {
    with_first(
        |line| {
            let first = line.receive()?.to_string();
            let map = Map::current()?;
            unshare(CloneFlags::CLONE_NEWNS)?;
            let none = None::<&str>;
            let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
            mount(none, "/", none, private, none)?;
            let place = env::temp_dir().join("proc-of-a-namespace");
            fs::create_dir_all(&place)?;
            mount(none, &place, Some("proc"), MsFlags::empty(), none)?;
            assert_eq!(fdinfo(&place.join("self"), &map)?["pid"], "1");
            assert_eq!(fdinfo(Path::new("/proc/self"), &map)?["pid"], first);
            Ok(())
        },
        |line, first| Ok(line.send(first as usize)?),
    )
}

/// Whoever makes a user namespace has all rights in it, and none over what is outside of it; and whoever
/// is outside, as the same user, has all rights over it.
pub fn user_namespace() -> Verdict {
    let _yama = without_yama()?;
    let outside = Target::of_user(SOMEBODY)?;
    as_user(SOMEBODY, &[], || {
        enter_namespaces()?;
        is_forbidden(outside.number());
        attaches(Target::new(|| Ok(()))?.number());
        Ok(())
    })?;
    let inside = Target::new(|| {
        become_user(SOMEBODY, SOMEBODY)?;
        Ok(enter_namespaces()?)
    })?;
    as_user(SOMEBODY, &[], || {
        attaches(inside.number());
        Ok(())
    })
}
