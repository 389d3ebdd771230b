// SPDX-License-Identifier: GPL-2.0

//! The capture: the ranges of a call, validated as a whole and taken hold of.
//!
//! It is made under a lock that keeps the map as it is, so it is what the map had at one moment.
//! What is captured are references to files and page ranges in them, never an entry; the map may
//! change afterwards as it likes.

use crate::{
    content::{
        validate,
        Content, //
    },
    found::{
        Found,
        Next, //
    },
    outcome::{
        Fault,
        Outcome,
        Outcomes,
        Refusal,
        Refused, //
    },
    pace::Pace,
    piece::{
        Origin,
        Piece,
        Pieces, //
    },
    plan::{
        bounds::Bounds,
        flags::Flags,
        reason::Reason, //
    },
    request::Wanted,
    standing::Standing,
    sys::{
        entry::Entry,
        map::MapGuard,
        task, //
    },
};
use core::cmp::{
    max,
    min, //
};
use kernel::{
    mm::{
        Mm,
        MmWithUser, //
    },
    page::PAGE_SIZE,
    prelude::*,
};

/// Validates what `wanted` means in `mm`, and captures it as `pieces`, of which there are none yet: in the
/// order of the ranges and of their addresses. `standing` is that of the files which the map has.
///
/// # Errors
///
/// If the call is refused, or may not wait, and would have to wait for the map's lock or look at very many
/// entries: nothing has happened then.
pub(crate) fn capture(
    mm: &Mm,
    standing: Standing,
    wanted: &[Wanted],
    (flags, pace): (Flags, Pace),
    outcomes: &mut Outcomes<'_>,
    pieces: &mut Pieces,
) -> Result<(), Refused> {
    let users = |range| {
        let users = mm.mmget_not_zero();
        users.ok_or_else(|| Fault::of(Reason::Dead, ESRCH).of_range(range))
    };
    if let [Wanted::Addresses { start, end }] = wanted {
        let users = users(0).map_err(|refusal| outcomes.refuse(&refusal))?;
        let origin = Origin::of_map(flags, standing, 0);
        let captured = outcomes
            .of(0)
            .and_then(|outcome| of_one_entry(&users, *start, *end, origin, outcome, pieces));
        return match captured {
            Some(captured) => captured.map_err(|fault| outcomes.refuse(&fault.of_range(0))),
            None => of_entries(
                Some(&users),
                standing,
                wanted,
                (flags, pace),
                outcomes,
                pieces,
            ),
        };
    }
    let is_of_map = |wanted: &Wanted| matches!(wanted, Wanted::Addresses { .. });
    let users = match wanted.iter().position(is_of_map) {
        Some(range) => Some(users(range).map_err(|refusal| outcomes.refuse(&refusal))?),
        None => None,
    };
    of_entries(
        users.as_deref(),
        standing,
        wanted,
        (flags, pace),
        outcomes,
        pieces,
    )
}

/// Captures under the lock of the map, if any range is one of it.
// Not that it were rare: the case of one entry, which is the cheapest, is to have the registers.
#[cold]
fn of_entries(
    users: Option<&MmWithUser>,
    standing: Standing,
    wanted: &[Wanted],
    (flags, pace): (Flags, Pace),
    outcomes: &mut Outcomes<'_>,
    pieces: &mut Pieces,
) -> Result<(), Refused> {
    // No memory can be had under the lock. If there are more pieces than there is room, the
    // ranges are validated anew with more room, so that the capture is of one moment still.
    let mut room = max(8, wanted.len());
    let mut changes = 0;
    loop {
        let Ok(pieces) = pieces.make_room(room) else {
            outcomes.all().fill_with(Outcome::default);
            return Err(outcomes.refuse(&Fault::no_memory().of_range(0)));
        };
        let mut walk = Walk {
            flags,
            standing,
            pace,
            polite: changes < POLITENESS,
            looked: 0,
            found: Found::new(pieces),
        };
        let walked = walk.take(users, wanted, outcomes);
        if !walked.map_err(|refusal| outcomes.refuse(&refusal))? {
            if pace.is_at_once() {
                return Err(outcomes.postpone());
            }
            changes += 1;
            continue;
        }
        match walk.found.finish() {
            Ok(()) => return Ok(()),
            // Some more, since the map may change before the next walk.
            Err(count) => room = count.saturating_add(count / 8),
        }
    }
}

