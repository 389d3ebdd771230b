// SPDX-License-Identifier: GPL-2.0

//! Buffers that are registered with an io_uring: pinned for as long as the ring is there.

use nix::errno::Errno;
use std::{
    fs::File,
    ops::Range,
    os::fd::{
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
    ptr,
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        self,
        Counts,
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
    pattern,
    PAGE, //
};

const PAGES: usize = 12;
const HELD: Range<usize> = 3..7;

const ENTRIES: usize = 4;
const SETUP_NO_SQARRAY: u32 = 1 << 16;
const ENTER_GETEVENTS: u32 = 1;
const OP_READ_FIXED: u8 = 4;
const REGISTER_BUFFERS: u32 = 0;
/// Bytes of `struct io_uring_sqe`.
const SUBMISSION: usize = 64;
const OFF_SQES: i64 = 0x1000_0000;

/// `struct io_uring_params` of linux/io_uring.h.
#[derive(Default)]
#[repr(C)]
struct Parameters {
    entries: [u32; 2],
    flags: u32,
    more: [u32; 7],
    /// head, tail, mask, entries, flags, dropped, array
    submission: [u32; 10],
    /// head, tail, mask, entries, overflow, cqes, flags
    completion: [u32; 10],
}

/// A ring with one registered buffer.
struct Ring {
    ring: File,
    shared: usize,
    submissions: usize,
    parameters: Parameters,
}

impl Ring {
    fn new() -> Result<Self, Failure> {
        let mut parameters = Parameters {
            flags: SETUP_NO_SQARRAY,
            ..Parameters::default()
        };
        // SAFETY: The structure is the one of the call.
        let code = unsafe { libc::syscall(libc::SYS_io_uring_setup, ENTRIES, &raw mut parameters) };
        let ring = match Errno::result(code) {
            Err(errno @ (Errno::ENOSYS | Errno::EPERM)) => {
                return Err(Failure::skip(format!("no io_uring here: {errno}")))
            }
            other => other? as i32,
        };
        // SAFETY: It is a new descriptor that nobody else has.
        let ring = File::from(unsafe { OwnedFd::from_raw_fd(ring) });
        let area = |length, offset| {
            // SAFETY: The kernel chooses the address.
            let at = unsafe {
                libc::mmap(
                    ptr::null_mut(),
                    length,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    ring.as_raw_fd(),
                    offset,
                )
            };
            Errno::result(at as isize).map(|at| at as usize)
        };
        // Both queues are in one area; a page has room for them.
        Ok(Self {
            shared: area(PAGE, 0)?,
            submissions: area(ENTRIES * SUBMISSION, OFF_SQES)?,
            ring,
            parameters,
        })
    }

    fn register(&self, range: &Range<usize>) -> Result<(), Errno> {
        let vector = [range.start, range.len()];
        // SAFETY: The vector is a `struct iovec`, and the memory is mapped.
        let code = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.ring.as_raw_fd(),
                REGISTER_BUFFERS,
                &raw const vector,
                1,
            )
        };
        Errno::result(code).map(drop)
    }

    /// Reads from `file`, at byte `offset`, into the registered buffer at `range`.
    fn read(&self, file: &File, offset: usize, range: &Range<usize>) -> Verdict {
        let mut entry = [0u8; SUBMISSION];
        entry[0] = OP_READ_FIXED;
        entry[4..8].copy_from_slice(&file.as_raw_fd().to_ne_bytes());
        entry[8..16].copy_from_slice(&offset.to_ne_bytes());
        entry[16..24].copy_from_slice(&range.start.to_ne_bytes());
        entry[24..28].copy_from_slice(&(range.len() as u32).to_ne_bytes());
        let word = |offset: u32| (self.shared + offset as usize) as *mut u32;
        // SAFETY: The ring is empty, so the first entry is free, and the kernel looks at it and at
        // the tail only when it is told to, below.
        unsafe {
            let tail = word(self.parameters.submission[1]);
            let slot = tail.read_volatile() as usize % ENTRIES;
            let at = (self.submissions + slot * SUBMISSION) as *mut [u8; SUBMISSION];
            at.write_volatile(entry);
            tail.write_volatile(tail.read_volatile().wrapping_add(1));
        }
        // SAFETY: What the ring is to do is sound: the buffer is mapped, or registered at least.
        let code = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.ring.as_raw_fd(),
                1,
                1,
                ENTER_GETEVENTS,
                0,
                0,
            )
        };
        assert_eq!(Errno::result(code)?, 1);
        // SAFETY: The one completion is there, since it was waited for.
        let result = unsafe {
            let head = word(self.parameters.completion[0]);
            let mask = word(self.parameters.completion[2]).read_volatile();
            let index = head.read_volatile() & mask;
            head.write_volatile(head.read_volatile().wrapping_add(1));
            // user_data, res, flags
            word(self.parameters.completion[5] + index * 16 + 8).read_volatile() as i32
        };
        assert_eq!(result, range.len() as i32, "what the ring read");
        Ok(())
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for (at, length) in [
            (self.shared, PAGE),
            (self.submissions, ENTRIES * SUBMISSION),
        ] {
            // SAFETY: It was mapped for this ring, which nobody uses any more.
            unsafe { libc::munmap(at as *mut _, length) };
        }
    }
}

