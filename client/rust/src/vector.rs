// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Vectors: many ranges in one call, and calls with many that did not succeed.

use crate::{
    call,
    error::{
        fmt_call,
        fmt_failed, //
    },
    fault::Fault,
    flags::Flags,
    many::Many,
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
    /// # let index = [0_u8; 0];
    /// use std::{fs::File, os::fd::AsFd};
    /// use vm_map_sync::{Flags, Map, Target};
    ///
    /// let log = File::open("log")?;
    /// let targets = [
    ///     Target::slice(&index),
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
        let mut request = Many::new(targets, flags).map_err(VectorError::Refused)?;
        let code = if request.is_nothing() {
            Ok(())
        } else {
            call::vector(self.as_fd(), &mut request)
        };
        request.finish(self, code)
    }
}

/// Why several ranges were not all synced.
#[derive(Debug)]
#[non_exhaustive]
pub enum VectorError {
    /// The call was refused because of one of the ranges, and nothing was done to any of them.
    Refused(Fault),
    /// The call was done, but did not succeed altogether.
    #[non_exhaustive]
    Failed {
        /// What is worst, and what was done to all ranges together.
        fault: Box<Fault>,
        /// What became of each, in the order of the call. Something that went wrong with a page is
        /// told in all ranges that cover it.
        ranges: Box<[Result<Outcome, Fault>]>,
    },
    /// The call did not come through: the descriptor is not one of the device, say.
    Call(io::Error),
}

impl VectorError {
    /// The error number of the system, if there is one. As for
    /// [`SyncError::errno`](crate::SyncError::errno), it does not tell what was done.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused(fault) => Some(fault.errno),
            Self::Failed { fault, .. } => Some(fault.errno),
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
