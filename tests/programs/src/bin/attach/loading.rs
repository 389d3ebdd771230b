// SPDX-License-Identifier: GPL-2.0

//! Loading: the device's mode, and where the module cannot be loaded.

use nix::sched::{
    unshare,
    CloneFlags, //
};
use std::{
    ffi::{
        CStr,
        CString, //
    },
    fs,
    io,
    os::unix::fs::PermissionsExt,
    path::Path, //
};
use vm_map_sync::{
    Map,
    DEVICE, //
};
use vm_map_sync_tests::{
    harness::{
        Failure,
        Verdict, //
    },
    module::{
        load,
        load_with,
        unload, //
    },
    process::{
        become_user,
        Child,
        Line, //
    },
};

use super::target::SOMEBODY;

fn mode() -> io::Result<u32> {
    Ok(fs::metadata(DEVICE)?.permissions().mode() & 0o7777)
}

/// What the kernel has to say since it was asked last, or since a moment ago.
fn log() -> Result<String, Failure> {
    let mut bytes = vec![0; 1 << 16];
    const READ_ALL: libc::c_int = 3;
    let length = libc::c_int::try_from(bytes.len())?;
    // SAFETY: The buffer is as long as it is said to be.
    let read = unsafe { libc::klogctl(READ_ALL, bytes.as_mut_ptr().cast(), length) };
    bytes.truncate(usize::try_from(read).map_err(|_| io::Error::last_os_error())?);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn opens_as(user: u32, group: u32) -> Result<bool, Failure> {
    let (ours, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        become_user(user, group)?;
        let opens = match Map::current() {
            Ok(_) => true,
            Err(error) if error.0.kind() == io::ErrorKind::PermissionDenied => false,
            Err(error) => return Err(error.into()),
        };
        Ok(theirs.send(opens.into())?)
    })?;
    child.join()?;
    Ok(ours.receive()? != 0)
}

/// Nobody but the module gives the device a mode here.
pub fn mode_of_all() -> Verdict {
    unload()?;
    load()?;
    assert_eq!(mode()?, 0o666);
    assert!(opens_as(SOMEBODY, SOMEBODY)?);
    Ok(())
}

pub fn mode_that_is_narrowed() -> Verdict {
    for (parameter, want) in [
        (c"mode=0600", 0o600),
        (c"mode=0660", 0o660),
        (c"mode=0606", 0o606),
        (c"mode=0666", 0o666),
        (c"mode=0o660", 0o660),
        (c"mode=432", 0o660),
    ] {
        unload()?;
        load_with(parameter)?;
        assert_eq!(mode()?, want, "{parameter:?}");
        assert_eq!(opens_as(SOMEBODY, SOMEBODY)?, want & 0o006 != 0);
        assert_eq!(opens_as(SOMEBODY, 0)?, want & 0o060 != 0);
        Map::current()?;
    }
    unload()?;
    Ok(load()?)
}

#[track_caller]
fn assert_not_loaded(parameters: &CStr, errno: i32) {
    let error = load_with(parameters).map_err(|error| error.raw_os_error());
    assert_eq!(error, Err(Some(errno)), "{parameters:?}");
    assert!(!Path::new(DEVICE).exists(), "{parameters:?}");
}

pub fn mode_that_makes_no_sense() -> Verdict {
    unload()?;
    // Modes whose zero in front was forgotten are among them, and modes of which it makes no difference
    // to a handle what they say.
    let wrong = [
        0, 0o1, 0o6, 0o66, 0o400, 0o440, 0o444, 0o622, 0o640, 0o644, 0o662, 0o664, 0o667, 0o700,
        0o777, 0o1666, 0o4666, 0o177_666, 66, 600, 606, 644, 660, 664, 666,
    ];
    for mode in wrong {
        let parameter = CString::new(format!("mode={mode}"))?;
        assert_not_loaded(&parameter, libc::EINVAL);
        let said = format!("vm_map_sync: mode=0{mode:o} is none of 0600");
        assert!(log()?.contains(&said), "{said}");
    }
    for parameter in [c"mode=", c"mode=x", c"mode=-1", c"mode=0888", c"mode=65536"] {
        assert_not_loaded(parameter, libc::EINVAL);
    }
    Ok(load()?)
}

/// Its own procfs would not show those who are outside, and numbers would mean somebody else.
pub fn loader_in_a_pid_namespace() -> Verdict {
    unload()?;
    let parent = Child::spawn(|| {
        unshare(CloneFlags::CLONE_NEWPID)?;
        let loader = Child::spawn(|| {
            assert_not_loaded(c"", libc::EPERM);
            Ok(())
        })?;
        loader.join()
    })?;
    parent.join()?;
    assert!(log()?.contains("vm_map_sync: to be loaded from the initial pid namespace"));
    Ok(load()?)
}
