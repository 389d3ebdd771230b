// SPDX-License-Identifier: GPL-2.0

//! Children of all kinds: the map is that of whoever calls.

use super::answers::{
    assert_gone,
    scene,
    BOTH,
    DIRTY, //
};
use libc::{
    c_int,
    c_void, //
};
use nix::{
    errno::Errno,
    sys::wait::{
        waitpid,
        WaitStatus, //
    },
    unistd::Pid,
};
use std::{
    ptr,
    sync::atomic::{
        AtomicUsize,
        Ordering::SeqCst, //
    },
    thread,
};
use vm_map_sync_msync_tests::{
    handles,
    program,
    run,
    sync, //
};
use vm_map_sync_tests::{
    harness::Verdict,
    process::Child, //
};

/// It has what it has mapped itself, and not what its parent has.
pub fn forked() -> Verdict {
    let (file, mapping) = scene()?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    mapping.fill(1, DIRTY);
    Child::spawn(|| {
        mapping.unmap(5..6)?;
        assert_eq!(sync(mapping.all(), BOTH), Err(Errno::ENOMEM));
        let (other, mapping) = scene()?;
        assert_eq!(sync(mapping.all(), BOTH), Ok(()));
        assert_eq!(handles()?.len(), 1, "the one of its parent will do");
        assert_gone(&other, &mapping)
    })?
    .join()?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    assert_gone(&file, &mapping)
}

/// What a child does.
type Body<'a> = &'a dyn Fn() -> bool;

extern "C" fn begin(body: *mut c_void) -> c_int {
    // SAFETY: It is what `share_memory()` has given to `clone()`.
    let body = unsafe { *body.cast::<Body<'_>>() };
    c_int::from(!body())
}

/// Starts a child that shares the memory of this process, and not its descriptors.
///
/// # Safety
///
/// The caller must wait for it before the stack or the body goes, and must not do at the same time what a process
/// does with its memory only by itself, such as to ask for more.
unsafe fn share_memory(stack: &mut [u128], flags: c_int, body: &Body<'_>) -> Result<Pid, Errno> {
    let flags = libc::CLONE_VM | flags | libc::SIGCHLD;
    let top = stack.as_mut_ptr_range().end.cast();
    let body = ptr::from_ref(body).cast_mut().cast();
    // SAFETY: The caller promises it; and the stack is aligned as stacks are.
    Errno::result(unsafe { libc::clone(begin, top, flags, body) }).map(Pid::from_raw)
}

fn join(child: Pid) -> Verdict {
    assert_eq!(waitpid(child, None)?, WaitStatus::Exited(child, 0));
    Ok(())
}

/// 256 KiB.
const STACK: usize = 1 << 14;

/// The first call is the child's, whose descriptor the parent does not have.
pub fn vforked() -> Verdict {
    let (file, mapping) = scene()?;
    let mut stack = vec![0; STACK];
    let range = mapping.all();
    let body: Body<'_> = &|| sync(range.clone(), BOTH) == Ok(());
    // SAFETY: This process stands still until it has ended.
    let child = unsafe { share_memory(&mut stack, libc::CLONE_VFORK, &body) }?;
    join(child)?;
    assert_gone(&file, &mapping)?;
    assert_eq!(handles()?.len(), 0);
    mapping.fill(1, DIRTY);
    assert_eq!(sync(range.clone(), BOTH), Ok(()));
    assert_eq!(handles()?.len(), 1);
    assert_gone(&file, &mapping)
}

/// The other one's descriptor is never there. So each opens its own, and none of them too many.
pub fn cloned() -> Verdict {
    const TURNS: usize = 80;

    let (file, mapping) = scene()?;
    let mut stack = vec![0; STACK];
    let turn = AtomicUsize::new(0);
    // To the end in any case: the other one waits for that.
    let take_turns = |who: usize| {
        let mut most = Ok(0);
        for mine in (who..TURNS).step_by(2) {
            while turn.load(SeqCst) < mine {
                thread::yield_now();
            }
            let open = handles().map_or(usize::MAX, |handles| handles.len());
            most = most.and_then(|most| sync(mapping.all(), BOTH).map(|()| open.max(most)));
            turn.store(mine + 1, SeqCst);
        }
        most.is_ok_and(|most| most <= 16)
    };
    let body: Body<'_> = &|| take_turns(1);
    // SAFETY: They take turns, and it is waited for.
    let child = unsafe { share_memory(&mut stack, 0, &body) }?;
    assert!(take_turns(0));
    join(child)?;
    assert_gone(&file, &mapping)
}

/// What this program runs does not inherit its handle, and has one of its own.
pub fn executed() -> Verdict {
    let (_file, mapping) = scene()?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    run(&mut program("", &["--executed"])).map(drop)
}

pub fn was_executed() -> Verdict {
    assert_eq!(handles()?.len(), 0);
    let (file, mapping) = scene()?;
    assert_eq!(sync(mapping.all(), BOTH), Ok(()));
    assert_eq!(handles()?.len(), 1);
    assert_gone(&file, &mapping)
}
