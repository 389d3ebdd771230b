// SPDX-License-Identifier: GPL-2.0

//! Idle: plans for which there is nothing to do.

use crate::{
    piece::Piece,
    plan::{
        flags::Flags,
        pieces, //
    },
    sys::{
        folios,
        pager::Pager, //
    },
};

/// Whether there is nothing to do for a plan, so that all that is left is to say so. The pieces must be
/// laid out.
///
/// Where something has to be asked for in any case it is not: a commit, whoever wants to be told of what
/// it came to. Nor where there is something to be told: that a write has failed.
pub(crate) fn is_idle(plan: &[Piece], flags: Flags) -> bool {
    pieces::pagers(plan).all(|siblings| {
        let may_be = |pager: &Pager| {
            let commits = flags.syncio() || flags.invalidate() && pager.records_errors_late();
            !commits && !pager.is_memory()
        };
        siblings.first().is_some_and(|piece| may_be(&piece.pager))
            && pieces::runs(siblings).all(|(pages, run)| {
                run.first().is_some_and(|piece| {
                    let first = if flags.invalidate() {
                        folios::first_resident(&piece.pager, &pages)
                    } else {
                        folios::first_dirty(&piece.pager, &pages)
                    };
                    let waits = flags.waits();
                    first.is_none() && !(waits && piece.pager.errors_since(piece.mark).is_err())
                })
            })
    })
}
