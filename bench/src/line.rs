// SPDX-License-Identifier: GPL-2.0

//! Lines: what a measurement prints, one JSON object each.

use serde::{
    Deserialize,
    Serialize, //
};

/// One line of output.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// What was measured.
    Row(Row),
    /// What there is to know about it, such as what was left out.
    Note {
        /// The subject.
        subject: String,
        /// What there is to know.
        text: String,
    },
}

/// What some rounds of one call came to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Row {
    /// What it was done to.
    #[serde(flatten)]
    pub scene: Scene,
    /// Who did it.
    pub peer: String,
    /// Whose time the times are compared with.
    pub reference: String,
    /// What was counted.
    pub quantity: String,
    /// How often that was, in the order of the rounds. The rounds of all peers of a scene took
    /// turns, so that samples with the same number are neighbours in time.
    pub samples: Vec<u64>,
}

/// What calls are done to.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Scene {
    /// The subject of the benchmark.
    pub subject: String,
    /// The file system, and what is special about its disk.
    pub place: String,
    /// How many there are of what the subject counts: entries, files, pages.
    pub size: u64,
    /// What these are.
    pub unit: String,
}

/// Quantities that mean the same in all subjects.
pub mod quantity {
    /// Nanoseconds.
    pub const TIME: &str = "time";
    /// Instructions, as the emulator counts them.
    pub const INSTRUCTIONS: &str = "instructions";
    /// Flushes of the disk's write-back cache.
    pub const FLUSHES: &str = "flushes";
    /// Writes to the disk.
    pub const WRITES: &str = "writes";
}
