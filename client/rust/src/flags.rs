// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Flags: what to do.

use crate::uapi;

bitflags::bitflags! {
    /// What to do beyond starting to write; the first two are the booleans of BSD's `vm_map_sync()`.
    ///
    /// A flag that the module does not have is refused ([`Reason::Argument`](crate::Reason::Argument)),
    /// never ignored.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// Dirty pages are written and made durable before the call returns.
        const SYNCIO = uapi::VM_MAP_SYNC_SYNCIO;
        /// Cached pages are freed, after what was dirty in them was written. Of a file of which a
        /// write has failed, as far as the kernel remembers, they stay.
        const INVALIDATE = uapi::VM_MAP_SYNC_INVALIDATE;
        /// With `INVALIDATE`: pages may be freed although a write of their file has failed, if all
        /// files of the range had been told of that before the call, by `fsync()`, `msync()` or
        /// `SYNCIO` through them. What was not stored anew since is lost then; see
        /// [`Reason::Unwritten`](crate::Reason::Unwritten). Wherever the file is mapped the bytes show
        /// then that are on the disk, as if somebody had written these to the file; in slices of it
        /// as well, of which whoever made them has promised that nobody does that. So calls with a
        /// [slice](crate::SliceExt) do not take it, and who passes it with addresses or a file
        /// has to know that nobody has borrowed what is there.
        const FORGET_ERRORS = uapi::VM_MAP_SYNC_FORGET_ERRORS;
        /// The caller's own map is meant, whoever opened the handle. For those who get a handle by a
        /// fork or from somebody else, and for libraries that keep one.
        const SELF = uapi::VM_MAP_SYNC_SELF;
        /// Addresses at which nothing is mapped are passed over, and counted as
        /// [skipped](crate::Outcome::skipped). A range that stands for the mapping at its start
        /// still needs one.
        const ALLOW_HOLES = uapi::VM_MAP_SYNC_ALLOW_HOLES;
        /// So are special mappings, those which have no file to write to. Together with
        /// `ALLOW_HOLES` this is for `0..usize::MAX`: all that a process has mapped.
        const SKIP_SPECIALS = uapi::VM_MAP_SYNC_SKIP_SPECIALS;
        /// With `INVALIDATE`: pages are taken out of the map's own page tables only, and there only
        /// out of shared mappings; then those are freed that nobody else has mapped. The others are
        /// [left](crate::Outcome::left), which is no failure. A file whose pages the caller may
        /// not free keeps them, which is none either: he has his memory back all the same.
        const SPARE_SHARED = uapi::VM_MAP_SYNC_SPARE_SHARED;
    }
}
