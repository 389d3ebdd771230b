// SPDX-License-Identifier: GPL-2.0

//! Images: erofs made in a way that its files can be cached once for several images.
//!
//! What is shared is known by the domain of the mount and the value of an extended attribute. Which
//! one that is, the superblock says by the number of a long prefix of attribute names.

use nix::{
    errno::Errno,
    mount::{
        mount,
        MsFlags, //
    },
};
use std::{
    env,
    ffi::{
        CStr,
        CString, //
    },
    fs::{
        self,
        File, //
    },
    io::{
        self,
        Read, //
    },
    os::{
        fd::{
            AsRawFd,
            FromRawFd,
            OwnedFd,
            RawFd, //
        },
        unix::{
            ffi::OsStrExt,
            fs::{
                chown,
                FileExt, //
            },
        },
    },
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command, //
    },
    ptr,
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    pattern, place,
    spare::{
        leave,
        Spare, //
    },
};

const NAME: &str = "file";
const ATTRIBUTE: &CStr = c"user.fingerprint";

const FSCONFIG_SET_FLAG: libc::c_uint = 0;

/// `struct erofs_super_block`, as far as it is of interest.
const SUPERBLOCK: u64 = 1024;
const FEATURES: usize = 8;
const PREFIXES: usize = 91;
const FINGERPRINT: usize = 105;

const HAS_CHECKSUM: u8 = 1 << 0;
const HAS_FINGERPRINTS: u8 = 1 << 5;

/// An image with one file in it, mounted for sharing; unmounted when this is dropped.
///
/// Its files have to be closed before, as for [`Spare`].
pub struct Image {
    directory: PathBuf,
    _disk: Spare,
}

impl Image {
    /// Makes an image with a file of `pages` pages, version 0 of the pattern, that belongs to `owner`.
    pub fn new(pages: usize, owner: u32) -> Result<Self, Failure> {
        let disk = Spare::new(16, &[])?;
        let name = disk.device().file_name().unwrap_or_default();
        let source = place::directory()?.join(name);
        let image = source.with_extension("erofs");
        let made = fill(&source, pages, owner).and_then(|()| make(&source, &image));
        let copied = made.and_then(|()| {
            let bytes = fs::read(&image)?;
            let device = File::options().write(true).open(disk.device())?;
            device.write_all_at(&bytes, 0)?;
            Ok(device.sync_all()?)
        });
        let _ = fs::remove_file(&image);
        fs::remove_dir_all(&source)?;
        copied?;

        let directory = env::temp_dir().join(name);
        fs::create_dir(&directory)?;
        let domain = format!("domain_id=test-{},inode_share", process::id());
        mount(
            Some(disk.device()),
            &directory,
            Some("erofs"),
            MsFlags::MS_RDONLY,
            Some(domain.as_str()),
        )?;
        Ok(Self {
            directory,
            _disk: disk,
        })
    }

    /// Where its file is.
    pub fn file(&self) -> PathBuf {
        self.directory.join(NAME)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if leave(&self.directory).is_ok() {
            let _ = fs::remove_dir(&self.directory);
        }
    }
}

/// Makes the directory that an image is made of.
fn fill(source: &Path, pages: usize, owner: u32) -> Verdict {
    fs::create_dir(source)?;
    let path = source.join(NAME);
    let bytes: Vec<u8> = (0..pages).flat_map(|page| pattern(0, page)).collect();
    fs::write(&path, bytes)?;
    chown(&path, Some(owner), Some(owner))?;
    let value = format!("{pages} pages of version 0");
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: All strings live until the call returns, and the value is as long as it says.
    let code = unsafe {
        libc::setxattr(
            path.as_ptr(),
            ATTRIBUTE.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    Errno::result(code)?;
    Ok(())
}

/// Makes an image of a directory, and has its superblock say which attribute the fingerprint is: that
/// of the first prefix. There are `mkfs.erofs` that cannot.
fn make(source: &Path, image: &Path) -> Verdict {
    let made = Command::new("/bin/mkfs.erofs")
        .arg("--quiet")
        .arg(format!("--xattr-prefix={}", ATTRIBUTE.to_string_lossy()))
        .args([image, source])
        .output()?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        return Err(Failure::Failed(format!("mkfs.erofs: {said}")));
    }
    let file = File::options().read(true).write(true).open(image)?;
    let mut superblock = [0; 128];
    file.read_exact_at(&mut superblock, SUPERBLOCK)?;
    assert_eq!(superblock[PREFIXES], 1, "prefixes in the image");
    superblock[FEATURES] |= HAS_FINGERPRINTS;
    superblock[FEATURES] &= !HAS_CHECKSUM;
    superblock[FINGERPRINT] = 0;
    Ok(file.write_all_at(&superblock, SUPERBLOCK)?)
}

/// Skips the test if this kernel's erofs does not share. One that was made without does know the
/// option, and takes it, but says so.
pub fn know_sharing() -> Verdict {
    // It may be loaded, or built in, or not there.
    let _ = Command::new("modprobe").arg("erofs").output();
    // SAFETY: The name is a string.
    let context = unsafe { libc::syscall(libc::SYS_fsopen, c"erofs".as_ptr(), 0) };
    let context = match Errno::result(context) {
        // SAFETY: It was just opened.
        Ok(context) => unsafe { OwnedFd::from_raw_fd(RawFd::try_from(context)?) },
        Err(Errno::ENODEV) => return Err(Failure::skip("no erofs")),
        Err(errno) => return Err(errno.into()),
    };
    let mut log = File::from(context);
    // SAFETY: The name is a string, and a flag has no value.
    let code = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            log.as_raw_fd(),
            FSCONFIG_SET_FLAG,
            c"inode_share".as_ptr(),
            ptr::null::<u8>(),
            0,
        )
    };
    let mut said = [0; 256];
    let length = match log.read(&mut said) {
        Ok(length) => length,
        Err(error) if error.raw_os_error() == Some(libc::ENODATA) => 0,
        Err(error) => return Err(error.into()),
    };
    let said = String::from_utf8_lossy(&said[..length]);
    match Errno::result(code) {
        Ok(_) if said.is_empty() => Ok(()),
        Ok(_) if said.contains("not supported") => Err(without(&said)),
        Err(Errno::EINVAL) if said.contains("Unknown parameter") => Err(without(&said)),
        Ok(_) => Err(io::Error::other(said.into_owned()).into()),
        Err(errno) => Err(io::Error::other(format!("{errno}: {said}")).into()),
    }
}

fn without(said: &str) -> Failure {
    Failure::skip(format!("no page cache sharing of erofs: {}", said.trim()))
}
