// SPDX-License-Identifier: GPL-2.0

//! Rings: commands of the device that are submitted to an io_uring.

use crate::harness::Failure;
use io_uring::{
    cqueue,
    opcode::UringCmd16,
    squeue::{
        Entry,
        EntryMarker, //
    },
    types::{
        Fd,
        Fixed, //
    },
    IoUring, //
};
use nix::errno::Errno;
use std::{
    io, mem,
    os::fd::{
        AsFd,
        AsRawFd,
        BorrowedFd, //
    },
};

/// Bytes of an entry (`struct io_uring_sqe`).
pub const ENTRY: usize = 64;

/// What a ring is set up by.
type Builder<S = Entry, C = cqueue::Entry> = io_uring::Builder<S, C>;

/// How many entries a ring has, if nothing else is said.
const ENTRIES: u32 = 64;

/// A ring, and what has come of what was submitted to it.
pub struct Ring<S: EntryMarker = Entry, C: cqueue::EntryMarker = cqueue::Entry> {
    ring: IoUring<S, C>,
}

/// The completion of a request: its number, and what came of it.
pub type Completion = (u64, Result<i32, Errno>);

impl Ring {
    /// A new ring.
    pub fn new() -> Result<Self, Failure> {
        Self::with(ENTRIES, |_| {})
    }

    /// A new ring with so many entries, set up in a way of its own.
    pub fn with(entries: u32, set_up: impl FnOnce(&mut Builder)) -> Result<Self, Failure> {
        Self::of_kind(entries, set_up)
    }
}

impl<S: EntryMarker, C: cqueue::EntryMarker + Into<cqueue::Entry> + Clone> Ring<S, C> {
    /// A new ring, the same, with entries and completions of some kind.
    pub fn of_kind(entries: u32, set_up: impl FnOnce(&mut Builder<S, C>)) -> Result<Self, Failure> {
        let mut builder = IoUring::<S, C>::builder();
        set_up(&mut builder);
        match builder.build(entries) {
            Ok(ring) => Ok(Self { ring }),
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
                Err(Failure::skip(format!("no io_uring here: {error}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The ring itself.
    pub fn ring(&self) -> &IoUring<S, C> {
        &self.ring
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: It is open as long as the ring is there.
        unsafe { BorrowedFd::borrow_raw(self.ring.as_raw_fd()) }
    }

    /// Puts a request into the queue. What it refers to is memory that Rust does not know of.
    pub fn push(&mut self, entry: impl Into<S>) {
        let entry = entry.into();
        // SAFETY: All callers pass memory that Rust does not know of, or none at all.
        unsafe { self.ring.submission().push(&entry) }.expect("there is room");
    }

    /// Has the kernel take what is in the queue, and waits for nothing.
    pub fn submit(&self) -> io::Result<usize> {
        self.ring.submit()
    }

    /// What has completed, without a system call.
    pub fn completed(&mut self) -> Vec<Completion> {
        let completions = self.ring.completion();
        completions
            .map(Into::<cqueue::Entry>::into)
            .map(|entry| (entry.user_data(), result(entry.result())))
            .collect()
    }

    /// Submits what is in the queue, and waits until so many requests have completed.
    pub fn wait(&mut self, count: usize) -> io::Result<Vec<Completion>> {
        let mut all = self.completed();
        while all.len() < count {
            match self.ring.submit_and_wait(1) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => {
                    other?;
                }
            }
            all.append(&mut self.completed());
        }
        Ok(all)
    }

    /// Has one request done, with nothing else in the ring.
    pub fn call(&mut self, entry: impl Into<S>) -> io::Result<Result<i32, Errno>> {
        self.push(entry);
        let all = self.wait(1)?;
        assert_eq!(all.len(), 1, "{all:?}");
        Ok(all[0].1)
    }
}

/// What a completion says.
fn result(code: i32) -> Result<i32, Errno> {
    if code < 0 {
        Err(Errno::from_raw(-code))
    } else {
        Ok(code)
    }
}

/// A command of the device, and the address of its argument.
pub fn command(device: &impl AsFd, number: u32, address: usize) -> Entry {
    let device = Fd(device.as_fd().as_raw_fd());
    UringCmd16::new(device, number).cmd(bytes(address)).build()
}

/// The same, by the number of a file that is registered with the ring.
pub fn command_of_registered(device: u32, number: u32, address: usize) -> Entry {
    UringCmd16::new(Fixed(device), number)
        .cmd(bytes(address))
        .build()
}

/// The 16 bytes of a command.
fn bytes(address: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&address.to_ne_bytes());
    bytes
}

/// An entry with another byte at `offset`.
pub fn with_byte(entry: Entry, offset: usize, byte: u8) -> Entry {
    const { assert!(size_of::<Entry>() == ENTRY) };
    // SAFETY: An entry has nothing but numbers in it, without padding.
    let mut bytes: [u8; ENTRY] = unsafe { mem::transmute(entry) };
    bytes[offset] = byte;
    // SAFETY: Any bytes are an entry.
    unsafe { mem::transmute(bytes) }
}