/// Version 2 of the held pages, to be read from.
fn source() -> Result<TestFile, Failure> {
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    mapping.fill(2, HELD);
    Ok(file)
}

pub fn registered_buffers() -> Verdict {
    let ring = Ring::new()?;
    let source = source()?;
    let file = TestFile::new(PAGES)?;
    let mapping = file.map()?;
    let map = Map::current()?;
    mapping.fill(1, 0..PAGES);

    let held = mapping.range(HELD);
    match ring.register(&held) {
        Ok(()) => {}
        // Linux does not let pages of a file be pinned for long and written to behind the back of
        // its file system (`writable_file_mapping_allowed()`), so they are nobody's.
        Err(Errno::EFAULT | Errno::EOPNOTSUPP) => {
            let all = PAGES as u64;
            check::succeeds(&map, mapping.all(), BOTH, check::counts(all, all));
            return Ok(());
        }
        Err(errno) => return Err(errno.into()),
    }
    let count = HELD.len() as u64;
    let want = Counts {
        pushed: PAGES as u64,
        freed: PAGES as u64 - count,
        left: count,
        ..Counts::default()
    };
    check::busy(&map, mapping.all(), BOTH, want, held.start);
    ring.read(source.file(), HELD.start * PAGE, &held)?;
    drop(ring);
    mapping.assert_has(2, HELD);
    // The ring lets go of the pages when its last work is done, which nobody is told of.
    check::succeeds_in_the_end(&map, mapping.all(), BOTH);
    file.assert_on_disk(2, HELD);
    Ok(())
}

pub fn registered_private_copies() -> Verdict {
    let ring = Ring::new()?;
    let source = source()?;
    let file = TestFile::new(PAGES)?;
    let mapping = Mapping::reserve(PAGES)?;
    mapping.map(0..PAGES, file.file(), 0, Share::Private)?;
    mapping.touch(0..PAGES);
    let map = Map::current()?;

    let held = mapping.range(HELD);
    ring.register(&held)?;
    // What is pinned are copies of the pages, which are none of the file's any more.
    check::succeeds(&map, mapping.all(), BOTH, check::counts(0, PAGES as u64));
    ring.read(source.file(), HELD.start * PAGE, &held)?;
    mapping.assert_has(2, HELD);
    check::succeeds_somehow(&map, mapping.all(), BOTH);
    mapping.assert_has(2, HELD);
    mapping.assert_has(0, 0..HELD.start);
    file.assert_on_disk(0, 0..PAGES);
    assert!(mapping.read(HELD.start) != pattern(0, HELD.start));
    Ok(())
}