/// Captures under the lock of a single entry, if the range lies in one and the lock can be had.
/// `None` says to try with the lock of the map.
fn of_one_entry(
    users: &MmWithUser,
    start: usize,
    end: usize,
    origin: Origin,
    outcome: &mut Outcome,
    pieces: &mut Pieces,
) -> Option<Result<(), Fault>> {
    // A tagged address is no address of an entry; untagging is for the map's lock.
    let bounds = Bounds::new(start, end, PAGE_SIZE)?;
    let vma = users.lock_vma_under_rcu(bounds.start())?;
    let entry = Entry::new(&vma);
    let range = match bounds {
        Bounds::Entry(_) => entry.range(),
        Bounds::Range { start, end } => start..end,
    };
    if range.end > entry.range().end {
        return None;
    }
    outcome.begin(bounds.start(), range.end);
    Some(
        validate(entry, range.start, origin.flags, None).map(|found| {
            outcome.done = range.start;
            match found {
                Content::Pager(pager) => {
                    let (pages, at) = (entry.pages(&range), range.start);
                    *pieces = Pieces::One(Piece::new(pager, pages, at, origin));
                }
                Content::Unpaged => outcome.tally.unpaged = range.len() / PAGE_SIZE,
                Content::Skipped => outcome.tally.skipped = range.len(),
            }
        }),
    )
}

/// A walk over the entries of the ranges.
struct Walk<'p> {
    flags: Flags,
    standing: Standing,
    pace: Pace,
    /// Whether it lets those through who wait to change the map, and ends if they did.
    polite: bool,
    /// How many entries were looked at; of each range at least a stride.
    looked: usize,
    found: Found<'p>,
}

