// SPDX-License-Identifier: GPL-2.0

//! The capture: a range of a map, validated as a whole and taken hold of.
//!
//! It is made under a lock that keeps the map as it is, so it is what the map had at one moment.
//! What is captured are references to files and page ranges in them, never an entry; the map may
//! change afterwards as it likes.

use crate::{
    args::Request,
    outcome::{
        Fault,
        Outcome, //
    },
    piece::{
        Piece,
        Pieces, //
    },
    plan::{
        bounds::Bounds,
        flags::Flags,
        reason::Reason, //
    },
    standing::Standing,
    sys::{
        entry::{
            Backing,
            Entry, //
        },
        map::MapGuard,
        pager::PagerRef,
        task, //
    },
};
use core::{
    cmp::min,
    ops::Range, //
};
use kernel::{
    mm::{
        Mm,
        MmWithUser, //
    },
    page::PAGE_SIZE,
    prelude::*,
};

/// A range of a map, taken hold of.
pub(crate) struct Capture {
    /// The range in bytes, page aligned.
    pub(crate) range: Range<usize>,
    /// How many pages of it have no pager.
    pub(crate) unpaged: usize,
    pieces: Pieces,
}

impl Capture {
    /// Validates and captures what `request` means in `mm`.
    ///
    /// # Errors
    ///
    /// The outcome of a call that is refused: nothing has happened then.
    pub(crate) fn take(mm: &Mm, request: &Request) -> Result<Self, Outcome> {
        let users = mm.mmget_not_zero().ok_or_else(|| {
            let dead = Fault {
                reason: Reason::Dead,
                errno: ESRCH,
                address: 0,
            };
            Outcome::refused(dead, 0)
        })?;

        if let Some(capture) = Self::of_one_entry(&users, request) {
            return capture;
        }

        // No memory can be had under the lock. If there are more pieces than there is room, the
        // range is validated anew with more room, so that the capture is of one moment still.
        let mut room = 8;
        let mut changes = 0;
        loop {
            let mut pieces =
                Pieces::with_room(room).map_err(|_| Outcome::refused(Fault::no_memory(), 0))?;
            match Self::walk(&users, request, changes < POLITENESS, &mut pieces)? {
                Walk::Captured { range, unpaged } => {
                    return Ok(Self {
                        range,
                        unpaged,
                        pieces,
                    })
                }
                // Some more, since the map may change before the next walk.
                Walk::TooMany(count) => room = count.saturating_add(count / 8),
                Walk::Changed => changes += 1,
            }
        }
    }

    /// The pieces, in the order of their addresses until they are laid out.
    pub(crate) fn pieces(&mut self) -> &mut [Piece] {
        self.pieces.all()
    }

    /// Checks that the caller may do with the files what `flags` say. Has to come before the pieces
    /// are laid out.
    ///
    /// Asks the file systems, so it cannot be done under the lock.
    ///
    /// # Errors
    ///
    /// - [`Reason::Protection`] if pages of a file are to be freed that the caller could not write.
    /// - [`Reason::Killed`].
    pub(crate) fn check_protection(
        &mut self,
        flags: Flags,
        standing: Standing,
    ) -> Result<(), Fault> {
        if !flags.invalidate() {
            return Ok(());
        }
        // Entries in a row mostly map the same file, and a server may have to be asked.
        for same in self
            .pieces()
            .chunk_by(|a, b| a.pager.is_same_file(&b.pager))
        {
            task::checkpoint().map_err(|task::Killed| Fault::killed())?;
            if let Some(piece) = same.first().filter(|piece| !standing.may_ask(&piece.pager)) {
                return Err(Fault {
                    reason: Reason::Protection,
                    errno: EPERM,
                    address: piece.start(),
                });
            }
        }
        Ok(())
    }

    /// Captures under the lock of a single entry, if the range lies in one and the lock can be had.
    /// `None` says to try with the lock of the map.
    fn of_one_entry(users: &MmWithUser, request: &Request) -> Option<Result<Self, Outcome>> {
        // A tagged address is no address of an entry; untagging is for the map's lock.
        let bounds = Bounds::new(request.start, request.end, PAGE_SIZE)?;
        let vma = users.lock_vma_under_rcu(bounds.start())?;
        let entry = Entry::new(&vma);
        let range = match bounds {
            Bounds::Entry(_) => entry.range(),
            Bounds::Range { start, end } => start..end,
        };
        if range.end > entry.range().end {
            return None;
        }
        Some(match validate(entry, range.start, request.flags, None) {
            Err(fault) => Err(Outcome::refused(fault, bounds.start())),
            Ok(None) => Ok(Self {
                unpaged: range.len() / PAGE_SIZE,
                range,
                pieces: Pieces::none(),
            }),
            Ok(Some(pager)) => {
                let (pages, at) = (entry.pages(&range), range.start);
                Ok(Self {
                    unpaged: 0,
                    range,
                    pieces: Pieces::One(Piece::new(pager, pages, at, request.flags)),
                })
            }
        })
    }

