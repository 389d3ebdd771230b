// SPDX-License-Identifier: GPL-2.0

use crate::plan::tally::Tally;
use proptest::prelude::*;

proptest! {
    #[test]
    fn counts_add_up_and_never_wrap(steps in prop::collection::vec((any::<usize>(), any::<usize>()), 0..8)) {
        let mut tally = Tally::default();
        let (mut freed, mut beyond, mut pushed, mut left) = (0u128, 0u128, 0u128, 0u128);
        for (a, b) in steps {
            let inside = a.min(b);
            tally.free(a, inside);
            tally.push(b);
            tally.leave(inside);
            freed += a as u128;
            beyond += (a - inside) as u128;
            pushed += b as u128;
            left += inside as u128;
        }
        let fit = |count: u128| usize::try_from(count).unwrap_or(usize::MAX);
        prop_assert_eq!(
            tally,
            Tally { pushed: fit(pushed), freed: fit(freed), beyond: fit(beyond), left: fit(left), ..Tally::default() }
        );
    }

    #[test]
    fn tallies_add_up(a: [usize; 6], b: [usize; 6]) {
        let of = |n: [usize; 6]| Tally {
            pushed: n[0],
            freed: n[1],
            beyond: n[2],
            left: n[3],
            unpaged: n[4],
            skipped: n[5],
        };
        let mut sum = of(a);
        sum.add(&of(b));
        let mut each = [0; 6];
        for (sum, (a, b)) in each.iter_mut().zip(a.into_iter().zip(b)) {
            *sum = a.saturating_add(b);
        }
        prop_assert_eq!(sum, of(each));
    }
}
