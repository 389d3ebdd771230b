// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Vectors: many ranges in one call, and calls with many that did not succeed.

use crate::{
    call::{
        ioctl,
        size, //
    },
    error::{
        fmt_call,
        fmt_failed,
        SyncError,
        Targets, //
    },
    fault::Fault,
    flags::Flags,
    map::Map,
    outcome::{
        Outcome,
        Outcomes, //
    },
    target::Target,
    uapi, //
};
use std::{
    error::Error,
    fmt,
    io,
    os::fd::AsFd, //
};

/// How many ranges a call takes at the most.
pub const RANGES_MAX: usize = uapi::VM_MAP_SYNC_RANGES_MAX as usize;

impl Map {
    /// Pushes the dirty pages of many ranges, of addresses or of files, and does what `flags` ask for.
    ///
    /// All ranges are validated at one moment, before anything happens: if one is refused, all are.
    /// Each file is committed once, however many ranges are about it. Ranges may overlap; what they
    /// share is done, and counted, once.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let addresses = 0..0;
    /// use std::{fs::File, os::fd::AsFd};
    /// use vm_map_sync::{Flags, Map, Target};
    ///
    /// let log = File::open("log")?;
    /// let targets = [
    ///     Target::addresses(addresses),
    ///     Target::file(log.as_fd(), ..1 << 20),
    /// ];
    /// let done = Map::current()?.sync_vectored(&targets, Flags::SYNCIO)?;
    /// println!("{} pages written, {} of them of the log", done.all.pushed, done.ranges[1].pushed);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`VectorError::Refused`]: nothing happened to any range. The fault says which one is to blame.
    ///   There must be 1 to [`RANGES_MAX`] of them.
    /// - [`VectorError::Failed`]: something went wrong on the way; the rest was done, and each range
    ///   has a result of its own.
    /// - [`VectorError::Call`]: the call itself did not come through.
    pub fn sync_vectored(
        &self,
        targets: &[Target<'_>],
        flags: Flags,
    ) -> Result<Outcomes, VectorError> {
        let mut ranges: Vec<_> = targets
            .iter()
            .map(|target| uapi::vm_map_sync_range {
                start: target.start(),
                end: target.end(),
                fd: target.fd(),
                flags: target.flags(),
                ..Default::default()
            })
            .collect();
        // SAFETY: An array of ranges is what the command takes.
        let (code, all) = unsafe { call(self, uapi::VM_MAP_SYNC_VECTOR, &mut ranges, flags) };
        match code {
            Ok(()) => Ok(Outcomes {
                all: Outcome::new(&all),
                ranges: ranges
                    .iter()
                    .map(|range| Outcome::new(&range.result))
                    .collect(),
            }),
            Err(error) => Err(VectorError::new(error, &all, &ranges, targets)),
        }
    }
}

/// Calls with a vector of ranges. Returns what the call returned, and the result for all ranges.
///
/// # Safety
///
/// A `T` must be what `command` takes an array of.
pub(crate) unsafe fn call<T>(
    map: &Map,
    command: u32,
    ranges: &mut [T],
    flags: Flags,
) -> (io::Result<()>, uapi::vm_map_sync_result) {
    let mut vector = uapi::vm_map_sync_vector {
        size: size::<uapi::vm_map_sync_vector>(),
        flags: flags.bits(),
        ranges: ranges.as_mut_ptr().expose_provenance() as u64,
        // Far too many are too many all the same.
        count: u32::try_from(ranges.len()).unwrap_or(u32::MAX),
        range_size: size::<T>(),
        ..Default::default()
    };
    // SAFETY: It is what the command takes, the caller promises. The array that it refers to is as long
    // as it says, or longer, and borrowed until the call returns.
    let code = unsafe { ioctl(map.as_fd(), command, &mut vector) };
    (code.map(drop), vector.result)
}

/// Why several ranges were not all synced.
#[derive(Debug)]
#[non_exhaustive]
pub enum VectorError {
    /// The call was refused because of one of the ranges, and nothing was done to any of them.
    Refused(Fault),
    /// The call was done, but did not succeed altogether.
    Failed {
        /// What is worst, and what was done to all ranges together.
        fault: Fault,
        /// What became of each, in the order of the call. Something that went wrong with a page is
        /// told in all ranges that cover it.
        ranges: Box<[Result<Outcome, Fault>]>,
    },
    /// The call did not come through: the descriptor is not one of the device, say.
    Call(io::Error),
}

impl VectorError {
    /// As [`SyncError::new`], with what became of each range.
    pub(crate) fn new(
        error: io::Error,
        result: &uapi::vm_map_sync_result,
        ranges: &[uapi::vm_map_sync_range],
        targets: &[Target<'_>],
    ) -> Self {
        match SyncError::new(error, result, Targets::Many(targets)) {
            SyncError::Refused(fault) => Self::Refused(fault),
            SyncError::Failed(fault) => {
                let each = ranges.iter().enumerate().map(|(index, range)| {
                    if range.result.error == 0 {
                        Ok(Outcome::new(&range.result))
                    } else {
                        Err(Fault::new(&range.result).of_one(targets, index))
                    }
                });
                Self::Failed {
                    fault,
                    ranges: each.collect(),
                }
            }
            SyncError::Call(error) => Self::Call(error),
        }
    }

    /// The error number of the system, if there is one. As for
    /// [`SyncError::errno`], it does not tell what was done.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused(fault) | Self::Failed { fault, .. } => Some(fault.errno),
            Self::Call(error) => error.raw_os_error(),
        }
    }
}

