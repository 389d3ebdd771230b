// SPDX-License-Identifier: GPL-2.0

//! Claims: what is promised of the cost, and whether it is so.

use crate::{
    results::{
        Results,
        Spread, //
    },
    table::count, //
};
use vm_map_sync_bench::{
    line::{
        quantity::{
            FLUSHES,
            WRITES, //
        },
        Scene, //
    },
    names::{
        BOTH,
        BY_RING,
        BY_THREADS,
        CLEAN_INVALIDATE,
        CLEAN_SYNCIO,
        DONTNEED_UNMAPPED,
        EVICT_TREE,
        FDATASYNC,
        INVALIDATE,
        IO_URING,
        MSYNC,
        SUBMITTED,
        SYNCIO,
        VECTOR,
        VMTOUCH,
        VMTOUCH_SYNC, //
    },
};

/// A promise, and what was found.
pub struct Claim {
    pub text: String,
    pub found: String,
    pub holds: bool,
}

/// The claims on those subjects that were measured.
pub fn claims(results: &Results) -> Vec<Claim> {
    let mut book = Book {
        results,
        claims: Vec::new(),
    };
    book.counts();
    for subject in results.subjects() {
        for scene in results.scenes(subject) {
            match subject {
                "vmas" if scene.size == 512 => book.vmas(scene),
                "gaps" => book.gaps(scene),
                "files" if scene.size == 64 => book.files(scene),
                "vector" => book.vector(scene),
                "clean" if scene.size == 1 => book.clean(scene),
                "stall" => book.stall(scene),
                "memory" => book.memory(scene),
                "command" => book.command(scene),
                "submit" => book.submit(scene),
                "ring" if scene.unit == "in flight" => book.ring(scene),
                _ => {}
            }
        }
    }
    book.sparse();
    book.evict();
    book.claims
}

struct Book<'a> {
    results: &'a Results,
    claims: Vec<Claim>,
}

