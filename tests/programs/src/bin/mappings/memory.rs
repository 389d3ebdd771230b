// SPDX-License-Identifier: GPL-2.0

//! Mappings of memory: nothing is done to them, and nothing goes wrong with them.

use nix::sys::memfd::{
    memfd_create,
    MemFdCreateFlag, //
};
use std::{
    fs::{
        self,
        File, //
    },
    io,
    ops::Range,
    os::fd::{
        AsFd,
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
    ptr, //
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
        succeeds_beside,
        succeeds_somehow,
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
    maps::entry,
    PAGE, //
};

/// Calls, with all flags, on memory that has `words` at the starts of its pages.
#[track_caller]
fn nothing_is_done(mapping: &Mapping, words: Range<u64>) {
    let map = Map::current().expect("the device is there");
    for flags in ALL {
        let pages = mapping.pages();
        succeeds_beside(&map, mapping.all(), flags, counts(0, 0), pages);
        assert!((0..mapping.pages())
            .map(|page| mapping.peek(page))
            .eq(words.clone()));
    }
}

/// The stack is memory as any other; what lies below it is a hole, and does not grow it.
pub fn stack() -> Verdict {
    let word = 0x1234_5678_u64;
    let map = Map::current()?;
    let before = entry("[stack]")?;
    let address = ptr::from_ref(&word).addr();
    assert!(before.contains(&address));
    for flags in ALL {
        succeeds(&map, before.clone(), flags, counts(0, 0));
        succeeds(&map, address..address + 8, flags, counts(0, 0));
        let below = before.start - PAGE;
        refused(&map, below..before.end, flags, Reason::Hole, below);
        refused(&map, below..below, flags, Reason::Hole, below);
    }
    assert_eq!(std::hint::black_box(word), 0x1234_5678);
    assert_eq!(entry("[stack]")?, before, "the stack has grown");
    Ok(())
}

/// The same with a mapping of one's own that grows downwards when it is touched.
pub fn stack_that_grows() -> Verdict {
    // The kernel keeps a gap of up to 256 pages below it.
    const ROOM: usize = 600;
    let place = Mapping::reserve(ROOM)?;
    place.unmap(0..ROOM)?;
    place.map_anonymous(ROOM - 2..ROOM, libc::MAP_PRIVATE | libc::MAP_GROWSDOWN)?;
    place.poke(ROOM - 1, 7);
    let map = Map::current()?;
    for flags in ALL {
        succeeds(&map, place.range(ROOM - 2..ROOM), flags, counts(0, 0));
        let hole = place.address(ROOM - 3);
        refused(&map, place.range(ROOM - 3..ROOM), flags, Reason::Hole, hole);
    }
    // Now it grows.
    place.poke(ROOM - 3, 8);
    for flags in ALL {
        succeeds(&map, place.range(ROOM - 3..ROOM), flags, counts(0, 0));
    }
    assert_eq!((place.peek(ROOM - 3), place.peek(ROOM - 1)), (8, 7));
    Ok(())
}

/// `_IOWR(0xaa, 0x3f, struct uffdio_api)`.
const UFFDIO_API: libc::Ioctl = 0xc018_aa3f;
/// `_IOWR(0xaa, 0x00, struct uffdio_register)`.
const UFFDIO_REGISTER: libc::Ioctl = 0xc020_aa00;
const UFFD_API: u64 = 0xaa;
const REGISTER_MODE_MISSING: u64 = 1;

/// Pages that somebody else is asked for when they are touched: nobody is asked for them.
pub fn user_faults() -> Verdict {
    let file = TestFile::new(4)?;
    let mapping = Mapping::reserve(12)?;
    mapping.map(0..4, file.file(), 0, Share::Shared)?;
    mapping.map_anonymous(4..8, libc::MAP_PRIVATE)?;
    mapping.map_anonymous(8..12, libc::MAP_SHARED)?;
    // SAFETY: The call takes flags only.
    let code = unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK) };
    let descriptor = i32::try_from(code).map_err(io::Error::other)?;
    if descriptor < 0 {
        return match io::Error::last_os_error().raw_os_error() {
            Some(libc::ENOSYS) => Err(Failure::skip("no userfaultfd")),
            _ => Err(io::Error::last_os_error().into()),
        };
    }
    // SAFETY: It was just made, and is nobody else's.
    let user = unsafe { OwnedFd::from_raw_fd(descriptor) };
    user_ioctl(&user, UFFDIO_API, &mut [UFFD_API, 0, 0])?;
    for part in [4..8, 8..12] {
        let range = mapping.range(part);
        let (start, length) = (range.start as u64, range.len() as u64);
        let register = &mut [start, length, REGISTER_MODE_MISSING, 0];
        user_ioctl(&user, UFFDIO_REGISTER, register)?;
    }
    mapping.poke(1, 1);
    let map = Map::current()?;
    for flags in ALL {
        let dirty = file.cached()?;
        succeeds(
            &map,
            mapping.all(),
            flags,
            counts(
                dirty.dirty,
                match flags.contains(Flags::INVALIDATE) {
                    true => dirty.resident,
                    false => 0,
                },
            ),
        );
    }
    assert_eq!(file.cached()?.resident, 0);
    // Whoever serves the faults would find one to read here.
    let mut message = [0; 32];
    let error = nix::unistd::read(user.as_raw_fd(), &mut message).expect_err("a fault");
    assert_eq!(error, nix::errno::Errno::EAGAIN);
    assert_eq!(mapping.present(4..12)?, [false; 8]);
    Ok(())
}

