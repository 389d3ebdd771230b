// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Settings: what the environment of the program says.

use crate::system;
use core::{
    ffi::{
        c_char,
        CStr, //
    },
    sync::atomic::{
        AtomicU8,
        Ordering, //
    },
};

/// The variable: words with commas between them.
const VARIABLE: &[u8] = b"VM_MAP_SYNC_MSYNC=";

/// Whose `msync()` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// That of Linux.
    Linux,
    /// That of FreeBSD.
    Bsd,
}

/// What the variable says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) manner: Manner,
    /// Whether it is to say where the real `msync()` is used.
    pub(crate) verbose: bool,
}

const BSD: u8 = 1;
const VERBOSE: u8 = 2;
const KNOWN: u8 = 4;

static SETTINGS: AtomicU8 = AtomicU8::new(0);

extern "C" {
    static environ: *const *const c_char;
}

/// Looks when the library is loaded: later the program may change its environment.
#[used]
#[link_section = ".init_array"]
static AT_THE_START: extern "C" fn() = {
    extern "C" fn look() {
        get();
    }
    look
};

/// The settings. A constructor of the program or of another library can be faster than the one here.
pub(crate) fn get() -> Settings {
    let mut bits = SETTINGS.load(Ordering::Relaxed);
    if bits & KNOWN == 0 {
        // SAFETY: It is as the system has made it, and nobody changes it while constructors run.
        let value = unsafe { look_up(environ) };
        let (found, unknown) = parse(value.unwrap_or_default());
        bits = found | KNOWN;
        SETTINGS.store(bits, Ordering::Relaxed);
        if let Some(word) = unknown {
            system::complain([
                b"vm_map_sync: VM_MAP_SYNC_MSYNC has the word '",
                word,
                b"' in it, and takes linux, bsd and verbose\n",
            ]);
        }
    }
    Settings {
        manner: if bits & BSD == 0 {
            Manner::Linux
        } else {
            Manner::Bsd
        },
        verbose: bits & VERBOSE != 0,
    }
}

/// What an environment says.
///
/// # Safety
///
/// It must be one, or null.
unsafe fn look_up<'a>(mut environment: *const *const c_char) -> Option<&'a [u8]> {
    while !environment.is_null() {
        // SAFETY: The caller promises it: strings, and behind the last one a null.
        let entry = unsafe { *environment };
        if entry.is_null() {
            break;
        }
        // SAFETY: As above.
        let entry = unsafe { CStr::from_ptr(entry) }.to_bytes();
        if let Some(value) = entry.strip_prefix(VARIABLE) {
            return Some(value);
        }
        // SAFETY: It was not the last one.
        environment = unsafe { environment.add(1) };
    }
    None
}

/// The bits that a value stands for, and a word of it that means nothing.
fn parse(value: &[u8]) -> (u8, Option<&[u8]>) {
    let mut bits = 0;
    let mut unknown = None;
    for word in value.split(|&byte| byte == b',') {
        match word {
            b"linux" => bits &= !BSD,
            b"bsd" => bits |= BSD,
            b"verbose" => bits |= VERBOSE,
            b"" => {}
            _ => unknown = Some(word),
        }
    }
    (bits, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        assert_eq!(parse(b""), (0, None));
        assert_eq!(parse(b"linux"), (0, None));
        assert_eq!(parse(b"bsd"), (BSD, None));
        assert_eq!(parse(b"verbose,bsd"), (BSD | VERBOSE, None));
        assert_eq!(parse(b"bsd,,linux,verbose"), (VERBOSE, None));
        assert_eq!(parse(b"bsd,solaris"), (BSD, Some(&b"solaris"[..])));
    }

    #[test]
    fn variables_are_looked_up() {
        let environment = [
            c"VM_MAP_SYNC=no".as_ptr(),
            c"VM_MAP_SYNC_MSYNC=bsd".as_ptr(),
            c"VM_MAP_SYNC_MSYNC=linux".as_ptr(),
            core::ptr::null(),
        ];
        // SAFETY: It is one, also from a later string on, and from its end on.
        let from = |at: usize| unsafe { look_up(environment.as_ptr().add(at)) };
        let [first, last, none] = [0, 2, 3].map(from);
        assert_eq!((first, last), (Some(&b"bsd"[..]), Some(&b"linux"[..])));
        assert_eq!(none, None);
        // SAFETY: There need not be one.
        assert_eq!(unsafe { look_up(core::ptr::null()) }, None);
    }
}