impl Book<'_> {
    /// Notes a claim, unless there is nothing that it could be judged by.
    fn note(&mut self, text: String, found: Option<(String, bool)>) {
        if let Some((found, holds)) = found {
            self.claims.push(Claim { text, found, holds });
        }
    }

    /// Of all numbers of entries on one file system.
    fn counts(&mut self) {
        let scenes = self.results.scenes("vmas");
        for scenes in scenes.chunk_by(|a, b| a.place == b.place) {
            for (name, quantity) in [("flushes", FLUSHES), ("writes", WRITES)] {
                let of = |peer| {
                    let medians = scenes.iter().filter_map(|scene| {
                        Some(self.results.spread(scene, peer, quantity)?.median)
                    });
                    medians.collect::<Vec<_>>()
                };
                let (ours, theirs) = (of(SYNCIO), of(FDATASYNC));
                let holds = ours
                    .iter()
                    .zip(&theirs)
                    .all(|(ours, theirs)| ours <= theirs);
                self.note(
                    format!("vmas, {}: no more {name} than fdatasync", scenes[0].place),
                    Spread::of(ours)
                        .zip(Spread::of(theirs))
                        .map(|(ours, theirs)| {
                            let text = format!("{}, fdatasync {}", count(ours), count(theirs));
                            (text, holds)
                        }),
                );
            }
        }
    }

    fn vmas(&mut self, scene: &Scene) {
        let place = title(scene);
        let ratio = self.results.ratio(scene, SYNCIO, FDATASYNC);
        self.at_most(format!("{place}: at most 1.15 x fdatasync"), ratio, 1.15);
        // A file system that remembers what it has committed does not flush for each entry.
        if !scene.place.starts_with("btrfs") {
            let ratio = self.results.ratio(scene, MSYNC, SYNCIO);
            self.at_least(format!("{place}: 50 x faster than msync"), ratio, 50.0);
        }
    }

    fn gaps(&mut self, scene: &Scene) {
        // btrfs writes whole files.
        if scene.place.starts_with("btrfs") {
            return;
        }
        let found = self.results.spread(scene, SYNCIO, "dirty in gaps");
        let text = format!("{}: what is dirty in the gaps stays so", title(scene));
        self.at_least(text, found, scene.size as f64);
    }

    fn files(&mut self, scene: &Scene) {
        let place = title(scene);
        let flushes = self.results.spread(scene, SYNCIO, FLUSHES);
        self.at_most(format!("{place}: 8 flushes"), flushes, 8.0);
        let ratio = self.results.ratio(scene, SYNCIO, IO_URING);
        self.at_most(format!("{place}: no slower than io_uring"), ratio, 1.0);
        if scene.place.ends_with("flush 5 ms") {
            let ratio = self.results.ratio(scene, MSYNC, SYNCIO);
            self.at_least(format!("{place}: 10 x faster than msync"), ratio, 10.0);
        }
    }

    fn vector(&mut self, scene: &Scene) {
        let place = title(scene);
        let flushes = self.results.spread(scene, VECTOR, FLUSHES);
        self.at_most(format!("{place}: 16 flushes"), flushes, 16.0);
        let ratio = self.results.ratio(scene, MSYNC, VECTOR);
        self.at_least(format!("{place}: 10 x faster than msync"), ratio, 10.0);
    }

    fn clean(&mut self, scene: &Scene) {
        let ours = self.results.cost(scene, SYNCIO);
        let found = ours.zip(self.results.cost(scene, MSYNC));
        self.note(
            format!("{}: no more instructions than msync(MS_SYNC)", title(scene)),
            found.map(|((_, ours), (_, theirs))| {
                let text = format!("{}, msync {}", ours.least, theirs.least);
                (text, ours.least <= theirs.least)
            }),
        );
    }

    /// The last two scenes of a place are some pages in a terabyte, and ten times as many.
    fn sparse(&mut self) {
        let scenes = self.results.scenes("sparse");
        let pairs = scenes.windows(2).filter(|pair| {
            let [some, more] = [pair[0], pair[1]];
            some.place == more.place && 10 * some.size == more.size
        });
        for pair in pairs {
            for peer in [SYNCIO, BOTH, CLEAN_SYNCIO, CLEAN_INVALIDATE] {
                let cost = |scene| Some(self.results.cost(scene, peer)?.1.least);
                let found = cost(pair[0]).zip(cost(pair[1])).map(|(some, more)| {
                    let ratio = more / some;
                    (format!("{ratio:.2} x"), ratio <= 10.0)
                });
                let place = &pair[0].place;
                self.note(
                    format!("sparse, {place}, {peer}: ten times the pages cost at most 10 x"),
                    found,
                );
            }
        }
    }

    fn evict(&mut self) {
        for count in [1, 2] {
            let peer = format!("{INVALIDATE}, mapped by {count}");
            let mut each = Vec::new();
            let mut more = Vec::new();
            let mut left = Vec::new();
            for scene in self.results.scenes("evict") {
                if !scene.place.starts_with("ext4") {
                    continue;
                }
                let of_a_page = |peer: &str| {
                    let (_, cost) = self.results.cost(scene, peer)?;
                    Some(cost.least / scene.size as f64)
                };
                let ours = of_a_page(&peer);
                let theirs = of_a_page(DONTNEED_UNMAPPED);
                each.extend(ours);
                more.extend(ours.zip(theirs).map(|(ours, theirs)| ours - theirs));
                left.extend(self.results.spread(scene, &peer, "left"));
            }
            self.flat(format!("evict, {peer}: cost of a page"), each);
            let text = format!("evict, {peer}: what it costs more than {DONTNEED_UNMAPPED}");
            self.flat(text, more);
            let left = Spread::of(left.iter().map(|left| left.greatest));
            self.at_most(format!("evict, {peer}: no page left"), left, 0.0);
        }
    }

    fn flat(&mut self, what: String, costs: Vec<f64>) {
        let spread = Spread::of(costs);
        self.note(
            format!("{what} flat within 10 %"),
            spread.map(|spread| {
                let Spread {
                    least, greatest, ..
                } = spread;
                let text = format!("{least:.0} to {greatest:.0} instructions");
                (text, greatest <= least * 1.1)
            }),
        );
    }

    /// Of the maximum nothing is claimed: it tells of the host.
    fn stall(&mut self, scene: &Scene) {
        let quantity = "99.9 %, us";
        let Some(usual) = self.results.spread(scene, FDATASYNC, quantity) else {
            return;
        };
        for peer in [INVALIDATE, BOTH] {
            let text = format!(
                "stall, {}, {peer}: {quantity} at most 5 ms above that of fdatasync, {}",
                scene.place, usual.median
            );
            let found = self.results.spread(scene, peer, quantity);
            self.at_most(text, found, usual.median + 5000.0);
        }
    }

    fn memory(&mut self, scene: &Scene) {
        let text = format!("{}: at most 64 bytes a piece", title(scene));
        let found = self.results.spread(scene, SYNCIO, "bytes a piece, at once");
        self.at_most(text, found, 64.0);
    }

    fn command(&mut self, scene: &Scene) {
        let place = title(scene);
        let (peer, most) = match scene.unit.as_str() {
            "clean files" => (VMTOUCH, 1.3),
            _ => (VMTOUCH_SYNC, 1.0),
        };
        let ratio = self.results.ratio(scene, EVICT_TREE, peer);
        self.at_most(format!("{place}: at most {most} x {peer}"), ratio, most);
        let left = self.results.spread(scene, EVICT_TREE, "pages left");
        self.at_most(format!("{place}: no page left"), left, 0.0);
    }

    fn submit(&mut self, scene: &Scene) {
        let text = format!("{}: no flush until it is submitted", title(scene));
        let found = self.results.spread(scene, SUBMITTED, FLUSHES);
        self.at_most(text, found, 0.0);
    }

    fn ring(&mut self, scene: &Scene) {
        let ratio = self.results.ratio(scene, BY_RING, BY_THREADS);
        let text = format!("{}: no slower than threads", title(scene));
        self.at_most(text, ratio, 1.0);
        let ratio = self.results.ratio(scene, BY_RING, "io_uring fsync");
        let text = format!("{}: no slower than IORING_OP_FSYNC", title(scene));
        self.at_most(text, ratio, 1.1);
    }

    fn at_most(&mut self, text: String, found: Option<Spread>, limit: f64) {
        self.note(
            text,
            found.map(|found| (rounded(found), found.median <= limit)),
        );
    }

    fn at_least(&mut self, text: String, found: Option<Spread>, limit: f64) {
        self.note(
            text,
            found.map(|found| (rounded(found), found.median >= limit)),
        );
    }
}

fn title(scene: &Scene) -> String {
    let Scene {
        subject,
        place,
        size,
        unit,
    } = scene;
    format!("{subject}, {place}, {size} {unit}")
}

fn rounded(spread: Spread) -> String {
    let round = |number: f64| (number * 100.0).round() / 100.0;
    count(Spread {
        least: round(spread.least),
        median: round(spread.median),
        greatest: round(spread.greatest),
    })
}
