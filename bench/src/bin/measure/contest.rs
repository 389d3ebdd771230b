// SPDX-License-Identifier: GPL-2.0

//! Contests: the same work done by several calls, in turns.

use crate::{
    clock::Clock,
    Done, //
};
use std::fmt;
use vm_map_sync_bench::line::{
    quantity,
    Line,
    Row,
    Scene, //
};
use vm_map_sync_tests::disk::Disk;

/// One who can do the work.
pub struct Peer<'a> {
    name: String,
    rounds: usize,
    prepare: Box<dyn FnMut() -> Done + 'a>,
    call: Box<dyn FnMut() -> Done + 'a>,
}

impl<'a> Peer<'a> {
    /// A peer that takes part in all rounds.
    pub fn new(name: &str, call: impl FnMut() -> Done + 'a) -> Self {
        Self {
            name: name.to_owned(),
            rounds: usize::MAX,
            prepare: Box::new(|| Ok(())),
            call: Box::new(call),
        }
    }

    /// Has it take part in the first few rounds only, because it is slow.
    pub fn slow(self, rounds: usize) -> Self {
        Self { rounds, ..self }
    }

    /// What it needs besides what all need.
    pub fn after(self, prepare: impl FnMut() -> Done + 'a) -> Self {
        Self {
            prepare: Box::new(prepare),
            ..self
        }
    }
}

/// What is counted after a call, besides its cost.
pub type Counts = Vec<(&'static str, u64)>;

/// The same work, to be done by one peer after the other, for some rounds.
pub struct Contest<'a> {
    /// What it is done to.
    pub scene: Scene,
    /// The peer whose time the others are compared with.
    pub reference: &'a str,
    /// What is measured.
    pub clock: Clock,
    /// How many rounds there are. Unless there are only a few, as of what takes long, one more comes
    /// before them and does not count.
    pub rounds: usize,
    /// The disk that it is done on.
    pub disk: &'a Disk,
}

impl Contest<'_> {
    /// Runs the rounds and prints what they came to. `prepare` comes before each call, `look` after
    /// it.
    pub fn run(
        &self,
        mut peers: Vec<Peer<'_>>,
        mut prepare: impl FnMut() -> Done,
        mut look: impl FnMut() -> Done<Counts>,
    ) -> Done {
        let mut results: Vec<Vec<(&str, Vec<u64>)>> = vec![Vec::new(); peers.len()];
        let first = usize::from(self.rounds <= 2);
        for round in first..=self.rounds {
            for turn in 0..peers.len() {
                let index = (turn + round) % peers.len();
                let peer = &mut peers[index];
                // A slow one is slow enough without the round that does not count.
                if round > peer.rounds || (round == 0 && peer.rounds < self.rounds) {
                    continue;
                }
                prepare()?;
                (peer.prepare)()?;
                let before = self.disk.counters()?;
                let (cost, result) = self.clock.measure(&mut peer.call);
                let after = self.disk.counters()?;
                result?;
                let mut counts = vec![
                    (self.clock.quantity(), cost),
                    (quantity::FLUSHES, after.flushes - before.flushes),
                    (quantity::WRITES, after.writes - before.writes),
                ];
                counts.extend(look()?);
                if round > 0 {
                    add(&mut results[index], &counts);
                }
            }
        }
        for (peer, counts) in peers.iter().zip(results) {
            for (quantity, samples) in counts {
                print(&Line::Row(Row {
                    scene: self.scene.clone(),
                    peer: peer.name.clone(),
                    reference: self.reference.to_owned(),
                    quantity: quantity.to_owned(),
                    samples,
                }));
            }
        }
        Ok(())
    }
}

fn add(all: &mut Vec<(&'static str, Vec<u64>)>, counts: &[(&'static str, u64)]) {
    for &(quantity, count) in counts {
        match all.iter_mut().find(|(name, _)| *name == quantity) {
            Some((_, samples)) => samples.push(count),
            None => all.push((quantity, vec![count])),
        }
    }
}

/// Prints a line.
pub fn print(line: &Line) {
    match serde_json::to_string(line) {
        Ok(json) => println!("{json}"),
        Err(error) => eprintln!("measure: a line cannot be printed: {error}"),
    }
}

/// Prints what there is to know about a subject.
pub fn note(subject: &str, text: impl fmt::Display) {
    print(&Line::Note {
        subject: subject.to_owned(),
        text: text.to_string(),
    });
}

/// Where calls are done, and to how much.
pub fn scene(subject: &str, place: &str, size: usize, unit: &str) -> Scene {
    Scene {
        subject: subject.to_owned(),
        place: place.to_owned(),
        size: size as u64,
        unit: unit.to_owned(),
    }
}
