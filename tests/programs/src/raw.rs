// SPDX-License-Identifier: GPL-2.0

//! Raw calls: the device as it is, for what no client would do.

use crate::{
    mapping::Mapping,
    PAGE, //
};
use nix::errno::Errno;
use std::{
    io,
    ops::Range,
    os::fd::{
        AsFd,
        AsRawFd, //
    },
    ptr,
};
use vm_map_sync::uapi::{
    self,
    vm_map_sync_args,
    vm_map_sync_features,
    vm_map_sync_info,
    vm_map_sync_range,
    vm_map_sync_result,
    vm_map_sync_stat,
    vm_map_sync_vector, //
};

/// Bytes of the structure.
pub const SIZE: usize = size_of::<vm_map_sync_args>();

/// A valid argument.
pub fn args(range: &Range<usize>, flags: u32) -> vm_map_sync_args {
    vm_map_sync_args {
        size: SIZE as u32,
        flags,
        start: range.start as u64,
        end: range.end as u64,
        fd: 0,
        reserved: 0,
        result: junk(),
    }
}

/// What can be in a result that was not filled in yet: anything.
pub fn junk() -> vm_map_sync_result {
    vm_map_sync_result {
        kern_return: 0x1111_1111,
        reason: 0x2222_2222,
        error: 0x3333_3333,
        range: 0x4444_4444,
        address: 0x5555_5555_5555_5555,
        done: 0x6666_6666_6666_6666,
        pushed: 0x7777_7777_7777_7777,
        freed: 0x8888_8888_8888_8888,
        beyond: 0x9999_9999_9999_9999,
        left: 0xaaaa_aaaa_aaaa_aaaa,
        unpaged: 0xbbbb_bbbb_bbbb_bbbb,
        skipped: 0xcccc_cccc_cccc_cccc,
    }
}

/// Calls the device with the sync command and a pointer of any kind.
pub fn sync_at(device: &impl AsFd, address: usize) -> Result<(), Errno> {
    ioctl(device, uapi::VM_MAP_SYNC_SYNC, address)
}

/// Calls the device with a command of any kind and a pointer of any kind.
pub fn ioctl(device: &impl AsFd, command: u32, address: usize) -> Result<(), Errno> {
    let device = device.as_fd().as_raw_fd();
    // SAFETY: The device writes at `address` only if the command is the one for it, and then no
    // further than a structure goes. All callers pass memory for that which Rust does not know of,
    // or none at all.
    let code = unsafe { libc::ioctl(device, libc::Ioctl::from(command), address) };
    Errno::result(code).map(drop)
}

/// A structure of the ABI.
///
/// # Safety
///
/// Any bytes must be one.
pub unsafe trait Structure: Copy {}

// SAFETY: It has nothing but numbers in it.
unsafe impl Structure for vm_map_sync_args {}
// SAFETY: As above.
unsafe impl Structure for vm_map_sync_vector {}
// SAFETY: As above.
unsafe impl Structure for vm_map_sync_range {}
// SAFETY: As above.
unsafe impl Structure for vm_map_sync_stat {}
// SAFETY: As above.
unsafe impl Structure for vm_map_sync_info {}
// SAFETY: As above.
unsafe impl Structure for vm_map_sync_features {}

/// Memory for structures, with a page more behind it than one takes.
pub struct Desk(Mapping);

impl Desk {
    /// New memory, all zero.
    pub fn new() -> io::Result<Self> {
        Self::with_room(1)
    }

    /// The same, with room for so many pages of structures.
    pub fn with_room(pages: usize) -> io::Result<Self> {
        let memory = Mapping::reserve(pages + 1)?;
        memory.map_anonymous(0..pages + 1, libc::MAP_PRIVATE)?;
        Ok(Self(memory))
    }

    /// The memory.
    pub fn memory(&self) -> &Mapping {
        &self.0
    }

    /// The address of byte `offset`.
    pub fn address(&self, offset: usize) -> usize {
        self.0.address(0) + offset
    }

    /// Puts a structure at byte `offset`.
    pub fn put<T: Structure>(&self, offset: usize, structure: &T) {
        self.assert_room(offset, size_of::<T>());
        // SAFETY: There is room for it.
        unsafe { ptr::write_unaligned(self.address(offset) as *mut _, *structure) };
    }

    /// The structure at byte `offset`.
    pub fn get<T: Structure>(&self, offset: usize) -> T {
        self.assert_room(offset, size_of::<T>());
        // SAFETY: All bytes are within the memory, and any are a structure.
        unsafe { ptr::read_unaligned(self.address(offset) as *const _) }
    }

    /// Writes a byte.
    pub fn set(&self, offset: usize, byte: u8) {
        self.assert_room(offset, 1);
        // SAFETY: It is within the memory.
        unsafe { ptr::write_volatile(self.address(offset) as *mut u8, byte) };
    }

    #[track_caller]
    fn assert_room(&self, offset: usize, size: usize) {
        assert!(offset + size <= self.0.pages() * PAGE);
    }

    /// Puts `args` at the start and calls the device with them. Returns them as they are afterwards.
    pub fn call(
        &self,
        device: &impl AsFd,
        args: &vm_map_sync_args,
    ) -> (Result<(), Errno>, vm_map_sync_args) {
        self.call_with(device, uapi::VM_MAP_SYNC_SYNC, args)
    }

    /// The same with another command, and what that takes.
    pub fn call_with<T: Structure>(
        &self,
        device: &impl AsFd,
        command: u32,
        argument: &T,
    ) -> (Result<(), Errno>, T) {
        self.put(0, argument);
        let code = ioctl(device, command, self.address(0));
        (code, self.get(0))
    }
}

/// The fields of a result, to compare them: the structure is made from C and has no such notion.
pub fn fields(result: &vm_map_sync_result) -> [u64; 12] {
    [
        result.kern_return.into(),
        result.reason.into(),
        // As the bits that they are.
        u64::from(result.error as u32),
        result.range.into(),
        result.address,
        result.done,
        result.pushed,
        result.freed,
        result.beyond,
        result.left,
        result.unpaged,
        result.skipped,
    ]
}
