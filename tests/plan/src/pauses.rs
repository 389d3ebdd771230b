// SPDX-License-Identifier: GPL-2.0

use crate::plan::pauses::Pauses;

/// One run of pages can be waited for as long as it may take.
#[test]
fn there_is_time_for_all_pauses() {
    let mut pauses = Pauses::new();
    assert!(Pauses::STEPS.into_iter().all(|pause| pauses.take(pause)));
}

/// However many runs there are, they do not add up.
#[test]
fn a_call_does_not_pause_for_ever() {
    let mut pauses = Pauses::new();
    let mut paused = 0;
    for _ in 0..100_000 {
        for pause in Pauses::STEPS {
            if pauses.take(pause) {
                paused += pause;
            }
        }
    }
    let once: u32 = Pauses::STEPS.into_iter().sum();
    assert!((once..2 * once).contains(&paused), "{paused} ms");
}

/// Who waits for nothing does not wait for long.
#[test]
fn short_pauses_are_short() {
    assert!(Pauses::STEPS.starts_with(&Pauses::SHORT));
    assert!(Pauses::SHORT.into_iter().sum::<u32>() < 200);
}