impl Walk<'_> {
    /// Finds the pieces of all ranges, as far as there is room for them. Says whether the map was the
    /// same all the time; or, if nothing may be waited for, whether nothing had to be.
    ///
    /// # Errors
    ///
    /// What the call is refused for.
    fn take(
        &mut self,
        users: Option<&MmWithUser>,
        wanted: &[Wanted],
        outcomes: &mut Outcomes<'_>,
    ) -> Result<bool, Refusal> {
        let mut guard = match (users, self.pace) {
            (Some(users), Pace::Patient) => {
                let locked = MapGuard::lock(users).map_err(killed);
                Some(locked.map_err(|fault| fault.of_range(0))?)
            }
            (Some(users), Pace::AtOnce) => match MapGuard::try_lock(users) {
                Some(locked) => Some(locked),
                None => return Ok(false),
            },
            (None, _) => None,
        };
        for (range, wanted) in wanted.iter().enumerate() {
            let Some(outcome) = outcomes.of(range) else {
                break;
            };
            match (wanted, guard.take()) {
                (Wanted::File(file), held) => {
                    let origin = Origin::of_file(self.flags, range);
                    guard = held;
                    outcome.begin(file.bytes.start, file.bytes.end);
                    match file.file.pager() {
                        Some(pager) => {
                            self.found.begin(origin);
                            self.found.add(pager, file.pages.clone(), file.bytes.start);
                        }
                        None => outcome.tally.unpaged = file.pages.len(),
                    }
                }
                (Wanted::Addresses { start, end }, Some(held)) => {
                    self.found
                        .begin(Origin::of_map(self.flags, self.standing, range));
                    let walked = self.walk(held, *start, *end, outcome);
                    guard = walked.map_err(|fault| fault.of_range(range))?;
                    let Some(guard) = &guard else {
                        return Ok(false);
                    };
                    // Only ranges that overlap have so many.
                    if range > 0 && self.looked > LOOKED + 2 * guard.count() {
                        return Err(Fault::argument(E2BIG).of_range(range));
                    }
                }
                // There is a guard if any range is one of the map.
                (Wanted::Addresses { .. }, None) => break,
            }
        }
        Ok(true)
    }

    /// Finds the pieces of one range. `None` instead of the lock says that the map has changed, or that
    /// there is no end of it and that others are not to wait for it.
    ///
    /// # Errors
    ///
    /// The fault for which the call is refused.
    // By itself its loop has all registers, which saves one in fifty of the instructions for an entry.
    #[inline(never)]
    fn walk<'a>(
        &mut self,
        mut guard: MapGuard<'a>,
        start: usize,
        end: usize,
        outcome: &mut Outcome,
    ) -> Result<Option<MapGuard<'a>>, Fault> {
        let bounds = Bounds::new(guard.untag(start), guard.untag(end), PAGE_SIZE)
            .ok_or(Fault::argument(EINVAL))?;
        let hole = |address| Fault {
            reason: Reason::Hole,
            errno: ENOMEM,
            address,
        };
        outcome.begin(bounds.start(), bounds.start());
        let range = match bounds {
            Bounds::Range { start, end } => start..end,
            Bounds::Entry(at) => {
                let entry = guard.entries(at).next();
                let range = entry.map(Entry::range).filter(|range| range.start <= at);
                range.ok_or_else(|| hole(at))?
            }
        };

        let (flags, polite, at_once) = (self.flags, self.polite, self.pace.is_at_once());
        let mut unpaged = 0;
        let mut skipped = 0;
        let mut next = Next::default();
        let mut at = range.start;
        'walk: loop {
            task::checkpoint().map_err(killed)?;
            if at_once {
                if self.looked > LOOKED {
                    return Ok(None);
                }
            } else if polite && guard.is_contended() {
                let (again, same) = guard.give_way().map_err(killed)?;
                if !same {
                    return Ok(None);
                }
                guard = again;
            }
            self.looked += STRIDE;
            let mut entries = guard.entries(at);
            let mut known = None;
            for looked in 0..STRIDE {
                let found = entries.next();
                let Some(entry) = found.filter(|entry| entry.range().start <= at) else {
                    if !flags.allows_holes() {
                        return Err(hole(at));
                    }
                    // What lies behind the end of the map is no hole in it.
                    let end = min(range.end, max(at, guard.size()));
                    let behind = found.map_or(end, |entry| min(end, entry.range().start));
                    skipped += behind - at;
                    at = behind;
                    if found.is_none() || at >= range.end {
                        break 'walk;
                    }
                    // The entry is looked at once more, and what was to come was not looked at.
                    self.looked = self.looked.saturating_sub(STRIDE - looked);
                    break;
                };
                let part = at..min(range.end, entry.range().end);
                match validate(entry, at, flags, known)? {
                    Content::Pager(pager) => {
                        let pages = entry.pages(&part);
                        if !next.is(pager, &pages, &part) {
                            self.found.end(&next);
                            self.found.add(pager, pages.clone(), part.start);
                        }
                        next = Next::behind(pager, &pages, &part);
                        known = Some(pager);
                    }
                    Content::Unpaged => unpaged += part.len() / PAGE_SIZE,
                    Content::Skipped => skipped += part.len(),
                }
                at = part.end;
                if at >= range.end {
                    break 'walk;
                }
            }
        }
        self.found.end(&next);
        outcome.begin(range.start, range.end);
        outcome.tally.unpaged = unpaged;
        outcome.tally.skipped = skipped;
        Ok(Some(guard))
    }
}

/// How many entries are looked at between two chances to die, or to let others through.
const STRIDE: usize = 64;

/// How many walks are begun anew because the map has changed. A map that is changed all the time
/// is then locked for as long as a walk takes.
const POLITENESS: usize = 8;

/// How many entries may be looked at in any case, and besides twice those of the map: of as many ranges as
/// there can be a stride. A call that may not wait looks at no more.
const LOOKED: usize = 1 << 16;

fn killed(_: task::Killed) -> Fault {
    Fault::killed()
}
