// SPDX-License-Identifier: GPL-2.0

//! Batch: commits side by side, so that a journal or a disk that they share can serve many of them at
//! once.
//!
//! The caller is never in the hands of others: the helpers are of this call alone, and if it is granted
//! none, or none come, it does the work itself. When it goes, so does what nobody has begun, with its
//! files; what a helper has begun is all that is left. What that comes to nobody hears of any more: so its file
//! does not count as told of it, and whoever asks next is.

use crate::{
    sys::{
        errors::ErrorMark,
        memory::{
            room,
            small,
            Room, //
        },
        pager::Pager,
        queue::{
            Completion,
            Helper, //
        },
        rights::Rights,
        task::{
            self,
            Killed, //
        }, //
    },
    trace, //
};
use core::{
    cmp::min,
    mem,
    ops::Range, //
};
use kernel::{
    error::to_result,
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Full,
            Relaxed, //
        },
        Arc,
        Mutex, //
    },
    task::Pid, //
};

/// The most helpers of one call. 1,024 files of an ext4 and of an xfs whose disk takes 5 ms for a flush take 14 and
/// 14 flushes with 256 helpers, 12 and 10 with 512, 8 and 9 with 1,024, but then a tenth to a fifth more time
/// (`bench/run vector`).
const HELPERS: usize = 512;

/// How long the helpers of a call wait for each other, in milliseconds. Only where there is no memory
/// for a thread do they not come at all.
const GATHERING: u32 = 10_000;

/// The commit of one pager.
pub(crate) struct Job {
    /// The pager, with the file through which it is committed.
    pub(crate) pager: Pager,
    /// The pages that the commit covers; may be empty.
    pub(crate) pages: Range<usize>,
}

/// Commits that are done side by side.
#[pin_data]
pub(crate) struct Batch {
    /// What nobody has begun; the last one is the next.
    #[pin]
    jobs: Mutex<Room<Job>>,
    /// What became of each job, by its number: an error number, negative, or 0. Whoever passes it on takes it.
    errors: Room<Atomic<i32>>,
    /// What the file of each job had been told of before.
    told: Room<ErrorMark>,
    /// Not 0 when the caller has gone, and hears of nothing any more.
    abandoned: Atomic<i32>,
    /// With whose rights it is done.
    rights: Rights,
    /// For which thread.
    caller: Pid,
    /// How many jobs are not done.
    open: Atomic<usize>,
    /// How many helpers have not come yet.
    absent: Atomic<usize>,
    /// Nobody waits for helpers any more.
    #[pin]
    gathered: Completion,
    /// All jobs are done.
    #[pin]
    done: Completion,
}

impl Batch {
    /// So many jobs, which will be done with the rights of the caller. `None` if there is no memory.
    pub(crate) fn of(count: usize, jobs: impl Iterator<Item = Job>) -> Option<Arc<Self>> {
        let mut list = room(count).ok()?;
        let mut errors = room(count).ok()?;
        let mut told = room(count).ok()?;
        for job in jobs {
            told.push_within_capacity(job.pager.told_errors()).ok()?;
            list.push_within_capacity(job).ok()?;
            errors.push_within_capacity(Atomic::new(0)).ok()?;
        }
        list.reverse();
        let batch = pin_init!(Self {
            open: Atomic::new(list.len()),
            absent: Atomic::new(0),
            abandoned: Atomic::new(0),
            errors,
            told,
            rights: Rights::of_caller(),
            caller: kernel::current!().pid(),
            gathered <- Completion::new(),
            done <- Completion::new(),
            jobs <- new_mutex!(list),
        });
        Arc::pin_init(batch, small()).ok()
    }

    /// Does all jobs, with the help of others as far as the caller may have it.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile: what nobody has begun is dropped then. Results that are there already
    /// are his to [give back](Self::give_back).
    pub(crate) fn work_off(self: &Arc<Self>) -> Result<(), Killed> {
        let result = self.call_for_help().and_then(|helped| {
            if !helped {
                self.work(task::checkpoint)?;
            }
            self.done.wait_killable()
        });
        if result.is_err() {
            // From here on it is the helpers' to give results back, but for those that are there.
            self.abandoned.xchg(1, Full);
            let rest = mem::replace(&mut *self.jobs.lock(), Room::new());
            drop(rest);
            self.gathered.complete();
        }
        result
    }

    /// Has helpers come, and waits until all of them are there: what they ask the disk for is to reach
    /// it at once. The first would otherwise be done before the last has come, and there were nothing
    /// to merge. Says whether all of them came.
    ///
    /// # Errors
    ///
    /// If the caller was killed meanwhile.
    fn call_for_help(self: &Arc<Self>) -> Result<bool, Killed> {
        let wanted = min(self.errors.len(), HELPERS);
        // This is an absent one as well, so that the others do not go on without those to come.
        self.absent.store(1, Relaxed);
        let mut helpers = 0;
        for helper in Helper::hire(self.rights.answerable(), wanted) {
            let batch = self.clone();
            self.absent.fetch_add(1, Relaxed);
            if helper.work(move || batch.help()).is_err() {
                self.arrive();
                break;
            }
            helpers += 1;
        }
        self.arrive();
        let all = self.gathered.wait_killable_for(GATHERING)?;
        self.gathered.complete();
        Ok(all && helpers > 0)
    }

    fn arrive(&self) {
        if self.absent.fetch_sub(1, Full) == 1 {
            self.gathered.complete();
        }
    }

    /// What a helper does.
    fn help(&self) {
        self.arrive();
        // The caller ends this if others do not come.
        self.gathered.wait();
        let _assumed = self.rights.assume();
        let _ = self.work(|| Ok(()));
    }

    /// Does jobs until there are none.
    ///
    /// # Errors
    ///
    /// What `may_go_on` returns, which is asked before each job.
    fn work(&self, may_go_on: impl Fn() -> Result<(), Killed>) -> Result<(), Killed> {
        loop {
            may_go_on()?;
            let next = {
                let mut jobs = self.jobs.lock();
                let job = jobs.pop();
                job.map(|job| (jobs.len(), job))
            };
            let Some((behind, job)) = next else {
                return Ok(());
            };
            if let Err(errno) = trace::commit(&job.pager, &job.pages, Some(self.caller)) {
                let number = self.errors.len().saturating_sub(behind + 1);
                if let Some(error) = self.errors.get(number) {
                    // Before it is looked whether there is somebody to take it.
                    error.xchg(errno.to_errno(), Full);
                }
                if self.abandoned.load(Relaxed) != 0 {
                    self.give_back(number, &job.pager);
                }
            }
            // Nobody is to find the file open when the call has returned.
            drop(job);
            // Orders the results before the completion.
            if self.open.fetch_sub(1, Full) == 1 {
                self.done.complete();
            }
        }
    }

    /// Nobody is told what became of a job, by its number, whose pager this is.
    pub(crate) fn give_back(&self, number: usize, pager: &Pager) {
        if let (Err(_), Some(&told)) = (self.take_result(number), self.told.get(number)) {
            pager.untell(told);
        }
    }

    /// What became of a job, by its number: an error is told once.
    pub(crate) fn take_result(&self, number: usize) -> Result {
        let error = self.errors.get(number);
        to_result(error.map_or(0, |error| error.xchg(0, Full)))
    }
}
