// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Why: what went wrong, in a word for programs and in a sentence for people.

use crate::trouble::plain;
use std::io;
use vm_map_sync::{
    Fault,
    Reason, //
};

/// What a call was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A file, by its descriptor.
    File,
    /// Memory of a process.
    Memory,
}

/// Why something was not done, or stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// In a word.
    pub word: &'static str,
    /// In a sentence, which says what to do.
    pub sentence: String,
}

impl Why {
    pub fn new(word: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            word,
            sentence: sentence.into(),
        }
    }

    /// Why a file could not be opened.
    pub fn not_opened(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::new(
                "gone",
                "it is not there, or not any more; look whether the name is right",
            ),
            io::ErrorKind::PermissionDenied => Self::new(
                "permission",
                "you may not open it; run this as its owner or as root",
            ),
            io::ErrorKind::WouldBlock => Self::new(
                "leased",
                "somebody has a lease on it, and was asked to give it back; try again",
            ),
            _ => Self::new(
                "not_opened",
                format!(
                    "it cannot be opened: {}; see to that, then try again",
                    plain(error)
                ),
            ),
        }
    }

    /// What a call found wrong.
    pub fn of(fault: &Fault, about: About) -> Self {
        let error = plain(io::Error::from_raw_os_error(fault.errno));
        let left = fault.outcome.left;
        match (fault.reason, about) {
            (Reason::Protection, About::File) => Self::new(
                "permission",
                format!(
                    "its pages are not yours to free ({error}): that takes the right to write to it, or \
                     to own it; run this as its owner or as root"
                ),
            ),
            (Reason::Protection, About::Memory) => Self::new(
                "permission",
                format!(
                    "the pages of its file are not yours to free ({error}): that takes the right to \
                     write to the file, or to own it; run this as root, or pass --spare-shared to have \
                     only the memory of the process back"
                ),
            ),
            (Reason::Io, _) => Self::new(
                "write_error",
                format!(
                    "pages could not be written ({error}), and {left} of the file stay cached, maybe as \
                     their only copy; mend the cause, write them anew and sync; to give up what was not \
                     written, evict with --forget-errors"
                ),
            ),
            (Reason::Unwritten, _) => Self::new(
                "write_error",
                format!(
                    "a write of it has failed before ({error}), so {left} pages stay, maybe as the only \
                     copy of what was stored; write them anew and sync; then, or to give them up, evict \
                     with --forget-errors"
                ),
            ),
            (Reason::Busy, _) => Self::new(
                "in_use",
                format!(
                    "all was written, but {left} pages stay, since they are pinned, locked or in use at \
                     this moment; try again when they are not"
                ),
            ),
            (Reason::Wired, _) => Self::new(
                "locked",
                format!(
                    "the memory at {:#x} is locked by the process, so it cannot be freed; leave it out \
                     with --range, or have the process unlock it",
                    fault.address
                ),
            ),
            (Reason::Special, _) => Self::new(
                "special",
                "it is made of huge pages, which no disk is behind; leave it out",
            ),
            (Reason::Descriptor, _) => Self::new(
                "special",
                format!("it is nothing that is cached in pages ({error}); leave it out"),
            ),
            (Reason::Dead, _) => Self::new(
                "ended",
                "the process has ended, or executes another program by now; look for its number again",
            ),
            (Reason::Memory, _) => Self::new(
                "no_memory",
                format!("the kernel has no room for the call ({error}); try again later, or free some"),
            ),
            (Reason::Killed, _) => Self::new("killed", "the call was interrupted; do it again"),
            (Reason::Argument, _) => Self::new(
                "refused",
                format!(
                    "the module refuses the call ({error}): it may be older than this program; \
                     \"vmsync check\" says more"
                ),
            ),
            (reason, _) => Self::new(
                "refused",
                format!("{reason} ({error}); \"vmsync check\" says more"),
            ),
        }
    }
}
