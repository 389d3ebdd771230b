// SPDX-License-Identifier: GPL-2.0

//! Patience: waiting for what is to come, however long a busy machine takes for it.

use crate::harness::{
    patience,
    Failure,
    Verdict, //
};
use std::{
    panic::Location,
    sync::atomic::{
        AtomicBool,
        AtomicUsize,
        Ordering, //
    },
    thread,
    time::{
        Duration,
        Instant, //
    },
};

/// Against hanging only: less than a test may take, so that it says itself what did not come.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits until `has_come` finds that `what` it looks for has come.
///
/// # Errors
///
/// If it does not come, or cannot be looked for.
#[track_caller]
pub fn wait_until<E: Into<Failure>>(
    what: &str,
    mut has_come: impl FnMut() -> Result<bool, E>,
) -> Verdict {
    let end = Instant::now() + patience(LIMIT);
    while !has_come().map_err(Into::into)? {
        if Instant::now() >= end {
            let caller = Location::caller();
            return Err(Failure::Failed(format!("{caller}: never {what}")));
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Some who do something side by side, until each of them has done it often enough.
pub struct Crowd<const N: usize> {
    /// How often each has done it.
    done: [AtomicUsize; N],
    /// How often each is to have done it.
    enough: usize,
    /// One of them has failed, so the others need not go on.
    failed: AtomicBool,
}

impl<const N: usize> Crowd<N> {
    /// Nobody has done anything yet.
    pub fn new(enough: usize) -> Self {
        Self {
            done: [const { AtomicUsize::new(0) }; N],
            enough,
            failed: AtomicBool::new(false),
        }
    }

    /// Does it, again and again. It counts if `deed` says so.
    pub fn act(&self, who: usize, mut deed: impl FnMut() -> bool) {
        let _guard = Guard(&self.failed);
        while !self.is_enough() {
            if deed() {
                self.done[who].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn is_enough(&self) -> bool {
        let done = |count: &AtomicUsize| count.load(Ordering::Relaxed) >= self.enough;
        self.failed.load(Ordering::Relaxed) || self.done.iter().all(done)
    }
}

struct Guard<'a>(&'a AtomicBool);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{
        catch_unwind,
        AssertUnwindSafe, //
    };

    #[test]
    fn what_comes_is_waited_for() {
        let mut looks = 0;
        let come = wait_until("thrice", || {
            looks += 1;
            Ok::<_, Failure>(looks == 3)
        });
        assert!(come.is_ok() && looks == 3);
    }

    #[test]
    fn all_of_a_crowd_do_enough() {
        let crowd = Crowd::<2>::new(10);
        let mut seen = [0; 2];
        thread::scope(|scope| {
            let [one, other] = &mut seen;
            scope.spawn(|| {
                crowd.act(0, || {
                    *one += 1;
                    // Half of it is nothing worth.
                    *one % 2 == 0
                });
            });
            crowd.act(1, || {
                *other += 1;
                true
            });
        });
        assert!(seen[0] >= 20 && seen[1] >= 10, "{seen:?}");
    }

    #[test]
    fn nobody_waits_for_one_who_failed() {
        let crowd = Crowd::<2>::new(1);
        let failed = catch_unwind(AssertUnwindSafe(|| crowd.act(0, || panic!("as it should"))));
        assert!(failed.is_err());
        crowd.act(1, || false);
    }
}