impl fmt::Display for VectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(fault) => {
                write!(f, "all ranges were refused, and nothing was done: {fault}")
            }
            Self::Failed { fault, ranges } => {
                let failed = ranges.iter().filter(|range| range.is_err()).count();
                write!(
                    f,
                    "not all was done, in {failed} of {} ranges: ",
                    ranges.len()
                )?;
                fmt_failed(f, fault)
            }
            Self::Call(error) => fmt_call(f, error),
        }
    }
}

impl Error for VectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) | Self::Failed { .. } => None,
            Self::Call(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;

    fn result(reason: u32) -> uapi::vm_map_sync_result {
        uapi::vm_map_sync_result {
            reason,
            error: if reason == uapi::VM_MAP_SYNC_REASON_NONE {
                0
            } else {
                libc::EBUSY
            },
            address: 0x1000,
            left: 2,
            ..Default::default()
        }
    }

    fn vector_error(all: u32, ranges: [u32; 2]) -> VectorError {
        let all = uapi::vm_map_sync_result {
            range: 1,
            ..result(all)
        };
        let ranges = ranges.map(|reason| uapi::vm_map_sync_range {
            result: result(reason),
            ..Default::default()
        });
        let targets = [Target::addresses(0..1), Target::addresses(1..2)];
        let failed = io::Error::from_raw_os_error(libc::EBUSY);
        VectorError::new(failed, &all, &ranges, &targets)
    }

    #[test]
    fn vectors() {
        let (none, hole, busy) = (
            uapi::VM_MAP_SYNC_REASON_NONE,
            uapi::VM_MAP_SYNC_REASON_HOLE,
            uapi::VM_MAP_SYNC_REASON_BUSY,
        );
        let refused = vector_error(hole, [none, hole]);
        assert!(matches!(
            refused,
            VectorError::Refused(Fault { range: Some(1), .. })
        ));
        let text = refused.to_string();
        let start = "all ranges were refused, and nothing was done: range 1, at 0x1000: nothing";
        assert!(text.starts_with(start), "{text}");

        let failed = vector_error(busy, [none, busy]);
        let text = failed.to_string();
        let start = "not all was done, in 1 of 2 ranges: range 1, at 0x1000: all was written";
        assert!(text.starts_with(start), "{text}");
        let VectorError::Failed { fault, ranges } = failed else {
            panic!("not failed")
        };
        assert_eq!((fault.reason, fault.range), (Reason::Busy, Some(1)));
        assert!(ranges[0].is_ok());
        let of_it = ranges[1].expect_err("it failed");
        assert_eq!((of_it.reason, of_it.range), (Reason::Busy, Some(1)));
        assert_eq!(of_it.outcome.left, 2);
    }

    #[test]
    fn calls_that_do_not_come_through() {
        let failed = io::Error::from_raw_os_error(libc::EFAULT);
        let error = VectorError::new(failed, &Default::default(), &[], &[]);
        assert_eq!(error.errno(), Some(libc::EFAULT));
        assert!(matches!(error, VectorError::Call(_)));
    }
}
