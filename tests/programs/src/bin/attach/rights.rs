// SPDX-License-Identifier: GPL-2.0

//! Rights: who may attach to whom.

use super::target::{
    argument,
    as_user,
    assert_whose,
    attach_through,
    attaches,
    is_forbidden,
    without_yama,
    Target,
    SOMEBODY,
    YAMA, //
};
use nix::{
    errno::Errno,
    sys::prctl, //
};
use std::{
    fs::{
        self,
        File, //
    },
    io,
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
    process::{
        become_user,
        Line,
        NOBODY, //
    },
    program::{
        self,
        Copied, //
    },
    sysctl::Sysctl,
};

const CAP_SYS_PTRACE: u32 = 19;

pub fn process_of_ones_own() -> Verdict {
    let _yama = without_yama()?;
    let target = Target::of_user(SOMEBODY)?;
    as_user(SOMEBODY, &[], || {
        attaches(target.number());
        Ok(())
    })
}

pub fn process_of_another_user() -> Verdict {
    let _yama = without_yama()?;
    let nobodys = Target::of_user(NOBODY)?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(nobodys.number());
        is_forbidden(1);
        Ok(())
    })
}

/// For ptrace all users and groups of a process must be those of the caller.
pub fn process_of_another_group() -> Verdict {
    let _yama = without_yama()?;
    let target = Target::new(|| Ok(become_user(SOMEBODY, NOBODY)?))?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(target.number());
        Ok(())
    })
}

fn hidden() -> Result<Target, Failure> {
    Target::new(|| {
        become_user(SOMEBODY, SOMEBODY)?;
        Ok(prctl::set_dumpable(false)?)
    })
}

pub fn root_has_all_rights() -> Verdict {
    let _yama = without_yama()?;
    attaches(Target::of_user(SOMEBODY)?.number());
    attaches(hidden()?.number());
    attaches(1);
    Ok(())
}

/// The mode of `/proc/PID/mem`, by which only root can open what is root's, is not asked.
pub fn one_capability_is_enough() -> Verdict {
    let _yama = without_yama()?;
    let hidden = hidden()?;
    as_user(NOBODY, &[CAP_SYS_PTRACE], || {
        attaches(hidden.number());
        attaches(1);
        let opened = File::open("/proc/1/mem").map_err(|error| error.kind());
        assert_eq!(opened.err(), Some(io::ErrorKind::PermissionDenied));
        Ok(())
    })
}

pub fn all_other_capabilities_are_not() -> Verdict {
    let _yama = without_yama()?;
    let last: u32 = fs::read_to_string("/proc/sys/kernel/cap_last_cap")?
        .trim()
        .parse()?;
    let others: Vec<u32> = (0..=last).filter(|&one| one != CAP_SYS_PTRACE).collect();
    let target = Target::of_user(SOMEBODY)?;
    as_user(NOBODY, &others, || {
        // That it has them shows in what they let it do.
        fs::write("/proc/self/oom_score_adj", "-1")?;
        is_forbidden(target.number());
        is_forbidden(1);
        Ok(())
    })
}

pub fn process_that_is_not_dumpable() -> Verdict {
    let _yama = without_yama()?;
    let hidden = hidden()?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(hidden.number());
        Ok(())
    })
}

/// Whoever runs a program that he may not read may not look into its memory either.
pub fn program_that_cannot_be_read() -> Verdict {
    let _yama = without_yama()?;
    let program = Copied::with_mode(0o711)?;
    let target = Target::executing(SOMEBODY, || program.idle())?;
    let readable = Copied::with_mode(0o755)?;
    let other = Target::executing(SOMEBODY, || readable.idle())?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(target.number());
        attaches(other.number());
        Ok(())
    })
}

pub fn program_with_the_rights_of_another() -> Verdict {
    let _yama = without_yama()?;
    let program = Copied::with_mode(0o4755)?;
    let target = Target::executing(SOMEBODY, || program.idle())?;
    let status = fs::read_to_string(format!("/proc/{}/status", target.number()))?;
    assert!(status.contains("\nUid:\t4711\t0\t"), "{status}");
    as_user(SOMEBODY, &[], || {
        is_forbidden(target.number());
        Ok(())
    })?;
    attaches(target.number());
    Ok(())
}

/// Has Yama be strict.
fn yama(scope: &str) -> Result<Sysctl, Failure> {
    Sysctl::set(YAMA, scope).map_err(|_| Failure::skip("this kernel has no Yama"))
}

pub fn yama_wants_a_descendant() -> Verdict {
    let _yama = yama("1")?;
    let stranger = Target::of_user(SOMEBODY)?;
    let inviting = Target::new(|| {
        become_user(SOMEBODY, SOMEBODY)?;
        // SAFETY: It has no other arguments than numbers.
        Errno::result(unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY) })?;
        Ok(())
    })?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(stranger.number());
        attaches(inviting.number());
        attaches(Target::new(|| Ok(()))?.number());
        Ok(())
    })?;
    attaches(stranger.number());
    Ok(())
}

pub fn yama_wants_a_capability() -> Verdict {
    let _yama = yama("2")?;
    as_user(SOMEBODY, &[], || {
        is_forbidden(Target::new(|| Ok(()))?.number());
        Ok(())
    })?;
    let target = Target::of_user(SOMEBODY)?;
    as_user(NOBODY, &[CAP_SYS_PTRACE], || {
        attaches(target.number());
        Ok(())
    })
}

/// A handle by which somebody attaches is a door to all processes that he may attach to, whosever it
/// is.
pub fn rights_of_the_caller_count() -> Verdict {
    let _yama = without_yama()?;
    let (roots, nobodys) = (Map::current()?, Target::of_user(NOBODY)?);
    let wanted = argument(nobodys.number() as i32);
    let (ours, theirs) = Line::pair()?;
    as_user(SOMEBODY, &[], || {
        let denied = attach_through(&roots, &wanted);
        assert_eq!(denied.err(), Some(Errno::EACCES));
        Ok(theirs.send_descriptor(Map::current()?)?)
    })?;
    let somebodys = Map::from(ours.receive_descriptor()?);
    let map = attach_through(&somebodys, &wanted)?;
    assert_whose(&map, Whose::Other, Some(nobodys.number()));
    // It stays on what it was on.
    assert_whose(&somebodys, Whose::Dead, None);
    Ok(())
}

/// Once it is there a handle works for whoever has it; but what it does to files is up to the rights
/// that he has to them.
pub fn rights_count_once() -> Verdict {
    let file = TestFile::new(8)?;
    let (target, range) = Target::with(&file)?;
    let map = attaches(target.number());
    as_user(SOMEBODY, &[], || {
        assert_whose(&map, Whose::Other, Some(target.number()));
        refused(&map, range.clone(), BOTH, Reason::Protection, range.start);
        assert_eq!(file.picture(0..8)?, "CCCDCCCC");
        succeeds(&map, range.clone(), Flags::SYNCIO, counts(0, 0));
        Ok(())
    })?;
    file.assert_on_disk(1, [3]);
    succeeds(&map, range, BOTH, counts(0, 8));
    target.end()
}

/// A program that nobody has marked is nothing special.
pub fn program_of_ones_own() -> Verdict {
    let _yama = without_yama()?;
    let target = Target::executing(SOMEBODY, program::idle)?;
    as_user(SOMEBODY, &[], || {
        attaches(target.number());
        Ok(())
    })
}
