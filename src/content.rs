// SPDX-License-Identifier: GPL-2.0

//! Content: what an entry has in it, if it can be dealt with.

use crate::{
    outcome::Fault,
    plan::{
        flags::Flags,
        reason::Reason, //
    },
    sys::{
        entry::{
            Backing,
            Entry, //
        },
        pager::PagerRef, //
    },
};
use kernel::prelude::*;

/// What an entry has in it.
pub(crate) enum Content<'a> {
    /// Pages of a file.
    Pager(PagerRef<'a>),
    /// Pages that have no pager.
    Unpaged,
    /// Nothing that the caller wants to be looked at.
    Skipped,
}

/// Checks that an entry can be dealt with, and finds its pager. `address` is the first of the
/// entry's addresses that is in the range, and `known` a pager that it may be.
///
/// # Errors
///
/// [`Reason::Special`] and [`Reason::Wired`].
pub(crate) fn validate<'a>(
    entry: Entry<'a>,
    address: usize,
    flags: Flags,
    known: Option<PagerRef<'a>>,
) -> Result<Content<'a>, Fault> {
    let content = match entry.backing(known) {
        Backing::Special if flags.skips_specials() => return Ok(Content::Skipped),
        Backing::Special => {
            return Err(Fault {
                reason: Reason::Special,
                errno: EOPNOTSUPP,
                address,
            })
        }
        Backing::Nothing => Content::Unpaged,
        Backing::Pager(pager) => Content::Pager(pager),
    };
    if flags.invalidate() && entry.is_wired() {
        return Err(Fault {
            reason: Reason::Wired,
            errno: EBUSY,
            address,
        });
    }
    Ok(content)
}
