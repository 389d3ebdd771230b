// SPDX-License-Identifier: GPL-2.0

//! Spare: have a map give up its own page table entries, and leave those of others alone.

use crate::{
    piece::Piece,
    sys::{
        map::MapGuard,
        task::{
            self,
            Killed, //
        }, //
    },
};
use core::{
    cmp::{
        max,
        min, //
    },
    ops::Range, //
};
use kernel::{
    mm::{
        Mm,
        MmWithUser, //
    },
    page::PAGE_SIZE, //
};

/// How many bytes of the map are unmapped under one hold of its lock.
const HOLD: usize = 4096 * PAGE_SIZE;

/// Takes what the plan covers of a map out of the page tables of that map. What was dirty in them is known
/// to the pagers afterwards.
///
/// The map may have changed since the plan was made. Only entries are touched that are of the same file at
/// the same place still, that are shared, so that nothing in them is a private copy, and that are not wired.
///
/// # Errors
///
/// If the caller was killed meanwhile.
pub(crate) fn give_up(map: &Mm, plan: &[Piece]) -> Result<(), Killed> {
    let Some(users) = map.mmget_not_zero() else {
        return Ok(());
    };
    for piece in plan {
        if let Some(addresses) = piece.addresses() {
            unmap(&users, piece, addresses)?;
        }
    }
    Ok(())
}

fn unmap(users: &MmWithUser, piece: &Piece, addresses: Range<usize>) -> Result<(), Killed> {
    let mut at = addresses.start;
    while at < addresses.end {
        task::checkpoint()?;
        let guard = MapGuard::lock(users)?;
        let end = min(addresses.end, at.saturating_add(HOLD));
        let entry = guard.entries(at).next();
        let Some(entry) = entry.filter(|entry| entry.range().start < end) else {
            at = end;
            continue;
        };
        let own = entry.range();
        let part = max(at, own.start)..min(end, own.end);
        if piece.is_at(entry, &part) && !entry.is_wired() {
            guard.unmap(entry, &part);
        }
        at = part.end;
    }
    Ok(())
}
