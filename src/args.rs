// SPDX-License-Identifier: GPL-2.0

//! Arguments: what user space handed over, copied once.

use crate::{
    sys::user,
    uapi, //
};
use core::{
    cmp::min,
    mem::offset_of, //
};
use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    transmute::{
        AsBytes,
        FromBytes, //
    },
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// A structure of the ABI: first what the caller fills in, and then what is filled in for him. The argument
/// of a command starts with its size.
pub(crate) trait Structure: AsBytes + FromBytes + Default {
    /// Its first published size in bytes.
    const FIRST: u32;

    /// As many bytes as the caller fills in, from the first one on.
    type Input: AsBytes + FromBytes;

    /// How many that are.
    const INPUT: usize = size_of::<Self::Input>();
}

impl Structure for uapi::vm_map_sync_args {
    const FIRST: u32 = uapi::VM_MAP_SYNC_ARGS_SIZE_VER0;
    type Input = [u64; 4];
}

impl Structure for uapi::vm_map_sync_vector {
    const FIRST: u32 = uapi::VM_MAP_SYNC_VECTOR_SIZE_VER0;
    type Input = [u64; 4];
}

impl Structure for uapi::vm_map_sync_range {
    const FIRST: u32 = uapi::VM_MAP_SYNC_RANGE_SIZE_VER0;
    type Input = [u64; 3];
}

impl Structure for uapi::vm_map_sync_stat {
    const FIRST: u32 = uapi::VM_MAP_SYNC_STAT_SIZE_VER0;
    type Input = [u64; 3];
}

impl Structure for uapi::vm_map_sync_attach {
    const FIRST: u32 = uapi::VM_MAP_SYNC_ATTACH_SIZE_VER0;
    type Input = [u64; 2];
}

impl Structure for uapi::vm_map_sync_info {
    const FIRST: u32 = uapi::VM_MAP_SYNC_INFO_SIZE_VER0;
    type Input = [u64; 1];
}

impl Structure for uapi::vm_map_sync_features {
    const FIRST: u32 = uapi::VM_MAP_SYNC_FEATURES_SIZE_VER0;
    type Input = [u64; 1];
}

const _: () = assert!(
    offset_of!(uapi::vm_map_sync_args, result) == uapi::vm_map_sync_args::INPUT
        && offset_of!(uapi::vm_map_sync_range, result) == uapi::vm_map_sync_range::INPUT
        && offset_of!(uapi::vm_map_sync_vector, result) == uapi::vm_map_sync_vector::INPUT
        && offset_of!(uapi::vm_map_sync_stat, result) == uapi::vm_map_sync_stat::INPUT
        && size_of::<uapi::vm_map_sync_attach>() == uapi::vm_map_sync_attach::INPUT
        && offset_of!(uapi::vm_map_sync_info, whose) == uapi::vm_map_sync_info::INPUT
        && offset_of!(uapi::vm_map_sync_features, operations) == uapi::vm_map_sync_features::INPUT
);

/// A structure that a caller handed over, and where its answer goes.
pub(crate) struct Argument<T> {
    /// What the caller filled in; the rest is zero, until it is filled in for him.
    pub(crate) fields: T,
    user: UserPtr,
    /// How many of the bytes of `fields` the caller has.
    length: usize,
}

impl<T: Structure> Argument<T> {
    /// Copies the argument by the rules of `copy_struct_from_user()`.
    ///
    /// # Errors
    ///
    /// - `EFAULT` if it cannot be read.
    /// - `EINVAL` if it is shorter than the first published structure.
    /// - `E2BIG` if it is longer than ours and the rest is not zero, or longer than a page.
    pub(crate) fn read(user: UserPtr) -> Result<Self> {
        let mut this = Self::new(user);
        if this.copy().is_err() {
            // There may be less of it, which is to be said rather.
            let size = UserSlice::new(user, size_of::<u32>()).reader().read()?;
            length(size, T::FIRST)?;
            return Err(EFAULT);
        }
        let size = u32::from_bytes_prefix(this.fields.as_bytes()).map_or(0, |(size, _)| *size);
        this.set_length(length(size, T::FIRST)?)?;
        Ok(this)
    }

