// SPDX-License-Identifier: GPL-2.0

//! By ring: with `VMS_RING` in their environment the programs do by an io_uring what they would do by
//! `ioctl()`, and should not see a difference.
//!
//! While a call is under way nothing of the ring is mapped, since whole maps are what some calls are about. Its
//! memory is of the program's own, to be mapped where nobody else maps anything: others make holes and fill them.

use nix::{
    errno::Errno,
    fcntl::{
        fcntl,
        FcntlArg, //
    },
    sys::memfd::{
        memfd_create,
        MemFdCreateFlag, //
    },
};
use std::{
    cell::RefCell,
    env,
    fs::File,
    io,
    mem::offset_of,
    os::fd::{
        AsRawFd,
        FromRawFd,
        OwnedFd, //
    },
    process,
    ptr,
    sync::LazyLock, //
};
use vm_map_sync::uapi::VM_MAP_SYNC_IOCTL_MAGIC;

use crate::PAGE;

static BY_RING: LazyLock<bool> = LazyLock::new(|| env::var_os("VMS_RING").is_some());

thread_local! {
    static RING: RefCell<Option<Ring>> = const { RefCell::new(None) };
}

/// `ioctl()` of all that is linked into the programs.
///
/// # Safety
///
/// That of the command.
#[no_mangle]
unsafe extern "C" fn ioctl(device: i32, command: libc::c_ulong, argument: usize) -> i32 {
    let is_ours = (command >> 8) & 0xff == VM_MAP_SYNC_IOCTL_MAGIC.into();
    if is_ours && *BY_RING {
        return match by_ring(device, command as u32, argument) {
            Ok(value) => value,
            Err(errno) => {
                errno.set();
                -1
            }
        };
    }
    // SAFETY: The caller promises it.
    unsafe { libc::syscall(libc::SYS_ioctl, device, command, argument) as i32 }
}

fn by_ring(device: i32, command: u32, argument: usize) -> Result<i32, Errno> {
    RING.with_borrow_mut(|ring| {
        // One that was inherited is another's.
        if ring.as_ref().is_none_or(|ring| ring.owner != process::id()) {
            *ring = Some(Ring::new()?);
        }
        let Some(ring) = ring else {
            return Err(Errno::EBADF);
        };
        ring.call(device, command, argument)
    })
}

const SETUP_NO_MMAP: u32 = 1 << 14;
const SETUP_NO_SQARRAY: u32 = 1 << 16;
const ENTER_GETEVENTS: u32 = 1;
const OP_URING_CMD: u8 = 46;
/// Bytes of the memory of a ring: a page for both queues, and one for the entries of the first.
const MEMORY: usize = 2 * PAGE;
/// Where the rings of all threads are mapped, one behind the other by the numbers of the threads.
const PLACE: usize = 0x1000_0000_0000;

/// `struct io_uring_params` of linux/io_uring.h.
#[derive(Default)]
#[repr(C)]
struct Parameters {
    entries: [u32; 2],
    flags: u32,
    more: [u32; 7],
    /// head, tail, mask, entries, flags, dropped, array
    submission: [u32; 8],
    entries_at: usize,
    /// head, tail, mask, entries, overflow, cqes, flags
    completion: [u32; 8],
    queues_at: usize,
}

/// `struct io_uring_sqe`.
#[repr(C)]
struct Entry {
    opcode: u8,
    flags: u8,
    ioprio: u16,
    fd: i32,
    command: u32,
    more: [u32; 9],
    argument: usize,
    rest: u64,
}

/// A ring for one request at a time.
struct Ring {
    owner: u32,
    ring: OwnedFd,
    memory: File,
    parameters: Parameters,
}

