// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Faults: what went wrong, and where.

use crate::{
    outcome::Outcome,
    reason::Reason,
    target::Target,
    uapi, //
};
use std::{
    fmt,
    io, //
};

/// What went wrong with a call, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        }
    }

    /// The same, which is about the only range of its call.
    pub(crate) fn of(self, target: &Target<'_>) -> Self {
        Self {
            in_file: target.is_of_file(),
            ..self
        }
    }

    /// The same, which is about a range of several.
    pub(crate) fn of_one(self, targets: &[Target<'_>], index: usize) -> Self {
        match targets.get(index) {
            Some(target) if !self.reason.is_about_the_call() => Self {
                range: Some(index),
                ..self.of(target)
            },
            _ => self,
        }
    }

    /// Whether nothing was done because of it.
    pub(crate) fn is_refusal(result: &uapi::vm_map_sync_result) -> bool {
        result.reason < uapi::VM_MAP_SYNC_REASON_IO
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match (self.address, self.in_file) {
            (0, _) => None,
            (address, false) => Some(format!("at {address:#x}")),
            (offset, true) => Some(format!("at byte {offset} of the file")),
        };
        let range = self.range.map(|range| format!("range {range}"));
        let places: Vec<String> = range.into_iter().chain(place).collect();
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
    use std::{
        fs::File,
        os::fd::AsFd, //
    };

    fn fault(reason: u32, address: u64) -> Fault {
        Fault::new(&uapi::vm_map_sync_result {
            reason,
            error: libc::EBUSY,
            address,
            ..Default::default()
        })
    }

    #[track_caller]
    fn assert_starts(fault: Fault, start: &str) {
        let text = fault.to_string();
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("(os error 16)"), "{text}");
    }

    #[test]
    fn places() {
        let file = File::open("/dev/null").expect("it is there");
        let targets = [
            Target::addresses(0..1),
            Target::file(file.as_fd(), ..), //
        ];
        let busy = |address| fault(uapi::VM_MAP_SYNC_REASON_BUSY, address);
        assert_starts(busy(0x1000), "at 0x1000: all was written");
        assert_starts(busy(0), "all was written");
        let of_file = busy(8192).of(&targets[1]);
        assert_starts(of_file, "at byte 8192 of the file: all");
        assert_starts(busy(0x1000).of_one(&targets, 0), "range 0, at 0x1000: all");
        let of_file = busy(8192).of_one(&targets, 1);
        assert_starts(of_file, "range 1, at byte 8192 of the file: all");
        // The first byte of a file and no place at all are not to be told apart.
        assert_starts(busy(0).of_one(&targets, 1), "range 1: all");
        // There is none.
        assert_starts(busy(0).of_one(&targets, 2), "all");
    }

    #[test]
    fn what_is_about_no_range() {
        let targets = [Target::addresses(0..1)];
        for (reason, start) in [
            (uapi::VM_MAP_SYNC_REASON_DEAD, "the process"),
            (uapi::VM_MAP_SYNC_REASON_MEMORY, "the kernel"),
            (uapi::VM_MAP_SYNC_REASON_KILLED, "the caller"),
        ] {
            let fault = fault(reason, 0).of_one(&targets, 0);
            assert_eq!(fault.range, None);
            assert_starts(fault, start);
        }
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
}