    /// Copies a structure of `length` bytes, which is at least its first published size, likewise.
    ///
    /// # Errors
    ///
    /// - `EFAULT` if it cannot be read.
    /// - `E2BIG` if it is longer than ours and the rest is not zero.
    pub(crate) fn of_length(user: UserPtr, length: usize) -> Result<Self> {
        let mut this = Self::new(user);
        this.copy()?;
        this.set_length(length)?;
        Ok(this)
    }

    fn new(user: UserPtr) -> Self {
        Self {
            fields: T::default(),
            user,
            length: 0,
        }
    }

    fn copy(&mut self) -> Result {
        // What the caller fills in has not grown yet.
        const { assert!(T::INPUT <= T::FIRST as usize && T::FIRST as usize <= size_of::<T>()) };

        // What has a type need not be checked for being an object (CONFIG_HARDENED_USERCOPY).
        let input = UserSlice::new(self.user, T::INPUT)
            .reader()
            .read::<T::Input>()?;
        for (field, byte) in self.fields.as_bytes_mut().iter_mut().zip(input.as_bytes()) {
            *field = *byte;
        }
        Ok(())
    }

    fn set_length(&mut self, length: usize) -> Result {
        if length > size_of::<T>() {
            check_rest(self.user, size_of::<T>(), length)?;
        }
        self.length = min(length, size_of::<T>());
        Ok(())
    }

    /// Makes sure that the caller's memory takes an answer. What is in it is lost.
    ///
    /// # Errors
    ///
    /// `EFAULT` if it cannot be written.
    pub(crate) fn check_answer(&self) -> Result {
        user::fault_in_writeable(self.output(), self.length.saturating_sub(T::INPUT))
    }

    /// Hands over to the caller what was filled in for him, as far as he has room for it.
    ///
    /// # Errors
    ///
    /// `EFAULT` if it cannot be written.
    pub(crate) fn answer(&self) -> Result {
        self.write(self.fields.as_bytes().get(T::INPUT..).unwrap_or_default())
    }

    /// Hands over `output` as all that there is to be filled in for the caller, likewise.
    ///
    /// # Errors
    ///
    /// `EFAULT` if it cannot be written.
    pub(crate) fn answer_with<O: AsBytes>(&self, output: &O) -> Result {
        if self.length != T::INPUT + size_of::<O>() {
            return self.write(output.as_bytes());
        }
        UserSlice::new(self.output(), size_of::<O>())
            .writer()
            .write(output)
    }

    fn write(&self, output: &[u8]) -> Result {
        let room = self.length.saturating_sub(T::INPUT);
        let output = output.get(..room).unwrap_or(output);
        UserSlice::new(self.output(), output.len())
            .writer()
            .write_slice(output)
    }

    fn output(&self) -> UserPtr {
        self.user.wrapping_byte_add(T::INPUT)
    }
}

/// The length in bytes of a structure that says to have `size`, and whose first published size is
/// `first`.
///
/// # Errors
///
/// - `EINVAL` if it is shorter than that.
/// - `E2BIG` if it is longer than a page.
pub(crate) fn length(size: u32, first: u32) -> Result<usize> {
    let length = usize::try_from(size).unwrap_or(usize::MAX);
    if size < first {
        Err(EINVAL)
    } else if length > PAGE_SIZE {
        Err(E2BIG)
    } else {
        Ok(length)
    }
}

/// Checks that what a structure of `length` bytes has beyond the `known` ones is zero.
///
/// # Errors
///
/// - `E2BIG` if it is not.
/// - `EFAULT` if it cannot be read.
#[cold]
fn check_rest(user: UserPtr, known: usize, length: usize) -> Result {
    let behind = user.wrapping_byte_add(known);
    let mut reader = UserSlice::new(behind, length.saturating_sub(known)).reader();
    while !reader.is_empty() {
        let mut rest = [0u8; 64];
        let count = min(rest.len(), reader.len());
        let part = rest.get_mut(..count).ok_or(EFAULT)?;
        reader.read_slice(part)?;
        if part.iter().any(|&byte| byte != 0) {
            return Err(E2BIG);
        }
    }
    Ok(())
}