impl Ring {
    fn new() -> Result<Self, Errno> {
        const { assert!(size_of::<Entry>() == 64 && offset_of!(Entry, argument) == 48) };
        // SAFETY: It has no conditions.
        let place = PLACE + MEMORY * unsafe { libc::gettid() } as usize;
        let mut parameters = Parameters {
            flags: SETUP_NO_MMAP | SETUP_NO_SQARRAY,
            entries_at: place + PAGE,
            queues_at: place,
            ..Parameters::default()
        };
        let memory = File::from(away(memfd_create(c"ring", MemFdCreateFlag::MFD_CLOEXEC)?)?);
        if let Err(error) = memory.set_len(MEMORY as u64) {
            return Err(Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)));
        }
        let code = with_memory(&memory, place, || {
            // SAFETY: The structure is the one of the call, and the memory is there.
            unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, &raw mut parameters) }
        })?;
        let ring = Errno::result(code)? as i32;
        Ok(Self {
            owner: process::id(),
            // SAFETY: It is a new descriptor that nobody else has.
            ring: away(unsafe { OwnedFd::from_raw_fd(ring) })?,
            memory,
            parameters,
        })
    }

    fn call(&self, device: i32, command: u32, argument: usize) -> Result<i32, Errno> {
        let at = self.parameters.queues_at;
        with_memory(&self.memory, at, || {
            let entry = Entry {
                opcode: OP_URING_CMD,
                flags: 0,
                ioprio: 0,
                fd: device,
                command,
                more: [0; 9],
                argument,
                rest: 0,
            };
            let tail = word(at, self.parameters.submission[1]);
            // SAFETY: The ring has one entry, and it is free. The kernel looks at it, and at the tail,
            // when it is told to.
            unsafe {
                ptr::write_volatile((at + PAGE) as *mut Entry, entry);
                tail.write_volatile(tail.read_volatile().wrapping_add(1));
            }
        })?;
        let mut submit = 1;
        loop {
            match self.enter(submit) {
                Ok(submitted) => submit -= submitted,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
            if let Some(code) = with_memory(&self.memory, at, || self.completed(at))? {
                return if code < 0 {
                    Err(Errno::from_raw(-code))
                } else {
                    Ok(code)
                };
            }
        }
    }

    /// What came of the request, if it has completed.
    fn completed(&self, at: usize) -> Option<i32> {
        let [head, tail, mask, _, _, entries, ..] = self.parameters.completion;
        // SAFETY: These are the words of the ring, of which the kernel writes the tail, and the
        // entries before that.
        unsafe {
            let head = word(at, head);
            let index = head.read_volatile();
            if index == word(at, tail).read_volatile() {
                return None;
            }
            let index = index & word(at, mask).read_volatile();
            // user_data, res, flags
            let code = word(at, entries + index * 16 + 8).read_volatile();
            head.write_volatile(head.read_volatile().wrapping_add(1));
            Some(code as i32)
        }
    }

    /// Has so many requests taken, and waits until one has completed.
    fn enter(&self, submit: u32) -> Result<u32, Errno> {
        // SAFETY: The request is what the caller of `ioctl()` promises.
        let code = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.ring.as_raw_fd(),
                submit,
                1,
                ENTER_GETEVENTS,
                0,
                0,
            )
        };
        Errno::result(code).map(|submitted| submitted as u32)
    }
}

/// The same file by a great number: some count on it that the least ones stay closed.
fn away(descriptor: OwnedFd) -> Result<OwnedFd, Errno> {
    const GREAT: i32 = 500;

    match fcntl(descriptor.as_raw_fd(), FcntlArg::F_DUPFD_CLOEXEC(GREAT)) {
        // SAFETY: It is a new descriptor that nobody else has.
        Ok(number) => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
        // There may not be as many.
        Err(Errno::EINVAL) => Ok(descriptor),
        Err(errno) => Err(errno),
    }
}

/// Does something while the memory of a ring is mapped at its place.
fn with_memory<T>(memory: &File, place: usize, work: impl FnOnce() -> T) -> Result<T, Errno> {
    // SAFETY: Nothing is there that would be replaced.
    let at = unsafe {
        libc::mmap(
            place as *mut _,
            MEMORY,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_FIXED_NOREPLACE,
            memory.as_raw_fd(),
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    let done = work();
    // SAFETY: It was just mapped, and nobody else knows of it.
    if unsafe { libc::munmap(at, MEMORY) } != 0 {
        panic!("a ring stays mapped: {}", io::Error::last_os_error());
    }
    Ok(done)
}

fn word(at: usize, offset: u32) -> *mut u32 {
    (at + offset as usize) as *mut u32
}
