// SPDX-License-Identifier: GPL-2.0

//! Arguments: what user space handed over, copied once.

use crate::{
    outcome::{
        Fault,
        Outcome, //
    },
    plan::{
        flags::Flags,
        reason::Reason, //
    },
    sys::user,
    uapi, //
};
use core::mem::offset_of;
use kernel::{
    page::PAGE_SIZE,
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// The argument of `VM_MAP_SYNC_SYNC`, and where its result goes.
pub(crate) struct Args {
    args: uapi::vm_map_sync_args,
    user: UserPtr,
}

/// What is asked for: arguments that make sense by themselves.
pub(crate) struct Request {
    /// First byte, as the caller gave it: not rounded, and tagged perhaps.
    pub(crate) start: usize,
    /// First byte behind the range, likewise.
    pub(crate) end: usize,
    /// What to do.
    pub(crate) flags: Flags,
}

impl Args {
    /// Copies the argument by the rules of `copy_struct_from_user()`.
    ///
    /// # Errors
    ///
    /// - `EFAULT` if it cannot be read.
    /// - `EINVAL` if it is shorter than the first published structure.
    /// - `E2BIG` if it is longer than ours and the rest is not zero, or longer than a page.
    pub(crate) fn read(user: UserPtr) -> Result<Self> {
        const KNOWN: usize = size_of::<uapi::vm_map_sync_args>();
        // Otherwise what a caller's structure lacks would have to be made zero here.
        const { assert!(KNOWN == uapi::VM_MAP_SYNC_ARGS_SIZE_VER0 as usize) };

        let Ok(args) = UserSlice::new(user, KNOWN)
            .reader()
            .read::<uapi::vm_map_sync_args>()
        else {
            // There may be less of it, which is to be said rather.
            let size = UserSlice::new(user, size_of::<u32>()).reader().read()?;
            return Err(if length(size)? < KNOWN {
                EINVAL
            } else {
                EFAULT
            });
        };
        let length = length(args.size)?;
        if length > KNOWN {
            let behind = user.wrapping_byte_add(KNOWN);
            let mut reader = UserSlice::new(behind, length - KNOWN).reader();
            while !reader.is_empty() {
                let mut rest = [0u8; 64];
                let count = rest.len().min(reader.len());
                let part = rest.get_mut(..count).ok_or(EFAULT)?;
                reader.read_slice(part)?;
                if part.iter().any(|&byte| byte != 0) {
                    return Err(E2BIG);
                }
            }
        }
        Ok(Self { args, user })
    }

    /// What the arguments ask for.
    ///
    /// # Errors
    ///
    /// The outcome of a call that is refused because of its arguments.
    pub(crate) fn request(&self) -> Result<Request, Outcome> {
        let refusal = || {
            let fault = Fault {
                reason: Reason::Argument,
                errno: EINVAL,
                address: 0,
            };
            Outcome::refused(fault, 0)
        };
        if self.args.reserved != 0 {
            return Err(refusal());
        }
        Ok(Request {
            // No such address on a 32-bit kernel: the end of the address space is a hole as well.
            start: usize::try_from(self.args.start).unwrap_or(usize::MAX),
            end: usize::try_from(self.args.end).unwrap_or(usize::MAX),
            flags: Flags::try_from(self.args.flags).map_err(|_| refusal())?,
        })
    }

    /// Makes sure that the caller's memory takes a result. What is in it is lost.
    ///
    /// # Errors
    ///
    /// `EFAULT` if it cannot be written.
    pub(crate) fn check_answer(&self) -> Result {
        user::fault_in_writeable(self.result(), size_of::<uapi::vm_map_sync_result>())
    }

    /// Hands a result over to the caller.
    ///
    /// # Errors
    ///
    /// `EFAULT` if it cannot be written.
    pub(crate) fn answer(&self, result: &uapi::vm_map_sync_result) -> Result {
        UserSlice::new(self.result(), size_of_val(result))
            .writer()
            .write(result)
    }

    fn result(&self) -> UserPtr {
        self.user
            .wrapping_byte_add(offset_of!(uapi::vm_map_sync_args, result))
    }
}

/// The length in bytes of a structure that says to have `size`.
///
/// # Errors
///
/// - `EINVAL` if it is shorter than the first published structure.
/// - `E2BIG` if it is longer than a page.
fn length(size: u32) -> Result<usize> {
    let length = usize::try_from(size).unwrap_or(usize::MAX);
    if length < uapi::VM_MAP_SYNC_ARGS_SIZE_VER0 as usize {
        Err(EINVAL)
    } else if length > PAGE_SIZE {
        Err(E2BIG)
    } else {
        Ok(length)
    }
}
