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
            Tally { pushed: fit(pushed), freed: fit(freed), beyond: fit(beyond), left: fit(left), unpaged: 0 }
        );
    }
}
