// SPDX-License-Identifier: GPL-2.0

//! Stat: what is in the page cache of a range, told without a change of anything.

use std::process::ExitCode;
use vm_map_sync_tests::{
    harness,
    tests, //
};

mod busy;
mod quiet;
mod refusals;
mod rights;
mod scene;

use self::{
    busy::*,
    quiet::*,
    refusals::*,
    rights::*, //
};

fn main() -> ExitCode {
    harness::run(tests![
        agrees_with_cachestat_and_mincore,
        many_ranges_are_looked_at,
        aliases_count_once,
        large_folios,
        looking_changes_nothing,
        nothing_is_brought_in,
        pages_that_are_being_written,
        pages_that_others_have_mapped,
        pages_that_are_wired,
        map_of_somebody_else,
        pages_that_are_hidden,
        handle_of_who_may_not_ask,
        bad_range_refuses_all,
        flags_of_a_sync_are_refused,
        what_is_passed_over_is_counted,
        results_as_they_are,
    ])
}
