// SPDX-License-Identifier: GPL-2.0

//! Calls: this project's, and what else there is.

use crate::Done;
use io_uring::{
    opcode,
    types::{
        Fd,
        FsyncFlags, //
    },
    IoUring, //
};
use std::{
    fs::{
        self,
        File, //
    },
    io,
    ops::Range,
    os::fd::{
        AsRawFd,
        RawFd, //
    },
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    harness::Failure,
    mapping::Mapping,
    PAGE, //
};

/// This project's call.
pub fn ours(map: &Map, range: Range<usize>, flags: Flags) -> Done {
    map.sync(range, flags)?;
    Ok(())
}

/// `msync()` of all of a mapping.
pub fn msync(mapping: &Mapping, flags: libc::c_int) -> Done {
    Ok(mapping.msync(0..mapping.pages(), flags)?)
}

/// `sync_file_range()` with all flags, of all of a file.
pub fn sync_file_range(file: &File) -> Done {
    let flags = libc::SYNC_FILE_RANGE_WAIT_BEFORE
        | libc::SYNC_FILE_RANGE_WRITE
        | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    // SAFETY: It takes nothing but numbers.
    succeeded(unsafe { libc::sync_file_range(file.as_raw_fd(), 0, 0, flags) }.into())
}

/// `syncfs()` of the file system that a file is on.
pub fn syncfs(file: &File) -> Done {
    // SAFETY: It takes nothing but a number.
    succeeded(unsafe { libc::syncfs(file.as_raw_fd()) }.into())
}

/// `fdatasync()` of files, each in a thread of its own.
pub fn fdatasync_by_threads(files: &[File]) -> Done {
    std::thread::scope(|scope| {
        let threads: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(|| file.sync_data()))
            .collect();
        for thread in threads {
            let result = thread.join();
            result.map_err(|_| Failure::Failed("a thread panicked".to_owned()))??;
        }
        Ok(())
    })
}

/// `posix_fadvise()` of all of a file.
pub fn fadvise(file: &File, advice: libc::c_int) -> Done {
    // A length of 0 means all that follows.
    fadvise_range(file, 0..0, advice)
}

/// `posix_fadvise()` of some pages of a file.
pub fn fadvise_range(file: &File, pages: Range<usize>, advice: libc::c_int) -> Done {
    let offset = libc::off_t::try_from(pages.start * PAGE)?;
    let length = libc::off_t::try_from(pages.len() * PAGE)?;
    // SAFETY: It takes nothing but numbers.
    match unsafe { libc::posix_fadvise(file.as_raw_fd(), offset, length, advice) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code).into()),
    }
}

/// Drops all clean pages of all files that nobody has mapped.
pub fn drop_caches() -> Done {
    Ok(fs::write("/proc/sys/vm/drop_caches", "1")?)
}

/// `process_madvise()` of a range of another process.
pub fn process_madvise(process: RawFd, range: Range<usize>, advice: libc::c_int) -> Done {
    let mut rest = range;
    while !rest.is_empty() {
        let span = libc::iovec {
            iov_base: rest.start as *mut _,
            iov_len: rest.len(),
        };
        // SAFETY: The structure lives until the call returns, and nothing of this process is
        // touched.
        let done = unsafe {
            libc::syscall(
                libc::SYS_process_madvise,
                process,
                &raw const span,
                1,
                advice,
                0,
            )
        };
        succeeded(done)?;
        // It does 2 GiB at once at the most.
        let done = usize::try_from(done)?;
        if done < PAGE {
            return Err(Failure::Failed("process_madvise does nothing".to_owned()));
        }
        rest.start += done;
    }
    Ok(())
}

/// An `io_uring` for as many commits at once as it has entries.
pub struct Ring(IoUring);

impl Ring {
    /// Makes one that works on all its entries at the same time. By itself it would be as many as
    /// four for each processor.
    pub fn new(entries: u32) -> Done<Self> {
        let ring = IoUring::new(entries.next_power_of_two())?;
        ring.submitter()
            .register_iowq_max_workers(&mut [entries, entries])?;
        Ok(Self(ring))
    }

    /// `IORING_OP_FSYNC` with `IORING_FSYNC_DATASYNC` of all files, all submitted at once.
    pub fn fdatasync(&mut self, files: &[File]) -> Done {
        for file in files {
            let entry = opcode::Fsync::new(Fd(file.as_raw_fd()))
                .flags(FsyncFlags::DATASYNC)
                .build();
            // SAFETY: The entry refers to no memory, and the file is open until it is done.
            unsafe { self.0.submission().push(&entry) }?;
        }
        self.0.submit_and_wait(files.len())?;
        let mut done = 0;
        for entry in self.0.completion() {
            succeeded(entry.result().into())?;
            done += 1;
        }
        if done != files.len() {
            return Err(Failure::Failed(format!("{done} commits were done")));
        }
        Ok(())
    }
}

fn succeeded(code: libc::c_long) -> Done {
    if code < -1 {
        // As io_uring has it.
        return Err(io::Error::from_raw_os_error(i32::try_from(-code)?).into());
    }
    if code < 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(())
}
