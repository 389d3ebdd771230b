// SPDX-License-Identifier: GPL-2.0

//! Shares: how many helpers each user has at work.
//!
//! A helper can be stuck for as long as a server likes, so nobody may have so many that none are
//! left for others.

use core::cmp::min;

/// How many helpers each user has, of those who have any.
pub(crate) struct Shares {
    users: [Share; Self::USERS],
    all: usize,
}

#[derive(Clone, Copy)]
struct Share {
    user: u32,
    helpers: usize,
}

impl Shares {
    /// The most helpers of one user.
    pub(crate) const EACH: usize = 1024;

    /// The most helpers of all users together.
    pub(crate) const ALL: usize = 2048;

    /// How many users can have helpers at the same time.
    const USERS: usize = 128;

    /// Nobody has any.
    pub(crate) const fn new() -> Self {
        Self {
            users: [Share {
                user: 0,
                helpers: 0,
            }; Self::USERS],
            all: 0,
        }
    }

    /// Grants `user` as many of the `wanted` helpers as he may have; perhaps none. Each of them has to
    /// be [given back](Self::give_back).
    pub(crate) fn grant(&mut self, user: u32, wanted: usize) -> usize {
        let free = Self::ALL.saturating_sub(self.all);
        let known = self
            .users
            .iter()
            .position(|share| share.helpers > 0 && share.user == user);
        let place = known.or_else(|| self.users.iter().position(|share| share.helpers == 0));
        let Some(share) = place.and_then(|place| self.users.get_mut(place)) else {
            return 0;
        };
        let granted = min(wanted, min(free, Self::EACH.saturating_sub(share.helpers)));
        share.user = user;
        share.helpers += granted;
        self.all += granted;
        granted
    }

    /// Takes back a helper that was granted to `user`.
    pub(crate) fn give_back(&mut self, user: u32) {
        let mut users = self.users.iter_mut();
        if let Some(share) = users.find(|share| share.helpers > 0 && share.user == user) {
            share.helpers -= 1;
            self.all = self.all.saturating_sub(1);
        }
    }
}