fn user_ioctl(user: &impl AsFd, command: libc::Ioctl, words: &mut [u64]) -> io::Result<()> {
    // SAFETY: The words are as many as the structure of the command has.
    let code = unsafe { libc::ioctl(user.as_fd().as_raw_fd(), command, words.as_mut_ptr()) };
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Shared memory of System V.
pub fn system_v() -> Verdict {
    let mapping = Mapping::reserve(4)?;
    // SAFETY: The call takes numbers only.
    let segment = unsafe { libc::shmget(libc::IPC_PRIVATE, 4 * PAGE, 0o600) };
    if segment < 0 {
        return match io::Error::last_os_error().raw_os_error() {
            Some(libc::ENOSYS) => Err(Failure::skip("no shared memory of System V")),
            _ => Err(io::Error::last_os_error().into()),
        };
    }
    // SAFETY: The addresses are reserved for `mapping`, and no reference into it is ever made.
    let at = unsafe { libc::shmat(segment, mapping.address(0) as *const _, libc::SHM_REMAP) };
    let attached = at.addr();
    // SAFETY: The call takes numbers only. The segment goes with its last user.
    unsafe { libc::shmctl(segment, libc::IPC_RMID, ptr::null_mut()) };
    assert_eq!(attached, mapping.address(0));
    (0..4).for_each(|page| mapping.poke(page, 30 + page as u64));
    nothing_is_done(&mapping, 30..34);
    Ok(())
}

/// A private mapping of /dev/zero has a file, but nothing is in that.
pub fn dev_zero() -> Verdict {
    let file = File::options().read(true).write(true).open("/dev/zero")?;
    for share in [Share::Private, Share::Shared] {
        let mapping = Mapping::reserve(4)?;
        mapping.map(0..4, &file, 0, share)?;
        (0..4).for_each(|page| mapping.poke(page, 40 + page as u64));
        nothing_is_done(&mapping, 40..44);
    }
    Ok(())
}

/// Anonymous huge pages, in whole and in part.
pub fn huge_pages() -> Verdict {
    const HUGE: usize = (2 << 20) / PAGE;
    let mapping = Mapping::reserve(3 * HUGE)?;
    mapping.map_anonymous(0..3 * HUGE, libc::MAP_PRIVATE)?;
    mapping.advise(0..3 * HUGE, libc::MADV_HUGEPAGE)?;
    (0..3 * HUGE).for_each(|page| mapping.poke(page, page as u64));
    nothing_is_done(&mapping, 0..3 * HUGE as u64);
    let part = mapping.range(HUGE + 7..2 * HUGE + 9);
    succeeds(&Map::current()?, part, BOTH, counts(0, 0));
    assert!((0..3 * HUGE).all(|page| mapping.peek(page) == page as u64));
    Ok(())
}

/// Pages that nothing is ever done to can be told from those that were not cached: those of a range,
/// whether they were ever touched or not, with any flags.
pub fn pages_without_a_pager_are_told() -> Verdict {
    const FILE: usize = 4;
    const DIRTY: [usize; 2] = [0, 3];

    let shared = File::from(memfd_create(c"unpaged", MemFdCreateFlag::empty())?);
    shared.set_len((2 * PAGE) as u64)?;
    // A tmpfs; the file has no name any more.
    let path = format!("/dev/shm/unpaged-{}", std::process::id());
    let tmpfs = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)?;
    fs::remove_file(&path)?;
    tmpfs.set_len(PAGE as u64)?;
    let forgetful = ALL.map(|flags| flags | Flags::FORGET_ERRORS);
    for flags in ALL.into_iter().chain(forgetful) {
        let file = TestFile::new(FILE)?;
        let mapping = Mapping::reserve(FILE + 5)?;
        // A page for no access, the file, memory of all kinds.
        mapping.map(1..1 + FILE, file.file(), 0, Share::Shared)?;
        mapping.map(1 + FILE..3 + FILE, &shared, 0, Share::Shared)?;
        mapping.map(3 + FILE..4 + FILE, &tmpfs, 0, Share::Shared)?;
        mapping.map_anonymous(4 + FILE..5 + FILE, libc::MAP_PRIVATE)?;
        mapping.poke(2 + FILE, 1);
        let own = file.map()?;
        own.fill(1, DIRTY);

        let map = Map::current()?;
        let none = counts(0, 0);
        let behind = mapping.range(1 + FILE..5 + FILE);
        succeeds_beside(&map, behind, flags, none, 4);
        succeeds_beside(&map, mapping.range(0..1), flags, none, 1);
        let freed = match flags.contains(Flags::INVALIDATE) {
            true => FILE as u64,
            false => 0,
        };
        let want = counts(DIRTY.len() as u64, freed);
        succeeds_beside(&map, mapping.all(), flags, want, 5);
        // Of the file alone there is nothing to tell, cached or not.
        if flags.contains(Flags::INVALIDATE) {
            succeeds_beside(&map, mapping.range(1..1 + FILE), flags, none, 0);
        }
        let part = mapping.range(FILE..2 + FILE);
        let outcome = succeeds_somehow(&map, part, flags);
        assert_eq!((outcome.unpaged, outcome.left), (1, 0), "{flags:?}");
        own.assert_has(1, DIRTY);
        assert_eq!(mapping.peek(2 + FILE), 1);
    }
    Ok(())
}
