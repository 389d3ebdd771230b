// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The system, by plain calls: libc's `open()`, `close()` and `write()` are cancellation points of their
//! own, and its `msync()` is the one of this library.

use core::ffi::CStr;
use libc::{
    c_int,
    c_long,
    c_void,
    dev_t,
    iovec, //
};

/// A call that failed: its error number.
pub(crate) type Result<T> = core::result::Result<T, c_int>;

/// The thread's error number.
pub(crate) fn errno() -> c_int {
    // SAFETY: There always is one.
    unsafe { *libc::__errno_location() }
}

/// Sets the thread's error number.
pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: As above.
    unsafe { *libc::__errno_location() = errno };
}

fn check(code: c_long) -> Result<c_int> {
    if code < 0 {
        return Err(errno());
    }
    // Descriptors and counts of a few bytes.
    Ok(code as c_int)
}

/// The real `msync()`.
pub(crate) fn msync(start: usize, length: usize, flags: c_int) -> Result<()> {
    // SAFETY: It changes nothing that a program could see, but on the disk.
    check(unsafe { libc::syscall(libc::SYS_msync, start, length, flags) }).map(drop)
}

/// Opens a file, close-on-exec.
pub(crate) fn open(path: &CStr) -> Result<c_int> {
    let flags = libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
    // SAFETY: The path ends where it is to end.
    check(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) })
}

/// Closes a descriptor.
pub(crate) fn close(descriptor: c_int) {
    // SAFETY: All callers have opened it themselves.
    unsafe { libc::syscall(libc::SYS_close, descriptor) };
}

/// Another descriptor of the same file, close-on-exec, with the smallest free number from `least` on.
pub(crate) fn duplicate(descriptor: c_int, least: c_int) -> Result<c_int> {
    // SAFETY: Nothing becomes of the one that there is.
    check(unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, least) }.into())
}

/// The number of the character device that a descriptor is one of.
pub(crate) fn device_of(descriptor: c_int) -> Option<dev_t> {
    // SAFETY: It consists of numbers.
    let mut status: libc::stat = unsafe { core::mem::zeroed() };
    // SAFETY: There is room for a status; the descriptor may be open or not.
    check(unsafe { libc::fstat(descriptor, &raw mut status) }.into()).ok()?;
    (status.st_mode & libc::S_IFMT == libc::S_IFCHR).then_some(status.st_rdev)
}

/// Calls a device.
///
/// # Safety
///
/// `argument` must be what the device takes with `command`.
pub(crate) unsafe fn ioctl<T>(descriptor: c_int, command: u32, argument: &mut T) -> Result<()> {
    let argument: *mut T = argument;
    // SAFETY: The caller promises it.
    let code = unsafe { libc::ioctl(descriptor, command as libc::Ioctl, argument) };
    check(code.into()).map(drop)
}

/// The size of a page.
pub(crate) fn page_size() -> usize {
    // SAFETY: It is merely a question.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Writes a line on the standard error, in one piece.
pub(crate) fn complain<const N: usize>(parts: [&[u8]; N]) {
    let pieces = parts.map(|part| iovec {
        iov_base: part.as_ptr() as *mut c_void,
        iov_len: part.len(),
    });
    // SAFETY: The pieces are what they say, and are only read.
    unsafe { libc::syscall(libc::SYS_writev, libc::STDERR_FILENO, pieces.as_ptr(), N) };
}
