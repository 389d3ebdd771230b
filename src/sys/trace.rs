// SPDX-License-Identifier: GPL-2.0

//! Trace: the tracepoints of `trace.h`, for those who listen.
//!
//! As long as nobody does, each costs one instruction that does nothing: the branch to the rest is put in
//! its place when the event is switched on.
//!
//! C header: `include/linux/tracepoint.h`

use super::{
    events,
    pager::Pager, //
};
use kernel::{
    bindings,
    jump_label,
    macros::paste,
    time::{
        Instant,
        Monotonic, //
    }, //
};

/// Defines a module for each event, of a file (`[pager]`) or not: whether somebody listens to it, and a
/// function that tells him.
///
/// They are apart so that what an event has to say is looked at only if somebody listens.
macro_rules! events {
    ($($(#[$attr:meta])* $event:ident $([$pager:ident: $file:ty])?(
        $($field:ident: $kind:ty),*
    );)*) => {$(
        $(#[$attr])*
        pub(crate) mod $event {
            use super::*;

            /// Whether somebody listens.
            #[inline(always)]
            pub(crate) fn is_on() -> bool {
                #[cfg(CONFIG_TRACEPOINTS)]
                paste! {
                    // SAFETY: The key is that of a tracepoint, which C has defined.
                    unsafe {
                        jump_label::static_branch_unlikely!(
                            events::[<__tracepoint_vm_map_sync_ $event>],
                            bindings::tracepoint,
                            key
                        )
                    }
                }
                #[cfg(not(CONFIG_TRACEPOINTS))]
                false
            }

            /// Tells of it.
            pub(crate) fn tell($($pager: &$file,)? $($field: $kind),*) {
                paste! {
                    // SAFETY: Any numbers will do, and the mapping is valid as long as the pager.
                    unsafe {
                        events::[<rust_do_trace_vm_map_sync_ $event>](
                            $($pager.mapping(),)? $($field),*
                        );
                    }
                }
            }
        }
    )*};
}

events! {
    /// A call has begun.
    begin(start: usize, end: usize, flags: u32, ranges: u32);
    /// Writing has begun of what is dirty in a file.
    pushed[pager: Pager](first: usize, pages: usize, dirty: usize, error: i32);
    /// Pages of a file are not being written any more.
    written[pager: Pager](first: usize, pages: usize, error: i32);
    /// A file was committed for the thread `pid`, which took `duration` nanoseconds.
    committed[pager: Pager](pages: usize, pid: i32, duration: u64, error: i32);
    /// What could be freed of a file is free.
    freed[pager: Pager](first: usize, pages: usize, freed: usize, left: usize);
    /// A call has ended.
    end(error: i32, reason: u32, pushed: usize, freed: usize, left: usize);
}

/// When a commit was begun, if somebody listens.
#[derive(Clone, Copy)]
pub(crate) struct Began(Option<Instant<Monotonic>>);

impl Began {
    /// Now.
    #[inline(always)]
    pub(crate) fn now() -> Self {
        Self(committed::is_on().then(Instant::now))
    }

    /// Nanoseconds since then; 0 if nobody listened.
    pub(crate) fn elapsed(self) -> u64 {
        let nanoseconds = self.0.map_or(0, |began| began.elapsed().as_nanos());
        u64::try_from(nanoseconds).unwrap_or(0)
    }
}
