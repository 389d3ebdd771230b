// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Places: what of which file something went wrong with.

use crate::{
    call,
    fault::Fault,
    flags::Flags,
    map::Map,
    reason::Reason,
    target::Target,
    uapi, //
};
use nix::{
    ioctl_readwrite,
    libc, //
};
use std::{
    ffi::OsString,
    fmt,
    fs::{
        self,
        File, //
    },
    os::{
        fd::{
            AsFd,
            AsRawFd,
            BorrowedFd, //
        },
        unix::ffi::OsStringExt, //
    },
    path::{
        Path,
        PathBuf, //
    },
    process,
};

/// Where in a file something is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The file, as `/proc/PID/maps` and `/proc/PID/fd` have it: what has no name in any directory
    /// has one of the kernel's, and what was removed ends in ` (deleted)`.
    pub path: PathBuf,
    /// The byte of the file. 0 can also mean the file as a whole.
    pub offset: u64,
}

/// The path is quoted, since there can be anything in it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            0 => write!(f, "in {:?}", self.path),
            offset => write!(f, "at byte {offset} of {:?}", self.path),
        }
    }
}

/// The places that the addresses of a call stand for, and its descriptors. They are looked for just after
/// a call has gone wrong. What cannot be had for certain is not said.
pub(crate) struct Places<'a> {
    map: &'a Map,
    /// Whether its addresses are those of the caller, whoever opened the handle.
    is_own: bool,
    /// Looked for once, and not before an address was asked for.
    entries: Option<Option<Entries>>,
}

impl<'a> Places<'a> {
    /// Those of a call on this map with these flags.
    pub(crate) fn of(map: &'a Map, flags: Flags) -> Self {
        Self {
            map,
            is_own: flags.contains(Flags::SELF),
            entries: None,
        }
    }

    /// The place of a fault with this target.
    pub(crate) fn find(&mut self, target: &Target<'_>, fault: &Fault) -> Option<Box<Place>> {
        let place = match target.descriptor() {
            Some(file) => Some(Place {
                path: path(file)?,
                offset: fault.address,
            }),
            // If something is there now it is not what it was about.
            None if fault.address == 0 || fault.reason == Reason::Hole => None,
            None => self.of_address(fault.address),
        };
        place.map(Box::new)
    }

    fn of_address(&mut self, address: u64) -> Option<Place> {
        let entries = self
            .entries
            .get_or_insert_with(|| Entries::open(self.map, self.is_own))
            .as_ref()?;
        let place = entries.find(address)?;
        entries.are_still_of(self.map).then_some(place)
    }
}

/// The path of a descriptor.
fn path(file: BorrowedFd<'_>) -> Option<PathBuf> {
    fs::read_link(format!("/proc/thread-self/fd/{}", file.as_raw_fd())).ok()
}

/// The entries of an address space.
struct Entries {
    maps: File,
    /// The process that has it, if that is not this one.
    process: Option<i32>,
}

impl Entries {
    fn open(map: &Map, is_own: bool) -> Option<Self> {
        let process = if is_own { None } else { process_of(map)? };
        let path = match process {
            // The first thread of this process may have ended, and have none any more.
            None => "/proc/thread-self/maps".to_owned(),
            Some(process) if has_our_numbers() => format!("/proc/{process}/maps"),
            Some(_) => return None,
        };
        Some(Self {
            maps: File::open(path).ok()?,
            process,
        })
    }

    /// Whether they are the map's: so they are if its process had that number before they were
    /// opened, and has it still.
    fn are_still_of(&self, map: &Map) -> bool {
        self.process.is_none() || process_of(map) == Some(self.process)
    }

    fn find(&self, address: u64) -> Option<Place> {
        let mut name = vec![0; libc::PATH_MAX as usize];
        let mut entry = Entry {
            size: size_of::<Entry>() as u64,
            query: FILE_BACKED,
            address,
            name_size: name.len() as u32,
            name: name.as_mut_ptr().expose_provenance() as u64,
            ..Default::default()
        };
        // SAFETY: The structure has the size that it says it has, and the name as much room. Both are
        // there until the call returns.
        unsafe { query(self.maps.as_raw_fd(), &raw mut entry) }.ok()?;
        // With the 0 at its end.
        name.truncate((entry.name_size as usize).checked_sub(1)?);
        Some(Place {
            path: OsString::from_vec(name).into(),
            offset: entry.offset + address.checked_sub(entry.start)?,
        })
    }
}

/// The process that has this map: none if it is this one, and nothing at all if that is not for certain.
fn process_of(map: &Map) -> Option<Option<i32>> {
    let info = call::info(map.as_fd()).ok()?;
    match info.whose {
        uapi::VM_MAP_SYNC_OWN => Some(None),
        uapi::VM_MAP_SYNC_OTHER if info.pid > 0 => Some(Some(info.pid)),
        _ => None,
    }
}

/// Whether the processes have the numbers in `/proc` that they have for us: it can be that of another
/// pid namespace.
fn has_our_numbers() -> bool {
    fs::read_link("/proc/self").is_ok_and(|own| own == Path::new(&process::id().to_string()))
}

/// `struct procmap_query` of linux/fs.h.
#[derive(Default)]
#[repr(C)]
struct Entry {
    size: u64,
    query: u64,
    address: u64,
    start: u64,
    end: u64,
    flags: u64,
    page_size: u64,
    offset: u64,
    inode: u64,
    device: [u32; 2],
    name_size: u32,
    build_id_size: u32,
    name: u64,
    build_id: u64,
}

/// `PROCMAP_QUERY_FILE_BACKED_VMA`.
const FILE_BACKED: u64 = 0x20;

// `PROCMAP_QUERY` of linux/fs.h.
ioctl_readwrite!(query, b'f', 17, Entry);
