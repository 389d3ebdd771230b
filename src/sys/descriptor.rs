// SPDX-License-Identifier: GPL-2.0

//! Descriptors: files that the caller has open.
//!
//! C headers: `include/linux/file.h`, `include/linux/fs.h`

use super::{
    helpers,
    pager::{
        real_mapping,
        PagerRef, //
    }, //
};
use kernel::{
    fs::{
        file::LocalFile,
        File, //
    },
    prelude::*,
    sync::aref::ARef, //
};

/// A file that the caller has open, and that can be mapped.
pub(crate) struct OpenFile(ARef<File>);

/// Why a descriptor will not do.
pub(crate) enum Unfit {
    /// It is not open (`EBADF`, `O_PATH` too), or of nothing that can be mapped (`ENODEV`).
    Descriptor(Error),
    /// A mapping of it would have no pager: huge pages.
    Special,
}

impl OpenFile {
    /// The file behind a descriptor of the caller.
    ///
    /// # Errors
    ///
    /// If it is none of a regular file or a block device that can be mapped.
    pub(crate) fn get(fd: i32) -> Result<Self, Unfit> {
        let fd = u32::try_from(fd).map_err(|_| Unfit::Descriptor(EBADF))?;
        let file = LocalFile::fget(fd).map_err(|_| Unfit::Descriptor(EBADF))?;
        // SAFETY: The system call that is under way is one on the device, or on a ring, whose files have
        // no position that would be locked; so this thread is in no `fdget_pos()`.
        let file = unsafe { LocalFile::assume_no_fdget_pos(file) };
        // SAFETY: The file is valid since there is a reference to it.
        let (mappable, huge) = unsafe {
            (
                helpers::vm_map_sync_file_is_mappable(file.as_ptr()),
                helpers::vm_map_sync_file_is_huge(file.as_ptr()),
            )
        };
        match (mappable, huge) {
            (false, _) => Err(Unfit::Descriptor(ENODEV)),
            (true, true) => Err(Unfit::Special),
            (true, false) => Ok(Self(file)),
        }
    }

    /// Its pager, if anything of it can be written back.
    pub(crate) fn pager(&self) -> Option<PagerRef<'_>> {
        PagerRef::of_descriptor(&self.0)
    }

    /// Its size in bytes, as far as it is known without asking a server.
    pub(crate) fn size(&self) -> usize {
        let mapping = real_mapping(&self.0);
        // SAFETY: The mapping is valid, and so is its inode.
        let size = unsafe { helpers::vm_map_sync_inode_size((*mapping).host) };
        usize::try_from(size).unwrap_or(0)
    }
}
