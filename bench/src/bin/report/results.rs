// SPDX-License-Identifier: GPL-2.0

//! Results: all that was measured in one run.

use serde::Serialize;
use std::collections::BTreeMap;
use vm_map_sync_bench::line::{
    quantity,
    Line,
    Row,
    Scene, //
};

/// All of a run.
#[derive(Debug, Serialize)]
pub struct Results {
    /// Where and when.
    pub facts: BTreeMap<String, String>,
    /// What there is to know, by subject.
    pub notes: Vec<(String, String)>,
    /// What was measured.
    pub rows: Vec<Row>,
}

/// The least, the one in the middle, and the greatest of some numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub least: f64,
    pub median: f64,
    pub greatest: f64,
}

impl Spread {
    /// Of no numbers there is none.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (last, middle) = (sorted.len().checked_sub(1)?, sorted.len() / 2);
        Some(Self {
            least: sorted[0],
            median: if sorted.len() % 2 == 1 {
                sorted[middle]
            } else {
                (sorted[middle - 1] + sorted[middle]) / 2.0
            },
            greatest: sorted[last],
        })
    }
}

impl Results {
    /// None yet.
    pub fn new(facts: BTreeMap<String, String>) -> Self {
        Self {
            facts,
            notes: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Adds what a line says.
    pub fn add(&mut self, line: Line) {
        match line {
            Line::Row(row) => self.rows.push(row),
            Line::Note { subject, text } => self.notes.push((subject, text)),
        }
    }

    /// The subjects, as they were measured.
    pub fn subjects(&self) -> Vec<&str> {
        let mut subjects: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !subjects.contains(&row.scene.subject.as_str()) {
                subjects.push(&row.scene.subject);
            }
        }
        subjects
    }

    /// The scenes of a subject, as they were measured.
    pub fn scenes(&self, subject: &str) -> Vec<&Scene> {
        let mut scenes: Vec<&Scene> = Vec::new();
        for row in &self.rows {
            if row.scene.subject == subject && scenes.last() != Some(&&row.scene) {
                scenes.push(&row.scene);
            }
        }
        scenes
    }

    /// The peers of a scene, as they were measured.
    pub fn peers(&self, scene: &Scene) -> Vec<&str> {
        let mut peers: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| row.scene == *scene) {
            if peers.last() != Some(&row.peer.as_str()) {
                peers.push(&row.peer);
            }
        }
        peers
    }

    /// What was counted of a peer in a scene.
    pub fn rows_of(&self, scene: &Scene, peer: &str) -> Vec<&Row> {
        let rows = self.rows.iter();
        rows.filter(|row| row.scene == *scene && row.peer == peer)
            .collect()
    }

    /// The samples of one quantity; none if it was not counted.
    pub fn samples(&self, scene: &Scene, peer: &str, quantity: &str) -> &[u64] {
        let rows = self.rows_of(scene, peer);
        let row = rows.into_iter().find(|row| row.quantity == quantity);
        row.map_or(&[], |row| &row.samples)
    }

    /// One quantity.
    pub fn spread(&self, scene: &Scene, peer: &str, quantity: &str) -> Option<Spread> {
        let samples = self.samples(scene, peer, quantity);
        Spread::of(samples.iter().map(|&sample| sample as f64))
    }

    /// The cost of a peer, whether it was counted in time or in instructions.
    pub fn cost(&self, scene: &Scene, peer: &str) -> Option<(&'static str, Spread)> {
        [quantity::TIME, quantity::INSTRUCTIONS]
            .into_iter()
            .find_map(|name| Some((name, self.spread(scene, peer, name)?)))
    }

    /// The cost of a peer as a ratio to that of another one in the same round.
    pub fn ratio(&self, scene: &Scene, peer: &str, other: &str) -> Option<Spread> {
        let (quantity, _) = self.cost(scene, peer)?;
        let mine = self.samples(scene, peer, quantity);
        let theirs = self.samples(scene, other, quantity);
        Spread::of(mine.iter().zip(theirs).map(|(&a, &b)| a as f64 / b as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(peer: &str, quantity: &str, samples: &[u64]) -> Line {
        Line::Row(Row {
            scene: Scene {
                subject: "subject".to_owned(),
                place: "place".to_owned(),
                size: 1,
                unit: "pages".to_owned(),
            },
            peer: peer.to_owned(),
            reference: "theirs".to_owned(),
            quantity: quantity.to_owned(),
            samples: samples.to_owned(),
        })
    }

    #[test]
    fn spreads() {
        let spread = |least, median, greatest| {
            Some(Spread {
                least,
                median,
                greatest,
            })
        };
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of([2.0]), spread(2.0, 2.0, 2.0));
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), spread(1.0, 2.0, 3.0));
        assert_eq!(Spread::of([3.0, 1.0, 2.0, 4.0]), spread(1.0, 2.5, 4.0));
    }

    #[test]
    fn ratios_are_those_of_a_round() {
        let mut results = Results::new(BTreeMap::new());
        results.add(row("ours", quantity::TIME, &[10, 60]));
        results.add(row("theirs", quantity::TIME, &[10, 20, 1]));
        let scene = results.scenes("subject")[0];
        assert_eq!(results.peers(scene), ["ours", "theirs"]);
        let ratio = results.ratio(scene, "ours", "theirs");
        assert_eq!(ratio, Spread::of([1.0, 3.0]));
    }
}
