// SPDX-License-Identifier: GPL-2.0

//! Protection: pages of files that are neither the caller's nor writable by it are not freed.

use super::scene::FILE;
use nix::sys::stat::{
    makedev,
    mknod,
    Mode,
    SFlag, //
};
use std::{
    fs::{
        remove_file,
        set_permissions,
        File,
        Permissions, //
    },
    os::unix::fs::{
        chown,
        PermissionsExt, //
    },
    process,
};
use vm_map_sync::{
    Flags,
    Map,
    Reason, //
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
    place,
    process::{
        become_user,
        Child,
        NOBODY, //
    },
    residency::Cached,
};

/// A group that nobody else is in.
const GROUP: u32 = 4711;

/// A file with one dirty page which belongs to `owner` and `group` and can be used as `mode` says.
fn file(owner: u32, group: u32, mode: u32) -> Result<TestFile, Failure> {
    let file = TestFile::new(FILE)?;
    file.map()?.poke(1, 1);
    chown(file.path(), Some(owner), Some(group))?;
    set_permissions(file.path(), Permissions::from_mode(mode))?;
    assert_eq!(file.picture(0..FILE)?, "CDCC");
    Ok(file)
}

/// Runs `body` as [`NOBODY`] of [`GROUP`].
fn as_nobody(body: impl FnOnce(&Map) -> Verdict) -> Verdict {
    let child = Child::spawn(|| {
        become_user(NOBODY, GROUP)?;
        body(&Map::current()?)
    })?;
    child.join()
}

/// Maps a file that can only be read.
fn map(file: &TestFile, share: Share) -> Result<Mapping, Failure> {
    let mapping = Mapping::reserve(FILE)?;
    mapping.map(0..FILE, &File::open(file.path())?, 0, share)?;
    Ok(mapping)
}

fn refuses_foreign(share: Share) -> Verdict {
    let file = file(0, GROUP, 0o644)?;
    as_nobody(|device| {
        let mapping = map(&file, share)?;
        mapping.touch(0..FILE);
        for flags in [Flags::INVALIDATE, BOTH] {
            let start = mapping.address(0);
            refused(device, mapping.all(), flags, Reason::Protection, start);
            let second = mapping.address(1);
            let range = second + 1..mapping.address(3);
            refused(device, range, flags, Reason::Protection, second);
        }
        assert!(mapping.present(0..FILE)?.iter().all(|&present| present));
        Ok(())
    })?;
    assert_eq!(file.picture(0..FILE)?, "CDCC");
    Ok(())
}

pub fn foreign_file() -> Verdict {
    refuses_foreign(Share::SharedRead)
}

pub fn foreign_file_mapped_privately() -> Verdict {
    refuses_foreign(Share::Private)
}

pub fn foreign_file_behind_an_own_one() -> Verdict {
    let own = file(NOBODY, GROUP, 0o644)?;
    let foreign = file(0, GROUP, 0o644)?;
    as_nobody(|device| {
        let mapping = Mapping::reserve(3 * FILE)?;
        for (first, file) in [(0, &own), (FILE, &foreign), (2 * FILE, &own)] {
            let file = File::open(file.path())?;
            mapping.map(first..first + FILE, &file, 0, Share::SharedRead)?;
        }
        let address = mapping.address(FILE);
        refused(device, mapping.all(), BOTH, Reason::Protection, address);
        let address = mapping.address(FILE + 1);
        let range = address..mapping.all().end;
        refused(device, range, BOTH, Reason::Protection, address);
        Ok(())
    })?;
    assert_eq!(own.picture(0..FILE)?, "CDCC");
    assert_eq!(foreign.picture(0..FILE)?, "CDCC");
    Ok(())
}

/// Writing what is dirty harms nobody, but to tell how much that was would show what others write.
pub fn foreign_file_is_written() -> Verdict {
    for flags in [Flags::empty(), Flags::SYNCIO] {
        let file = file(0, GROUP, 0o644)?;
        as_nobody(|device| {
            let mapping = map(&file, Share::SharedRead)?;
            succeeds(device, mapping.all(), flags, counts(0, 0));
            Ok(())
        })?;
        if flags == Flags::SYNCIO {
            assert_eq!(file.picture(0..FILE)?, "CCCC");
        }
    }
    Ok(())
}