    /// Walks over the entries of a range, and fills `pieces` as far as there is room.
    ///
    /// A `polite` walk lets those through who wait to change the map, and ends if they did.
    // By itself its loop has all registers, which saves one in fifty of the instructions for an entry.
    #[inline(never)]
    fn walk(
        users: &MmWithUser,
        request: &Request,
        polite: bool,
        pieces: &mut Pieces,
    ) -> Result<Walk, Outcome> {
        let killed = |task::Killed| Outcome::refused(Fault::killed(), 0);
        let mut guard = MapGuard::lock(users).map_err(killed)?;

        let (start, end) = (guard.untag(request.start), guard.untag(request.end));
        let bounds = Bounds::new(start, end, PAGE_SIZE).ok_or_else(|| {
            let argument = Fault {
                reason: Reason::Argument,
                errno: EINVAL,
                address: 0,
            };
            Outcome::refused(argument, 0)
        })?;
        let refused = |fault| Outcome::refused(fault, bounds.start());
        let hole = |address| {
            refused(Fault {
                reason: Reason::Hole,
                errno: ENOMEM,
                address,
            })
        };
        let range = match bounds {
            Bounds::Range { start, end } => start..end,
            Bounds::Entry(at) => {
                let entry = guard.entries(at).next();
                let range = entry.map(Entry::range).filter(|range| range.start <= at);
                range.ok_or_else(|| hole(at))?
            }
        };

        let mut found = Found::new(pieces, request.flags);
        let mut unpaged = 0;
        let mut at = range.start;
        loop {
            task::checkpoint().map_err(|task::Killed| refused(Fault::killed()))?;
            if polite && guard.is_contended() {
                let (again, same) = guard.give_way().map_err(killed)?;
                if !same {
                    return Ok(Walk::Changed);
                }
                guard = again;
            }
            let mut entries = guard.entries(at);
            let mut known = None;
            for _ in 0..STRIDE {
                let entry = entries.next().filter(|entry| entry.range().start <= at);
                let entry = entry.ok_or_else(|| hole(at))?;
                let part = at..min(range.end, entry.range().end);
                if let Some(pager) = validate(entry, at, request.flags, known).map_err(refused)? {
                    found.add(pager, entry.pages(&part), &part);
                    known = Some(pager);
                } else {
                    unpaged += part.len() / PAGE_SIZE;
                }
                at = part.end;
                if at >= range.end {
                    return Ok(match found.finish() {
                        Ok(()) => Walk::Captured { range, unpaged },
                        Err(count) => Walk::TooMany(count),
                    });
                }
            }
        }
    }
}

/// How many entries are looked at between two chances to die, or to let others through.
const STRIDE: usize = 64;

/// How a walk can end.
enum Walk {
    /// All has been captured.
    Captured {
        /// The range in bytes.
        range: Range<usize>,
        /// How many pages of it have no pager.
        unpaged: usize,
    },
    /// There are so many pieces, which is more than there was room for.
    TooMany(usize),
    /// The map was changed meanwhile.
    Changed,
}

/// How many walks are begun anew because the map has changed. A map that is changed all the time
/// is then locked for as long as a walk takes.
const POLITENESS: usize = 8;

/// What a walk has found so far.
struct Found<'a> {
    flags: Flags,
    /// The pieces, as many as there is room for.
    pieces: &'a mut Pieces,
    /// The last piece, which may grow; `None` if there is no room for it.
    last: Option<Piece>,
    /// How many there are, the last one and those without room included.
    count: usize,
    /// What the next entry must begin with to be of one piece with the last: file, page, address.
    next: (usize, usize, usize),
}

impl<'a> Found<'a> {
    fn new(pieces: &'a mut Pieces, flags: Flags) -> Self {
        Self {
            flags,
            pieces,
            last: None,
            count: 0,
            next: (0, 0, 0),
        }
    }

    /// Adds the pages of an entry that are mapped at `part`.
    fn add(&mut self, pager: PagerRef<'_>, pages: Range<usize>, part: &Range<usize>) {
        let follows = self.next == (pager.file(), pages.start, part.start);
        self.next = (pager.file(), pages.end, part.end);
        if !follows {
            self.put();
            self.count = self.count.saturating_add(1);
            if self.pieces.has_room() {
                self.last = Some(Piece::new(pager, pages, part.start, self.flags));
            }
        } else if let Some(last) = &mut self.last {
            last.extend(pages.end);
        }
    }

    /// Puts the last piece to the others.
    fn put(&mut self) {
        if let Some(last) = self.last.take() {
            self.pieces.add(last);
        }
    }

    /// Says whether there was room for all pieces.
    ///
    /// # Errors
    ///
    /// How many there are.
    fn finish(mut self) -> Result<(), usize> {
        self.put();
        if self.count > self.pieces.count() {
            Err(self.count)
        } else {
            Ok(())
        }
    }
}

/// Checks that an entry can be dealt with, and finds its pager. `address` is the first of the
/// entry's addresses that is in the range, and `known` a pager that it may be.
///
/// # Errors
///
/// [`Reason::Special`] and [`Reason::Wired`].
fn validate<'a>(
    entry: Entry<'a>,
    address: usize,
    flags: Flags,
    known: Option<PagerRef<'a>>,
) -> Result<Option<PagerRef<'a>>, Fault> {
    let pager = match entry.backing(known) {
        Backing::Special => {
            return Err(Fault {
                reason: Reason::Special,
                errno: EOPNOTSUPP,
                address,
            })
        }
        Backing::Nothing => None,
        Backing::Pager(pager) => Some(pager),
    };
    if flags.invalidate() && entry.is_wired() {
        return Err(Fault {
            reason: Reason::Wired,
            errno: EBUSY,
            address,
        });
    }
    Ok(pager)
}
