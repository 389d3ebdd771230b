// SPDX-License-Identifier: GPL-2.0

//! Threads, and signals.

use super::answers::{
    assert_gone,
    scene,
    BOTH,
    DIRTY, //
};
use libc::{
    c_int,
    c_void,
    pthread_t,
    MS_SYNC, //
};
use nix::{
    errno::Errno,
    sys::signal::{
        sigaction,
        SaFlags,
        SigAction,
        SigHandler,
        SigSet,
        Signal, //
    },
    unistd::close,
};
use std::{
    io, mem,
    ops::Range,
    ptr,
    sync::{
        atomic::{
            AtomicUsize,
            Ordering::Relaxed, //
        },
        Barrier,
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};
use vm_map_sync_msync_tests::{
    handles,
    msync,
    sync, //
};
use vm_map_sync_tests::harness::Verdict;

/// They keep one handle, and the others are closed.
pub fn first_at_once() -> Verdict {
    const MANY: usize = 8;

    let (file, mapping) = scene()?;
    let start = Barrier::new(MANY);
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                start.wait();
                assert_eq!(sync(mapping.all(), BOTH), Ok(()));
            });
        }
    });
    assert_eq!(handles()?.len(), 1);
    assert_gone(&file, &mapping)
}

extern "C" {
    fn pthread_cancel(thread: pthread_t) -> c_int;
}

/// What a thread does that is cancelled before it calls: `reached` is for what comes after that.
extern "C-unwind" fn call_when_cancelled(reached: *mut c_void) -> *mut c_void {
    // SAFETY: It is this thread.
    unsafe { pthread_cancel(libc::pthread_self()) };
    let _ = msync(0, 4096, MS_SYNC);
    // SAFETY: It is what the thread was started with.
    unsafe { *reached.cast::<bool>() = true };
    ptr::null_mut()
}

/// It ends in the call.
pub fn cancellation_point() -> Verdict {
    type Body = extern "C" fn(*mut c_void) -> *mut c_void;

    let mut reached = false;
    let mut thread = 0;
    // SAFETY: They differ in whether they may be unwound, which a thread of C may be.
    let body = unsafe {
        mem::transmute::<extern "C-unwind" fn(*mut c_void) -> *mut c_void, Body>(
            call_when_cancelled,
        )
    };
    let argument = (&raw mut reached).cast();
    // SAFETY: What it is given outlives it.
    let code = unsafe { libc::pthread_create(&raw mut thread, ptr::null(), body, argument) };
    assert_eq!(code, 0);
    let mut value = ptr::null_mut();
    // SAFETY: It was just created, and nobody else waits for it.
    assert_eq!(unsafe { libc::pthread_join(thread, &raw mut value) }, 0);
    assert_eq!(value.addr(), usize::MAX, "not cancelled");
    assert!(!reached, "msync() has returned");
    Ok(())
}

static START: AtomicUsize = AtomicUsize::new(0);
static LENGTH: AtomicUsize = AtomicUsize::new(0);
static GOOD: AtomicUsize = AtomicUsize::new(0);
static BAD: AtomicUsize = AtomicUsize::new(0);

/// Calls, and leaves the error number as it is.
extern "C" fn handler(_: c_int) {
    let before = Errno::last_raw();
    let answer = msync(START.load(Relaxed), LENGTH.load(Relaxed), BOTH);
    let kept = Errno::last_raw() == before;
    let count = if answer.is_ok() && kept { &GOOD } else { &BAD };
    count.fetch_add(1, Relaxed);
}

extern "C" {
    /// The `libc` crate does not have it for every libc.
    fn setitimer(which: c_int, new: *const libc::itimerval, old: *mut libc::itimerval) -> c_int;
}

/// Has signals come in the midst of calls, until this is dropped.
///
/// One for each call, and not again and again by itself: where a handler takes longer than that, nothing
/// else would ever run.
struct Alarms {
    /// How long the call before took.
    took: Duration,
    /// After how many tenths of that a signal comes.
    tenths: u32,
}

impl Alarms {
    fn new(handler: SigHandler) -> io::Result<Self> {
        let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
        // SAFETY: All handlers of these tests may be called at any time.
        unsafe { sigaction(Signal::SIGALRM, &action) }?;
        Ok(Self {
            took: Duration::from_millis(1),
            tenths: 0,
        })
    }

    /// A call, and a signal meanwhile if it takes as long as the one before.
    fn during(&mut self, call: impl FnOnce()) -> io::Result<()> {
        self.tenths = (self.tenths + 1) % 10;
        let delay = self.took * self.tenths / 10;
        Self::set(1 + delay.subsec_micros() as libc::suseconds_t)?;
        let began = Instant::now();
        call();
        self.took = began.elapsed();
        Ok(())
    }

    /// In so many microseconds; 0 is never.
    fn set(microseconds: libc::suseconds_t) -> io::Result<()> {
        let timer = libc::itimerval {
            it_interval: libc::timeval {
                tv_sec: 0,
                tv_usec: 0,
            },
            it_value: libc::timeval {
                tv_sec: 0,
                tv_usec: microseconds,
            },
        };
        // SAFETY: It reads what a timer is.
        if unsafe { setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

impl Drop for Alarms {
    fn drop(&mut self) {
        // It was possible before.
        let _ = Self::set(0);
    }
}

fn show(range: &Range<usize>) {
    START.store(range.start, Relaxed);
    LENGTH.store(range.len(), Relaxed);
}

/// A handler that calls, in a thread that is in a call, also the first one.
pub fn in_signal_handlers() -> Verdict {
    let (_file, mapping) = scene()?;
    show(&mapping.all());
    let mut alarms = Alarms::new(SigHandler::Handler(handler))?;
    while GOOD.load(Relaxed) < 100 && BAD.load(Relaxed) == 0 {
        mapping.fill(1, DIRTY);
        alarms.during(|| assert_eq!(sync(mapping.all(), BOTH), Ok(())))?;
        if GOOD.load(Relaxed) < 10 {
            for handle in handles()? {
                close(handle)?;
            }
        }
    }
    drop(alarms);
    assert_eq!(BAD.load(Relaxed), 0);
    mapping.assert_has(1, DIRTY);
    Ok(())
}

static SIGNALS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: c_int) {
    SIGNALS.fetch_add(1, Relaxed);
}

/// Signals do not interrupt a call.
pub fn no_interruption() -> Verdict {
    let (file, mapping) = scene()?;
    let mut alarms = Alarms::new(SigHandler::Handler(count))?;
    while SIGNALS.load(Relaxed) < 100 {
        mapping.fill(1, DIRTY);
        alarms.during(|| assert_eq!(sync(mapping.all(), BOTH), Ok(())))?;
    }
    drop(alarms);
    assert_gone(&file, &mapping)
}
