// SPDX-License-Identifier: GPL-2.0

//! Host tests of the module's planning code: the very files of the module, compiled for the host.

#![cfg(test)]

#[path = "../../../src/plan/mod.rs"]
mod plan;
#[path = "../../../src/uapi.rs"]
#[expect(
    dead_code,
    non_camel_case_types,
    reason = "made by bindgen from the ABI header"
)]
mod uapi;

mod bounds;
mod chunks;
mod flags;
mod pauses;
mod pieces;
mod reason;
mod shares;
mod stretches;
mod tally;
