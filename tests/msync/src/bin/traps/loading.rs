// SPDX-License-Identifier: GPL-2.0

//! Libraries that call, however they come into the process.

use super::answers::{
    assert_gone,
    scene,
    BOTH, //
};
use libc::{
    c_int,
    c_void,
    size_t, //
};
use std::{
    ffi::CString,
    path::Path, //
};
use vm_map_sync_msync_tests::{
    library,
    program,
    run, //
};
use vm_map_sync_tests::harness::{
    Failure,
    Verdict, //
};

/// The library of `tests/msync/caller.c`, which lies beside the one that is preloaded.
fn caller() -> Result<String, Failure> {
    let path = Path::new(&library()?).with_file_name("caller.so");
    Ok(path.to_string_lossy().into_owned())
}

/// One that the program opens itself.
pub fn opened_library() -> Verdict {
    type Call = extern "C" fn(*mut c_void, size_t, c_int) -> c_int;

    let (file, mapping) = scene()?;
    let path = CString::new(caller()?)?;
    // SAFETY: The library is one of these tests, and may be loaded at any time.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    assert!(!library.is_null());
    // SAFETY: It is open.
    let call = unsafe { libc::dlsym(library, c"call_msync".as_ptr()) };
    assert!(!call.is_null());
    // SAFETY: That is what it is there.
    let call = unsafe { std::mem::transmute::<*mut c_void, Call>(call) };
    let range = mapping.all();
    assert_eq!(call(range.start as *mut c_void, range.len(), BOTH), 0);
    assert_gone(&file, &mapping)
}

/// One that calls in a constructor, before and after that of the preloaded library. What the environment
/// says holds then too: in BSD no length is all of the mapping.
pub fn constructed_early() -> Verdict {
    let (file, _mapping) = scene()?;
    let preloaded = library()?;
    let caller = caller()?;
    for libraries in [[&preloaded, &caller], [&caller, &preloaded]] {
        let mut command = program("bsd", &["--constructed"]);
        command.env("LD_PRELOAD", libraries.map(String::as_str).join(":"));
        command.env("VMS_EARLY", file.path());
        let output = run(&mut command)?;
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.trim(), "msync: 0, resident: 0", "{libraries:?}");
    }
    Ok(())
}