/// Page by page neither, which is what `cachestat()` refuses to tell.
pub fn dirty_pages_of_others_are_not_told() -> Verdict {
    for flags in [Flags::empty(), Flags::SYNCIO] {
        let file = file(0, GROUP, 0o644)?;
        as_nobody(|device| {
            let reader = File::open(file.path())?;
            let refusal = Cached::of(&reader, 0..FILE).map_err(|error| error.raw_os_error());
            assert_eq!(refusal.err(), Some(Some(libc::EPERM)));
            let mapping = map(&file, Share::SharedRead)?;
            for page in 0..FILE {
                succeeds(device, mapping.range(page..page + 1), flags, counts(0, 0));
            }
            Ok(())
        })?;
        // Whoever may write to the file may know.
        let mapping = file.map()?;
        mapping.poke(2, 1);
        succeeds(&Map::current()?, mapping.all(), Flags::SYNCIO, {
            let dirty = file.cached()?.dirty;
            assert_ne!(dirty, 0);
            counts(dirty, 0)
        });
    }
    Ok(())
}

/// A descriptor that is open for writing counts, as for `cachestat()`, whatever has become of who opened
/// it; on his own map, for it says nothing of those who have a handle on that.
pub fn descriptor_open_for_writing() -> Verdict {
    let file = file(0, GROUP, 0o644)?;
    let owners = file.map()?;
    let inherited = Map::current()?;
    as_nobody(|own| {
        let start = owners.address(0);
        refused(&inherited, owners.all(), BOTH, Reason::Protection, start);
        succeeds(&inherited, owners.all(), Flags::SYNCIO, counts(0, 0));
        // It is a fork's: a mapping of the same file, open for writing.
        owners.poke(3, 1);
        succeeds(own, owners.all(), BOTH, counts(1, FILE as u64));
        Ok(())
    })?;
    assert_eq!(file.picture(0..FILE)?, "....");
    Ok(())
}

/// Whoever has opened a file for writing has not lost that with the rights by which he could.
pub fn rights_given_up_since() -> Verdict {
    let file = file(0, GROUP, 0o644)?;
    let child = Child::spawn(|| {
        let own = File::options().read(true).write(true).open(file.path())?;
        let mapping = Mapping::reserve(FILE)?;
        mapping.map(0..FILE, &own, 0, Share::SharedRead)?;
        drop(own);
        become_user(NOBODY, GROUP)?;
        succeeds(
            &Map::current()?,
            mapping.all(),
            BOTH,
            counts(1, FILE as u64),
        );
        Ok(())
    })?;
    child.join()?;
    assert_eq!(file.picture(0..FILE)?, "....");
    Ok(())
}

fn frees(owner: u32, group: u32, mode: u32) -> Verdict {
    let file = file(owner, group, mode)?;
    as_nobody(|device| {
        let mapping = map(&file, Share::SharedRead)?;
        succeeds(device, mapping.all(), BOTH, counts(1, FILE as u64));
        Ok(())
    })?;
    assert_eq!(file.picture(0..FILE)?, "....");
    Ok(())
}

/// Whoever owns a file could make it writable.
pub fn own_file() -> Verdict {
    frees(NOBODY, 0, 0o444)
}

pub fn file_of_the_group() -> Verdict {
    frees(0, GROUP, 0o664)
}

pub fn file_of_all() -> Verdict {
    frees(0, 0, 0o606)
}

/// What /dev/zero gives is anonymous memory, although it comes from a file that is not the caller's.
pub fn private_memory_of_a_foreign_device() -> Verdict {
    let path = place::directory()?.join(format!("zero-{}", process::id()));
    let mode = Mode::from_bits_truncate(0o644);
    mknod(&path, SFlag::S_IFCHR, mode, makedev(1, 5))?;
    let zero = File::open(&path);
    remove_file(&path)?;
    let mapping = Mapping::reserve(2)?;
    mapping.map(0..2, &zero?, 0, Share::Private)?;
    mapping.fill(1, 0..2);
    as_nobody(|device| {
        succeeds(device, mapping.all(), BOTH, counts(0, 0));
        mapping.assert_has(1, 0..2);
        Ok(())
    })
}
