// SPDX-License-Identifier: GPL-2.0

//! Commit: make durable what was pushed.

use crate::{
    outcome::{
        Fault,
        Outcome, //
    },
    piece::Piece,
    plan::{
        flags::Flags,
        pieces::{
            self,
            locate, //
        }, //
    },
    sys::{
        pager::Pager,
        queue::{
            self,
            Completion, //
        },
        task::{
            self,
            Killed, //
        }, //
    },
};
use core::cmp::min;
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Full,
            Relaxed, //
        },
        Arc, //
    },
};

/// How many pages must have been pushed for the commit of a single pager to be left to a helper, so
/// that the caller can be killed meanwhile. For fewer the detour would cost more than it is worth:
/// such a call is what `fdatasync()` is, and that cannot be killed either.
const LARGE: usize = 1024;

/// Commits each pager once, if `flags` ask for it, and tells each file through which the pages were
/// mapped of its write errors.
///
/// A failure is noted, and the rest is still done.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn commit(plan: &[Piece], flags: Flags, outcome: &mut Outcome) -> Result<(), Killed> {
    if !flags.syncio() {
        return Ok(());
    }
    let committed = match Batch::of(plan, outcome.tally.pushed >= LARGE) {
        Some(batch) => Some(Batch::work_off(batch)?),
        None => None,
    };
    for (index, siblings) in pieces::pagers(plan).enumerate() {
        let mut result = match &committed {
            Some(batch) => batch.result(index),
            None => {
                task::checkpoint()?;
                Job::of(siblings).map_or(Ok(()), Pager::commit)
            }
        };
        // Each file has a cursor of its own in the errors of its pager.
        for piece in siblings {
            result = result.and(piece.pager.take_error());
        }
        if let Err(errno) = result {
            outcome.note(Fault::io(errno, locate(siblings, 0).unwrap_or(0)));
        }
    }
    Ok(())
}

/// The commit of one pager.
struct Job {
    pager: Pager,
    /// The error number, negative; 0 if there is none (yet).
    errno: Atomic<i32>,
}

impl Job {
    /// Through which file to commit a pager.
    fn of(siblings: &[Piece]) -> Option<&Pager> {
        // A file system may refuse to commit through a file that cannot be written to.
        let writable = siblings.iter().find(|piece| piece.pager.is_writable());
        Some(&writable.or(siblings.first())?.pager)
    }
}

/// The commits of several pagers, side by side, so that a journal or a disk that they share can
/// serve many of them at once.
///
/// Helpers take one job after the other. They hold the batch, so the caller may go when it is
/// killed; what nobody has begun by then is not done.
#[pin_data]
struct Batch {
    jobs: KVVec<Job>,
    /// The next job that nobody has taken.
    next: Atomic<usize>,
    /// How many jobs are not done.
    open: Atomic<usize>,
    /// How many helpers have not come yet.
    absent: Atomic<usize>,
    #[pin]
    gathered: Completion,
    #[pin]
    done: Completion,
}

impl Batch {
    /// The commits of all pagers of a plan. `None` if there is only one, unless it is `large`, or
    /// no memory: then they are done by the caller, one after the other.
    fn of(plan: &[Piece], large: bool) -> Option<Arc<Self>> {
        let count = pieces::pagers(plan).count();
        if count < 2 && !large || count == 0 {
            return None;
        }
        let mut jobs = KVVec::with_capacity(count, GFP_KERNEL_ACCOUNT).ok()?;
        for pager in pieces::pagers(plan).filter_map(Job::of) {
            let job = Job {
                pager: pager.clone(),
                errno: Atomic::new(0),
            };
            jobs.push_within_capacity(job).ok()?;
        }
        let batch = pin_init!(Self {
            next: Atomic::new(0),
            open: Atomic::new(jobs.len()),
            absent: Atomic::new(min(jobs.len(), queue::HELPERS)),
            jobs,
            gathered <- Completion::new(),
            done <- Completion::new(),
        });
        Arc::pin_init(batch, GFP_KERNEL_ACCOUNT).ok()
    }

    /// Has the helpers do all jobs, and waits for that.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    fn work_off(this: Arc<Self>) -> Result<Arc<Self>, Killed> {
        let wanted = this.absent.load(Relaxed);
        let mut helpers = 0;
        if let Some(queue) = queue::queue() {
            while helpers < wanted {
                let batch = this.clone();
                let help = move || {
                    batch.gather(1);
                    batch.help();
                };
                if queue.try_spawn(GFP_KERNEL, help).is_err() {
                    break;
                }
                helpers += 1;
            }
        }
        if helpers < wanted {
            this.gather(wanted - helpers);
        }
        if helpers == 0 {
            this.help();
        }
        this.done.wait().inspect_err(|_| {
            this.next.store(this.jobs.len(), Relaxed);
        })?;
        Ok(this)
    }

    /// Waits for the other helpers, so that what they ask the disk for reaches it at once: the
    /// first would otherwise be done before the last has come, and there were nothing to merge.
    ///
    /// `count` of them come with this. Those who are busy elsewhere are not waited for.
    fn gather(&self, count: usize) {
        if self.absent.fetch_sub(count, Full) <= count {
            self.gathered.complete();
        } else {
            self.gathered.wait_a_moment();
        }
    }

    /// Does jobs until there are none.
    fn help(&self) {
        while let Some(job) = self.jobs.get(self.next.fetch_add(1, Relaxed)) {
            if let Err(errno) = job.pager.commit() {
                job.errno.store(errno.to_errno(), Relaxed);
            }
            // Orders the results before the completion.
            if self.open.fetch_sub(1, Full) == 1 {
                self.done.complete();
            }
        }
    }

    /// What became of a job, counted in the order of the plan.
    fn result(&self, index: usize) -> Result {
        let errno = self
            .jobs
            .get(index)
            .map_or(0, |job| job.errno.load(Relaxed));
        kernel::error::to_result(errno)
    }
}
