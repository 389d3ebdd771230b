// SPDX-License-Identifier: GPL-2.0

//! Places: file systems on disks that are made for the purpose, and files there.

use crate::{
    calls,
    Done, //
};
use nix::mount::{
    mount,
    umount,
    MsFlags, //
};
use std::{
    cell::Cell,
    fs::{
        self,
        File,
        OpenOptions, //
    },
    os::unix::fs::FileExt,
    path::{
        Path,
        PathBuf, //
    },
    process::Command,
};
use vm_map_sync_tests::{
    disk::Disk,
    harness::Failure,
    mapper::Mapper,
    mapping::Mapping,
    residency::Cached,
    spare::Spare,
    PAGE, //
};

/// A kind of file system.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    make: &'static [&'static str],
    /// So that it does not commit by itself while something is measured.
    options: &'static str,
}

pub const EXT4: Kind = Kind {
    name: "ext4",
    // By its path: busybox would take its own.
    make: &["/bin/mke2fs", "-q", "-F", "-t", "ext4", "-E", "nodiscard"],
    options: "commit=600",
};

/// All kinds.
pub const KINDS: [Kind; 3] = [
    EXT4,
    Kind {
        name: "xfs",
        make: &["/bin/mkfs.xfs", "-q", "-f", "-K"],
        options: "",
    },
    Kind {
        name: "btrfs",
        make: &["/bin/mkfs.btrfs", "-q", "-f", "-K"],
        options: "commit=300",
    },
];

/// How a disk behaves. All have a write-back cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// Each request takes 100 us.
    Usual,
    /// Besides, each flush takes 5 ms more.
    SlowFlush,
    /// Each request is done at once, by the processor that makes it.
    Instant,
}

impl Speed {
    fn attributes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Usual | Self::SlowFlush => &[
                ("irqmode", "2"),
                ("completion_nsec", "100000"),
                ("cache_size", "64"),
                ("blocksize", "4096"),
                // As deep as the queue of an NVMe disk: who waits for a place in it has no flush in common
                // with those who have one.
                ("hw_queue_depth", "1024"),
            ],
            Self::Instant => &[
                ("irqmode", "0"),
                ("cache_size", "64"),
                ("blocksize", "4096"),
            ],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Usual => "",
            Self::SlowFlush => ", flush 5 ms",
            Self::Instant => ", no latency",
        }
    }
}

/// A file system on a disk of its own. Its files must be closed before it is dropped.
pub struct Place {
    name: String,
    directory: PathBuf,
    files: Cell<usize>,
    disk: Disk,
    _mapper: Option<Mapper>,
    _spare: Spare,
}

impl Place {
    /// Makes it, on a disk of `megabytes`.
    pub fn new(kind: Kind, speed: Speed, megabytes: usize) -> Done<Self> {
        let spare = Spare::new(megabytes, speed.attributes())?;
        let mapper = match speed {
            Speed::Usual | Speed::Instant => None,
            Speed::SlowFlush => {
                // Device, first sector, and delay in ms: of reads, of writes, of flushes.
                let device = spare.device().display();
                let delays = format!("{device} 0 0 {device} 0 0 {device} 0 5");
                Some(Mapper::new(megabytes, "delay", &delays)?)
            }
        };
        let device = mapper.as_ref().map_or(spare.device(), Mapper::device);
        let made = Command::new(kind.make[0])
            .args(&kind.make[1..])
            .arg(device)
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            return Err(Failure::Failed(format!("{}: {said}", kind.make[0])));
        }
        let directory = Path::new("/tmp").join(spare.device().file_name().unwrap_or_default());
        fs::create_dir_all(&directory)?;
        let options = Some(kind.options);
        mount(
            Some(device),
            &directory,
            Some(kind.name),
            MsFlags::empty(),
            options,
        )?;
        Ok(Self {
            name: format!("{}{}", kind.name, speed.name()),
            directory,
            files: Cell::new(0),
            disk: Disk::open(spare.device())?,
            _mapper: mapper,
            _spare: spare,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is mounted.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The disk below it all.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// A new file of `pages` pages, all on the disk and in the cache, clean. It is written by `step`
    /// pages at a time, and folios can be as large as that.
    pub fn file(&self, pages: usize, step: usize) -> Done<File> {
        let file = self.sparse(0)?;
        for first in (0..pages).step_by(step) {
            let bytes = vec![1; step.min(pages - first) * PAGE];
            file.write_all_at(&bytes, (first * PAGE) as u64)?;
        }
        file.sync_all()?;
        Ok(file)
    }

    /// A new file of `pages` pages, none of which are on the disk or in the cache.
    pub fn sparse(&self, pages: usize) -> Done<File> {
        let number = self.files.replace(self.files.get() + 1);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.directory.join(number.to_string()))?;
        file.set_len((pages * PAGE) as u64)?;
        file.sync_all()?;
        Ok(file)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // If it is in use still there is nobody to tell.
        let _ = umount(&self.directory);
    }
}

/// Reads pages of a file in, each as a folio of its own.
pub fn read_in(file: &File, pages: usize) -> Done {
    // No more than this is read ahead at once, however much is asked for.
    const STEP: usize = 32;

    for first in (0..pages).step_by(STEP) {
        let step = first..first + STEP;
        calls::fadvise_range(file, step, libc::POSIX_FADV_WILLNEED)?;
    }
    let cached = Cached::of(file, 0..pages)?.resident;
    if cached != pages as u64 {
        let text = format!("{cached} of {pages} pages were read in");
        return Err(Failure::Failed(text));
    }
    Ok(())
}

/// How many pages of a mapping `mincore()` finds in memory.
pub fn resident(mapping: &Mapping) -> Done<u64> {
    let resident = mapping.resident(0..mapping.pages())?;
    Ok(resident.into_iter().map(u64::from).sum())
}

/// How much memory there is for taking, in bytes.
pub fn available() -> Done<usize> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let field = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|value| value.trim().strip_suffix(" kB"))
        .ok_or_else(|| Failure::Failed("no MemAvailable".to_owned()))?;
    Ok(field.parse::<usize>()? << 10)
}
