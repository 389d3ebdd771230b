// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Faults: what went wrong, and where.

use crate::{
    outcome::Outcome,
    place::Place,
    reason::Reason,
    uapi, //
};
use nix::libc;
use std::{
    fmt,
    io, //
};

/// What went wrong with a call, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What went wrong first.
    pub reason: Reason,
    /// In which range, counted from 0, if the call had several and it is about one of them.
    pub range: Option<usize>,
    /// The first offending address, page aligned; 0 if there is none.
    pub address: u64,
    /// Whether that is a byte offset in a file, since the range was one of a file.
    pub in_file: bool,
    /// The error number of the system.
    pub errno: i32,
    /// What BSD would have returned, `VM_MAP_SYNC_KERN_*` in [`uapi`].
    pub kern_return: u32,
    /// What was done all the same, to the range or to all of them.
    pub outcome: Outcome,
    pub(crate) place: Option<Box<Place>>,
}

impl Fault {
    /// `result` must be that of a range, or of a whole call, with something wrong.
    pub(crate) fn new(result: &uapi::vm_map_sync_result) -> Self {
        Self {
            reason: Reason::new(result.reason),
            range: None,
            address: result.address,
            in_file: false,
            errno: result.error,
            kern_return: result.kern_return,
            outcome: Outcome::new(result),
            place: None,
        }
    }

    /// What is borrowed was not let change.
    pub(crate) fn of_borrowed(range: Option<usize>) -> Self {
        Self {
            reason: Reason::Borrowed,
            range,
            address: 0,
            in_file: false,
            errno: libc::EINVAL,
            kern_return: uapi::VM_MAP_SYNC_KERN_INVALID_ARGUMENT,
            outcome: Outcome::default(),
            place: None,
        }
    }

    /// What of which file the address stands for, where that could be had.
    ///
    /// An address is looked up just after the call. What is borrowed is still there then, and so is all else
    /// that nobody maps or unmaps meanwhile; but another process, to which one has attached, may have done
    /// so. Nothing is said of a process that has ended, or that is not the caller's to look at.
    ///
    /// For this a call that has gone wrong opens `/proc/PID/maps`, or reads the link of a descriptor in
    /// `/proc/PID/fd`. One that succeeds does not.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_deref()
    }

    /// Whether nothing was done because of it.
    pub(crate) fn is_refusal(result: &uapi::vm_map_sync_result) -> bool {
        result.reason < uapi::VM_MAP_SYNC_REASON_IO
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut places = Vec::new();
        if let Some(range) = self.range {
            places.push(format!("range {range}"));
        }
        if self.address != 0 && !self.in_file {
            places.push(format!("at {:#x}", self.address));
        }
        if let Some(place) = &self.place {
            places.push(place.to_string());
        } else if self.address != 0 && self.in_file {
            places.push(format!("at byte {} of the file", self.address));
        }
        if !places.is_empty() {
            write!(f, "{}: ", places.join(", "))?;
        }
        if self.reason == Reason::Argument && self.errno == libc::E2BIG {
            f.write_str("the ranges overlap so much that it is too much work; take fewer at once")?;
        } else {
            write!(f, "{}", self.reason)?;
        }
        write!(f, ": {}", io::Error::from_raw_os_error(self.errno))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(reason: u32, address: u64) -> Fault {
        Fault::new(&uapi::vm_map_sync_result {
            reason,
            error: libc::EBUSY,
            address,
            ..Default::default()
        })
    }

    #[track_caller]
    fn assert_starts(fault: &Fault, start: &str) {
        let text = fault.to_string();
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("(os error 16)"), "{text}");
    }

    #[test]
    fn places() {
        let place = |offset| {
            Some(Box::new(Place {
                path: "/a\nb".into(),
                offset,
            }))
        };
        let mut busy = fault(uapi::VM_MAP_SYNC_REASON_BUSY, 0);
        assert_starts(&busy, "all was written");
        busy.address = 0x1000;
        assert_starts(&busy, "at 0x1000: all was written");
        busy.place = place(8192);
        let start = r#"at 0x1000, at byte 8192 of "/a\nb": all was written"#;
        assert_starts(&busy, start);
        busy.range = Some(1);
        assert_starts(&busy, &format!("range 1, {start}"));

        let mut of_file = fault(uapi::VM_MAP_SYNC_REASON_BUSY, 8192);
        of_file.in_file = true;
        assert_starts(&of_file, "at byte 8192 of the file: all");
        of_file.place = place(8192);
        assert_starts(&of_file, r#"at byte 8192 of "/a\nb": all"#);
        // The first byte of a file and no place at all are not to be told apart.
        of_file.address = 0;
        of_file.place = place(0);
        assert_starts(&of_file, r#"in "/a\nb": all"#);
        of_file.place = None;
        assert_starts(&of_file, "all");
    }

    #[test]
    fn too_much_overlap() {
        let fault = Fault {
            errno: libc::E2BIG,
            ..fault(uapi::VM_MAP_SYNC_REASON_ARGUMENT, 0)
        };
        let text = fault.to_string();
        assert!(text.starts_with("the ranges overlap"), "{text}");
    }

    #[test]
    fn what_is_borrowed() {
        let text = Fault::of_borrowed(Some(3)).to_string();
        assert!(text.starts_with("range 3: "), "{text}");
        assert!(text.contains("by its file or its addresses"), "{text}");
    }
}
