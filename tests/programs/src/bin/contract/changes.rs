// SPDX-License-Identifier: GPL-2.0

//! Files that change: truncated, extended, punched, reflinked.

use super::subject::{
    self,
    note,
    Kind,
    Subject, //
};
use nix::{
    errno::Errno,
    fcntl::{
        fallocate,
        FallocateFlags, //
    }, //
};
use std::{
    fs::{
        self,
        File, //
    },
    os::fd::AsRawFd,
    thread, //
};
use vm_map_sync::{
    Map,
    Reason,
    SyncError, //
};
use vm_map_sync_tests::{
    check::{
        succeeds_in_the_end,
        ALL,
        BOTH, //
    },
    harness::{
        fewer,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::Crowd,
    PAGE, //
};

/// Writes and frees all of a mapping, whatever is cached of it.
fn free(subject: &Subject, mapping: &Mapping) -> Verdict {
    let cached = subject.cached()?;
    let counts = subject.counts(cached.dirty, cached.resident);
    let done = succeeds_in_the_end(&Map::current()?, mapping.all(), BOTH);
    assert_eq!(done, counts);
    if subject.is_freed() {
        subject.assert_cached(0, 0);
    }
    Ok(())
}

/// A range that goes beyond the end of its file, in the middle of a page.
pub fn truncated() -> Verdict {
    let subject = Subject::new(16)?;
    if subject.traits.has("device") {
        return Err(Failure::skip("a device has the size that it has"));
    }
    let mapping = subject.map()?;
    mapping.fill(1, 0..16);
    subject.file().set_len((6 * PAGE + PAGE / 2) as u64)?;
    if subject.traits.has("forgets") {
        note("truncated", "it has written and freed the rest itself");
        assert_eq!(subject.cached()?.resident, 0);
    } else if subject.traits.kind() == Kind::Cached {
        assert_eq!(subject.cached()?.resident, 7);
        // A remote file system writes what is dirty before it truncates.
        assert_eq!(subject.cached()?.dirty > 0, !subject.traits.has("remote"));
    }
    free(&subject, &mapping)?;
    mapping.assert_has(1, 0..6);
    let last = mapping.read(6);
    assert!(last[..PAGE / 2] == vm_map_sync_tests::pattern(1, 6)[..PAGE / 2]);
    assert!(last[PAGE / 2..].iter().all(|&byte| byte == 0));
    assert_eq!(
        subject.file().metadata()?.len(),
        (6 * PAGE + PAGE / 2) as u64
    );
    Ok(())
}

/// A range that was beyond the end of its file when it was mapped.
pub fn extended() -> Verdict {
    let mut subject = Subject::new(8)?;
    if subject.traits.has("device") {
        return Err(Failure::skip("a device has the size that it has"));
    }
    let mapping = subject.map_as(Share::Shared, 16)?;
    mapping.advise(0..16, libc::MADV_RANDOM)?;
    mapping.fill(1, 0..8);
    subject.file().set_len((16 * PAGE) as u64)?;
    mapping.fill(1, 8..12);
    subject.grow(16);
    free(&subject, &mapping)?;
    mapping.assert_has(1, 0..12);
    assert!((12..16).all(|page| mapping.read(page).iter().all(|&byte| byte == 0)));
    Ok(())
}

/// A hole in the file is no hole in the map.
pub fn punched() -> Verdict {
    let subject = Subject::new(16)?;
    let mapping = subject.map()?;
    mapping.fill(1, 0..12);
    match punch(subject.file(), 4, 8) {
        Ok(()) => {}
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS) => {
            return Err(Failure::skip("it cannot punch holes"));
        }
        Err(errno) => return Err(errno.into()),
    }
    if subject.traits.kind() == Kind::Cached {
        assert_eq!(subject.cached()?.resident, 12);
    }
    free(&subject, &mapping)?;
    mapping.assert_has(1, (0..4).chain(8..12));
    mapping.assert_has(0, 12..16);
    assert!((4..8).all(|page| mapping.read(page).iter().all(|&byte| byte == 0)));
    Ok(())
}

fn punch(file: &File, first: usize, end: usize) -> Result<(), Errno> {
    let offset = |page: usize| (page * PAGE) as libc::off_t;
    fallocate(
        file.as_raw_fd(),
        FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE,
        offset(first),
        offset(end - first),
    )
}

/// `_IOW(0x94, 9, int)`.
const FICLONE: libc::Ioctl = 0x4004_9409;

/// A file that shares its blocks with another: what is written to it is not written to the other.
pub fn reflinked() -> Verdict {
    let subject = Subject::new(16)?;
    let mapping = subject.map()?;
    mapping.fill(1, 0..16);
    let path = subject.path()?.with_extension("clone");
    let clone = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    fs::remove_file(&path)?;
    // SAFETY: Both descriptors are open, and the call takes nothing else.
    let code = unsafe { libc::ioctl(clone.as_raw_fd(), FICLONE, subject.file().as_raw_fd()) };
    match Errno::result(code) {
        Ok(_) => {}
        Err(Errno::EOPNOTSUPP | Errno::ENOTTY | Errno::EINVAL | Errno::EXDEV | Errno::ENOSYS) => {
            return Err(Failure::skip("it has no reflinks"));
        }
        Err(errno) => return Err(errno.into()),
    }
    mapping.fill(2, 0..8);
    free(&subject, &mapping)?;
    let other = Mapping::reserve(16)?;
    other.map(0..16, &clone, 0, Share::Shared)?;
    other.assert_has(1, 0..16);
    mapping.assert_has(2, 0..8);
    mapping.assert_has(1, 8..16);
    Ok(())
}

/// A file that somebody truncates, extends, writes and punches during the calls.
pub fn changing() -> Verdict {
    let subject = Subject::new(16)?;
    let device = subject.traits.has("device");
    if device {
        note(
            "changing",
            "only written and punched: a device has the size that it has",
        );
    }
    let mapping = subject.map()?;
    let map = Map::current()?;
    let crowd = Crowd::<2>::new(fewer(10));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut version = 10;
            crowd.act(0, || {
                version += 1;
                for page in 0..16 {
                    let written = subject::write(subject.file(), version, page..page + 1);
                    written.expect("it can be written");
                }
                let _ = punch(subject.file(), 2, 4);
                if !device {
                    for length in [8 * PAGE + 1, 16 * PAGE] {
                        let cut = subject.file().set_len(length as u64);
                        cut.expect("it can be truncated");
                    }
                }
                true
            });
        });
        crowd.act(1, || {
            for flags in ALL {
                match map.sync(mapping.all(), flags) {
                    Ok(outcome) => assert_eq!(outcome.left, 0),
                    // It wrote to a page at that very moment.
                    Err(SyncError::Failed(fault)) if fault.reason == Reason::Busy => {
                        assert!(fault.outcome.left > 0, "{fault:?}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            true
        });
    });
    mapping.fill(5, 0..16);
    free(&subject, &mapping)?;
    mapping.assert_has(5, 0..16);
    Ok(())
}
