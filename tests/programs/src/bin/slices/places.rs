// SPDX-License-Identifier: GPL-2.0

//! Places: what of which file a fault is about.

use crate::scene::{
    map,
    range,
    Scene,
    PAGES, //
};
use memmap2::{
    MmapMut,
    MmapOptions, //
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
    ffi::OsStr,
    fs::{
        self,
        File, //
    },
    os::{
        fd::{
            AsFd,
            AsRawFd, //
        },
        unix::ffi::OsStrExt, //
    },
    path::Path,
    ptr,
    thread, //
};
use vm_map_sync::{
    Fault,
    Flags,
    Map,
    Reason,
    SliceExt,
    SyncError,
    Target,
    VectorError, //
};
use vm_map_sync_tests::{
    check::BOTH,
    file::TestFile,
    harness::{
        fewer,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    patience::Crowd,
    pipe::Pipe,
    place,
    PAGE, //
};

/// The fault of a call that was refused.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, SyncError>, reason: Reason) -> Fault {
    match outcome {
        Err(SyncError::Refused(fault)) if fault.reason == reason => fault,
        other => panic!("not {reason:?}: {other:?}"),
    }
}

/// Asserts that a fault names this, as does what it says.
#[track_caller]
pub fn assert_names(fault: &Fault, path: &Path, offset: usize) {
    let place = fault.place().expect("there is a place");
    assert_eq!((place.path.as_path(), place.offset), (path, offset as u64));
    let text = fault.to_string();
    let name = format!("{path:?}: ");
    let names = match offset {
        0 => format!("in {name}"),
        _ => format!("at byte {offset} of {name}"),
    };
    assert!(text.contains(&names), "{text}");
    let of_memory = format!("at {:#x}, {names}", fault.address);
    assert_eq!(text.contains(&of_memory), !fault.in_file, "{text}");
}

/// Memory that is locked, with the call on all of it.
fn wired(map: &Map, bytes: &MmapMut) -> Fault {
    refused(bytes.evict(map, Flags::empty()), Reason::Wired)
}

/// The file, mapped from a page on, the memory locked.
fn locked(file: &File, page: usize) -> std::io::Result<MmapMut> {
    let mut options = MmapOptions::new();
    // SAFETY: Nobody else writes to the file.
    let bytes = unsafe { options.offset((page * PAGE) as u64).map_mut(file) }?;
    bytes.lock()?;
    Ok(bytes)
}

/// The byte is that of the page which is to blame, not where the range begins.
pub fn memory_map_is_named() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
    mapping.lock(5..6)?;
    let map = Map::current()?;
    for flags in [Flags::empty(), Flags::SELF] {
        let fault = refused(map.evict(mapping.all(), flags), Reason::Wired);
        assert_eq!(fault.address, mapping.address(5) as u64);
        assert_names(&fault, file.path(), 5 * PAGE);
    }
    let start = format!(
        "the range was refused, and nothing was done: at {:#x}, at byte 20480 of ",
        mapping.address(5)
    );
    let error = map
        .evict(mapping.all(), Flags::empty())
        .expect_err("it is locked");
    assert!(error.to_string().starts_with(&start), "{error}");
    Ok(())
}

pub fn offset_of_a_mapping_counts() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let map = Map::current()?;
    for page in [0, 3] {
        let bytes = locked(file.file(), page)?;
        assert_names(&wired(&map, &bytes), file.path(), page * PAGE);
        let part = &bytes[PAGE..2 * PAGE];
        let fault = refused(part.evict(&map, Flags::empty()), Reason::Wired);
        assert_names(&fault, file.path(), (page + 1) * PAGE);
    }
    Ok(())
}

pub fn each_range_is_named() -> Verdict {
    let (one, two) = (Scene::new()?, Scene::new()?);
    let third = TestFile::new(1)?;
    let third = map(third.file())?;
    let _pipes = [one.file.map()?, two.file.map()?]
        .iter()
        .zip([2, 6])
        .map(|(mapping, page)| Pipe::holding(mapping, page..page + 1))
        .collect::<Result<Vec<_>, _>>()?;
    let targets = [
        Target::slice(&one.bytes[..0]),
        Target::slice(&third),
        Target::file(two.file.file().as_fd(), ..),
        Target::slice(&one.bytes[range(1..4)]),
    ];
    let (fault, ranges) = match one.map.sync_vectored(&targets, BOTH) {
        Err(VectorError::Failed { fault, ranges, .. }) => (fault, ranges),
        other => panic!("did not fail: {other:?}"),
    };
    assert!(ranges[0].is_ok() && ranges[1].is_ok());
    let named = [(2, two.file.path(), 6), (3, one.file.path(), 2)];
    for (index, path, page) in named {
        let of_it = ranges[index].as_ref().expect_err("a page is held");
        assert_eq!((of_it.range, of_it.reason), (Some(index), Reason::Busy));
        assert_names(of_it, path, page * PAGE);
    }
    assert_names(&fault, two.file.path(), 6 * PAGE);
    Ok(())
}

