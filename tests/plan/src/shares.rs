// SPDX-License-Identifier: GPL-2.0

use crate::plan::shares::Shares;
use proptest::prelude::*;
use std::collections::HashMap;

/// More than one user can have.
const MANY: usize = Shares::EACH + 100;

proptest! {
    /// Against a plain count: nobody gets too many, and what can be had is granted.
    #[test]
    fn as_a_plain_count(steps in prop::collection::vec((0..6u32, 0..MANY, any::<bool>()), 0..64)) {
        let mut shares = Shares::new();
        let mut have: HashMap<u32, usize> = HashMap::new();
        for (user, wanted, back) in steps {
            let all: usize = have.values().sum();
            let own = have.entry(user).or_default();
            if back {
                for _ in 0..wanted.min(*own) {
                    shares.give_back(user);
                    *own -= 1;
                }
            } else {
                let granted = shares.grant(user, wanted);
                prop_assert_eq!(granted, wanted.min(Shares::EACH - *own).min(Shares::ALL - all));
                *own += granted;
            }
        }
        for (user, own) in have {
            for _ in 0..own {
                shares.give_back(user);
            }
        }
        prop_assert_eq!(shares.grant(7, MANY), Shares::EACH);
    }
}

#[test]
fn one_user_leaves_some_to_the_others() {
    let mut shares = Shares::new();
    assert_eq!(shares.grant(1000, MANY), Shares::EACH);
    assert_eq!(shares.grant(1000, 1), 0);
    assert_eq!(shares.grant(0, 64), 64);
    shares.give_back(1000);
    assert_eq!(shares.grant(1000, MANY), 1);
}

#[test]
fn there_is_an_end_to_all_of_them() {
    let mut shares = Shares::new();
    let granted: usize = (0..1000).map(|user| shares.grant(user, 1)).sum();
    assert!(granted > 0 && granted <= Shares::ALL);
    // Whoever has some may have more.
    assert_eq!(shares.grant(0, 10), 10);
    // What nobody has cannot be given back.
    shares.give_back(100_000);
    assert_eq!(shares.grant(100_000, 1), 0);
    shares.give_back(1);
    assert_eq!(shares.grant(100_000, 1), 1);
}
