// SPDX-License-Identifier: GPL-2.0

//! Handles on other processes: what they are good for, and what they are as descriptors.

use super::target::{
    argument,
    assert_whose,
    attach_through,
    attaches,
    Target, //
};
use nix::{
    errno::Errno,
    fcntl::{
        fcntl,
        FcntlArg,
        FdFlag, //
    },
};
use std::{
    fs::{
        self,
        File, //
    },
    os::fd::{
        AsFd,
        AsRawFd, //
    },
    process, //
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
    harness::Verdict,
    module::{
        load,
        unload, //
    },
    process::{
        become_user,
        Child,
        Line,
        NOBODY, //
    },
};

pub fn what_the_target_has_is_written() -> Verdict {
    let file = TestFile::new(8)?;
    let (target, range) = Target::with(&file)?;
    let map = attaches(target.number());
    assert_eq!(file.picture(0..8)?, "CCCDCCCC");
    succeeds(&map, range.clone(), Flags::SYNCIO, counts(1, 0));
    file.assert_on_disk(1, [3]);
    assert_eq!(file.picture(0..8)?, "CCCCCCCC");
    succeeds(&map, range, BOTH, counts(0, 8));
    assert_eq!(file.picture(0..8)?, "........");
    target.end()
}

pub fn what_the_target_has_not_is_a_hole() -> Verdict {
    let file = TestFile::new(8)?;
    let target = Target::new(|| Ok(()))?;
    let map = attaches(target.number());
    let own = file.map()?;
    own.fill(1, [3]);
    refused(&map, own.all(), BOTH, Reason::Hole, own.address(0));
    assert_eq!(file.picture(0..8)?, "CCCDCCCC");
    target.end()
}

pub fn descriptor_is_closed_on_exec() -> Verdict {
    let target = Target::new(|| Ok(()))?;
    let map = attaches(target.number());
    let descriptor = map.as_fd().as_raw_fd();
    let flags = FdFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFD)?);
    assert!(flags.contains(FdFlag::FD_CLOEXEC));
    let link = fs::read_link(format!("/proc/self/fd/{descriptor}"))?;
    assert_eq!(link.to_string_lossy(), "anon_inode:[vm_map_sync]");
    target.end()
}

pub fn sent_handle_keeps_its_map() -> Verdict {
    let file = TestFile::new(8)?;
    let (target, range) = Target::with(&file)?;
    let (ours, theirs) = Line::pair()?;
    let receiver = Child::spawn(|| {
        become_user(NOBODY, NOBODY)?;
        let map = Map::from(ours.receive_descriptor()?);
        assert_whose(&map, Whose::Other, Some(target.number()));
        // How much that was is not for it to know.
        succeeds(&map, range, Flags::SYNCIO, counts(0, 0));
        Ok(())
    })?;
    theirs.send_descriptor(attaches(target.number()))?;
    receiver.join()?;
    file.assert_on_disk(1, [3]);
    target.end()
}

pub fn handle_on_oneself() -> Verdict {
    let file = TestFile::new(8)?;
    let mapping = file.map()?;
    mapping.fill(1, [3]);
    let map = Map::attach(process::id())?;
    assert_whose(&map, Whose::Own, Some(process::id()));
    Child::spawn(|| {
        assert_whose(
            &map,
            Whose::Other,
            Some(nix::unistd::getppid().as_raw() as u32),
        );
        Ok(())
    })?
    .join()?;
    succeeds(&map, mapping.all(), BOTH, counts(1, 8));
    file.assert_on_disk(1, [3]);
    Ok(())
}

pub fn no_unloading_while_attached() -> Verdict {
    let target = Target::new(|| Ok(()))?;
    let map = attaches(target.number());
    assert_eq!(unload(), Err(Errno::EWOULDBLOCK));
    target.end()?;
    // Dead or not, it is open.
    assert_eq!(unload(), Err(Errno::EWOULDBLOCK));
    drop(map);
    unload()?;
    Ok(load()?)
}

pub fn no_descriptor_left() -> Verdict {
    let target = Target::new(|| Ok(()))?;
    let door = Map::current()?;
    let wanted = argument(target.number() as i32);
    let limit = libc::rlimit {
        rlim_cur: 32,
        rlim_max: 32,
    };
    // SAFETY: The structure lives until the call returns.
    Errno::result(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) })?;
    let mut files: Vec<File> = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    for _ in 0..10 {
        let errno = attach_through(&door, &wanted).map(drop);
        assert_eq!(errno, Err(Errno::EMFILE));
    }
    drop(files);
    let map = attach_through(&door, &wanted)?;
    assert_whose(&map, Whose::Other, Some(target.number()));
    target.end()
}