pub fn range_of_a_file_is_named() -> Verdict {
    let map = Map::current()?;
    let directory = place::directory()?;
    let outcome = map.sync_file(File::open(&directory)?, .., Flags::empty());
    assert_names(&refused(outcome, Reason::Descriptor), &directory, 0);
    Ok(())
}

pub fn removed_file_is_named() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let bytes = locked(file.file(), 0)?;
    let map = Map::current()?;
    fs::remove_file(file.path())?;
    let mut gone = file.path().as_os_str().to_owned();
    gone.push(" (deleted)");
    assert_names(&wired(&map, &bytes), Path::new(&gone), 0);
    Ok(())
}

/// A path is told as it is, and shown so that it stays in its line.
pub fn strange_names() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let name = OsStr::from_bytes(b"a \n\"b\\012\xff\x1b[1m");
    let path = place::directory()?.join(name);
    fs::hard_link(file.path(), &path)?;
    let bytes = locked(&File::options().read(true).write(true).open(&path)?, 0);
    let fault = bytes.map(|bytes| Map::current().map(|map| wired(&map, &bytes)));
    fs::remove_file(&path)?;
    let fault = fault??;
    assert_names(&fault, &path, 0);
    let text = fault.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    Ok(())
}

/// Holes, and memory that no file is behind.
pub fn what_has_no_name() -> Verdict {
    let map = Map::current()?;
    let mapping = Mapping::reserve(3)?;
    mapping.map_anonymous(0..3, libc::MAP_PRIVATE)?;
    mapping.lock(1..2)?;
    let fault = refused(map.evict(mapping.all(), Flags::empty()), Reason::Wired);
    assert_eq!(fault.address, mapping.address(1) as u64);
    assert_eq!(fault.place(), None);
    let shown = format!("at {:#x}: ", fault.address);
    assert!(fault.to_string().starts_with(&shown), "{fault}");

    mapping.unmap(1..2)?;
    let hole = refused(map.sync(mapping.all(), Flags::empty()), Reason::Hole);
    assert_eq!(hole.place(), None);

    let special = vm_map_sync_tests::maps::entry("[vdso]")?;
    let special = refused(map.sync(special, Flags::empty()), Reason::Special);
    assert_eq!(special.place(), None);
    Ok(())
}

/// What is there when it is looked for is not what was not there.
pub fn hole_that_comes_and_goes() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    let crowd = Crowd::<2>::new(fewer(500));
    thread::scope(|scope| {
        scope.spawn(|| {
            crowd.act(0, || {
                mapping.unmap(3..4).expect("it is mapped");
                let again = mapping.map(3..4, file.file(), 3, Share::Shared);
                again.is_ok()
            });
        });
        crowd.act(1, || match map.sync(mapping.all(), Flags::empty()) {
            Ok(_) => false,
            outcome => {
                assert_eq!(refused(outcome, Reason::Hole).place(), None);
                true
            }
        });
    });
    Ok(())
}

/// It is not 0, although a file can be there.
pub fn no_address_is_no_place() -> Verdict {
    let file = TestFile::new(1)?;
    let flags = libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: Nothing is there, or it fails.
    let at = unsafe {
        libc::mmap(
            ptr::null_mut(),
            PAGE,
            libc::PROT_READ,
            flags,
            file.file().as_raw_fd(),
            0,
        )
    };
    assert!(at.is_null(), "root may do that");
    let outcome = Map::current()?.sync(0..PAGE, Flags::from_bits_retain(1 << 31));
    let fault = refused(outcome, Reason::Argument);
    assert_eq!((fault.address, fault.place()), (0, None));
    Ok(())
}

/// The rest is told all the same.
pub fn nothing_is_said_without_proc() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let bytes = locked(file.file(), 0)?;
    let map = Map::current()?;
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(none, "/proc", Some("tmpfs"), MsFlags::empty(), none)?;
    let fault = wired(&map, &bytes);
    assert_eq!(fault.address, bytes.as_ptr().addr() as u64);
    assert_eq!(fault.place(), None);
    let fault = refused(
        map.sync_file(File::open("/dev/null")?, .., BOTH),
        Reason::Descriptor,
    );
    assert_eq!(fault.place(), None);
    Ok(())
}
