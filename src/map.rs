// SPDX-License-Identifier: GPL-2.0

//! Maps: a handle on an address space.

use crate::{
    account::Account,
    capture::capture,
    commit, evict,
    idle::is_idle,
    outcome::{
        Outcome,
        Outcomes,
        Refused, //
    },
    piece::Pieces,
    plan::{
        flags::Flags,
        pieces, //
    },
    push,
    request::Wanted,
    spare,
    standing::{
        check_protection,
        Caller,
        StandIns,
        Standing, //
    },
    stat::{
        self,
        Counts, //
    },
    sys::{
        map,
        process::Pid,
        task::Killed, //
    },
    trace, uapi,
};
use kernel::{
    mm::Mm,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::aref::ARef, //
};

/// A handle on an address space.
///
/// It holds the address space itself, never its users: processes can exit while a handle on their
/// map is open, and the map is dead then.
pub(crate) struct Map {
    mm: ARef<Mm>,
    /// The process that had it when the handle was made. It can have another one since.
    process: Pid,
    account: Account,
}

/// Whose a map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The caller's.
    Own,
    /// Another process's.
    Other,
    /// Nobody's any more.
    Dead,
}

impl Map {
    /// A handle on the map of the calling process.
    ///
    /// # Errors
    ///
    /// `ESRCH` for a kernel thread, which has no map.
    pub(crate) fn of_caller() -> Result<Self> {
        let task = kernel::current!();
        let users = task.mm().ok_or(ESRCH)?;
        let process = Pid::process_of(task).ok_or(ESRCH)?;
        Ok(Self::new(ARef::from(&**users), process))
    }

    /// A handle on the map `mm`, which is that of `process`.
    pub(crate) fn new(mm: ARef<Mm>, process: Pid) -> Self {
        Self {
            mm,
            process,
            account: Account::new(),
        }
    }

    /// Whether this is the caller's own map, whoever opened the handle.
    fn is_own(&self) -> bool {
        let task = kernel::current!();
        task.mm().is_some_and(|users| {
            let mm: &Mm = users;
            core::ptr::eq(mm, &*self.mm)
        })
    }

    /// Whose map it is.
    pub(crate) fn whose(&self) -> Whose {
        if self.is_own() {
            Whose::Own
        } else if map::is_dead(&self.mm) {
            Whose::Dead
        } else {
            Whose::Other
        }
    }

    /// The number of the process that had it when the handle was made, in the pid namespace of the
    /// caller; 0 if it has none there, or has been waited for.
    pub(crate) fn process(&self) -> i32 {
        self.process.number()
    }

    /// Notes what became of a call.
    pub(crate) fn account(&self, result: &uapi::vm_map_sync_result) {
        self.account.add(result);
    }

    /// Shows what there is to know of the handle, to whoever looks at the open file.
    pub(crate) fn show(&self, seq: &SeqFile) {
        let whose = match self.whose() {
            Whose::Own => "own",
            Whose::Other => "other",
            Whose::Dead => "dead",
        };
        let process = self.process.number_shown_in(seq);
        seq_print!(seq, "pid:\t{process}\nmap:\t{whose}\n");
        self.account.show(seq);
    }

    /// Does what is asked for, on ranges of this map, or of the caller's own if `flags` say so, and of files.
    ///
    /// All ranges are validated and captured before anything happens; what is captured stays
    /// valid whatever becomes of the map meanwhile. If the call would have to wait and may not, nothing
    /// happens, and nobody hears of it.
    // In both of its callers, not by itself: a call more for each of theirs would show where all is clean.
    #[inline(always)]
    pub(crate) fn sync(
        &self,
        caller: &Caller<'_>,
        wanted: &[Wanted],
        flags: Flags,
        outcomes: &mut Outcomes<'_>,
    ) {
        let at_once = caller.pace.is_at_once();
        if !at_once {
            trace::begin(wanted, flags);
        }
        let (Ok(()) | Err(Refused)) = self.with_map(flags, |map, standing| {
            work(map, standing, caller, wanted, flags, outcomes)
        });
        if at_once {
            let Ok(()) = outcomes.check_postponed() else {
                return;
            };
            trace::begin(wanted, flags);
        }
        trace::end(outcomes);
    }

    /// Counts what is in the page cache of ranges, in the same way.
    pub(crate) fn stat(
        &self,
        caller: &Caller<'_>,
        wanted: &[Wanted],
        flags: Flags,
        outcomes: &mut Outcomes<'_>,
        report: impl FnMut(usize, &Counts),
    ) {
        let (Ok(()) | Err(Refused)) = self.with_map(flags, |map, standing| {
            stat::look(map, standing, caller, wanted, flags, outcomes, report)
        });
    }

    /// Does something with the map that is meant, and says of what standing its files are.
    fn with_map<T>(&self, flags: Flags, work: impl FnOnce(&Mm, Standing) -> T) -> T {
        let task = kernel::current!();
        let own = task.mm().map(|users| {
            let mm: &Mm = users;
            mm
        });
        let (map, standing) = match own {
            Some(own) if flags.means_own_map() || core::ptr::eq(own, &*self.mm) => {
                (own, Standing::Own)
            }
            _ => (&*self.mm, Standing::Foreign),
        };
        work(map, standing)
    }
}

fn work(
    map: &Mm,
    standing: Standing,
    caller: &Caller<'_>,
    wanted: &[Wanted],
    flags: Flags,
    outcomes: &mut Outcomes<'_>,
) -> Result<(), Refused> {
    let mut pieces = Pieces::None;
    let manner = (flags, caller.pace);
    capture(map, standing, wanted, manner, outcomes, &mut pieces)?;
    let plan = pieces.all();
    check_protection(plan, flags, caller, outcomes)?;
    pieces::lay_out(plan);
    if caller.pace.is_at_once() {
        if !is_idle(plan, flags) {
            return Err(outcomes.postpone());
        }
        outcomes.all().iter_mut().for_each(Outcome::finish);
        return Ok(());
    }
    let stand_ins = if StandIns::are_needed(plan, flags) {
        StandIns::open(plan, flags).map_err(|refusal| outcomes.refuse(&refusal))?
    } else {
        StandIns::none()
    };

    let spared = if flags.invalidate() && flags.spares_shared() {
        spare::give_up(map, plan)
    } else {
        Ok(())
    };
    let pushed = spared
        .and_then(|()| push::push(plan, flags, caller, outcomes))
        .and_then(|dirty| commit::commit(plan, flags, &stand_ins, dirty, outcomes));
    if let Err(Killed) = pushed {
        let all = outcomes.all().iter_mut();
        all.for_each(|outcome| outcome.stop(outcome.done));
        return Ok(());
    }
    if let Ok(()) = evict::evict(plan, flags, &stand_ins, outcomes) {
        outcomes.all().iter_mut().for_each(Outcome::finish);
    }
    Ok(())
}
