// SPDX-License-Identifier: GPL-2.0

//! Plots: the cost against the number of entries, files and pages, as scripts for gnuplot.

use crate::results::Results;
use std::fmt::Write;
use vm_map_sync_bench::line::{
    quantity,
    Scene, //
};

/// What is to be drawn: a subject at one place.
struct Plot {
    name: &'static str,
    subject: &'static str,
    place: &'static str,
    x: &'static str,
    y: &'static str,
    /// Whether the cost is that of each, not of all.
    each: bool,
}

const PLOTS: [Plot; 6] = [
    Plot {
        name: "vmas",
        subject: "vmas",
        place: "ext4",
        x: "VMAs over one file, 256 pages dirty",
        y: "ms",
        each: false,
    },
    Plot {
        name: "clean-vmas",
        subject: "clean",
        place: "ext4, no latency",
        x: "VMAs over one file, nothing dirty",
        y: "instructions",
        each: false,
    },
    Plot {
        name: "files",
        subject: "files",
        place: "ext4",
        x: "files of 16 dirty pages",
        y: "ms",
        each: false,
    },
    Plot {
        name: "files-slow-flush",
        subject: "files",
        place: "ext4, flush 5 ms",
        x: "files of 16 dirty pages, on a disk whose flush takes 5 ms",
        y: "ms",
        each: false,
    },
    Plot {
        name: "pages",
        subject: "evict",
        place: "ext4, no latency",
        x: "clean pages to free",
        y: "instructions a page",
        each: true,
    },
    Plot {
        name: "dirty-pages",
        subject: "dirty",
        place: "ext4",
        x: "dirty pages to write and free",
        y: "ms a page",
        each: true,
    },
];

/// Those plots that there are results for: their names and scripts.
pub fn plots(results: &Results) -> Vec<(&'static str, String)> {
    PLOTS
        .iter()
        .filter_map(|plot| Some((plot.name, script(results, plot)?)))
        .collect()
}

fn script(results: &Results, plot: &Plot) -> Option<String> {
    let mut scenes = results.scenes(plot.subject);
    scenes.retain(|scene| scene.place == plot.place);
    let mut peers: Vec<&str> = Vec::new();
    for peer in scenes.iter().flat_map(|scene| results.peers(scene)) {
        if !peers.contains(&peer) {
            peers.push(peer);
        }
    }
    if peers.is_empty() {
        return None;
    }
    let Plot { name, x, y, .. } = plot;
    let mut data = String::new();
    let mut curves = Vec::new();
    for (number, peer) in peers.iter().enumerate() {
        // A block of data each; writing to a string cannot fail.
        let _ = writeln!(data, "$peer{number} << END");
        for scene in &scenes {
            if let Some([least, median, greatest]) = point(results, scene, peer, plot.each) {
                let _ = writeln!(data, "{} {median} {least} {greatest}", scene.size);
            }
        }
        let _ = writeln!(data, "END");
        curves.push(format!(
            "$peer{number} with yerrorlines linewidth 1.5 title \"{peer}\""
        ));
    }
    Some(format!(
        "{data}set terminal svg size 900,560 dynamic background 'white'
set output '{name}.svg'
set logscale xy
set xlabel \"{x}\"
set ylabel \"{y}\"
set key outside below noenhanced
set grid
plot {}
",
        curves.join(", \\\n\t")
    ))
}

fn point(results: &Results, scene: &Scene, peer: &str, each: bool) -> Option<[f64; 3]> {
    let (quantity, cost) = results.cost(scene, peer)?;
    let unit = if quantity == quantity::TIME { 1e6 } else { 1.0 };
    let divisor = if each { unit * scene.size as f64 } else { unit };
    Some([cost.least, cost.median, cost.greatest].map(|number| number / divisor))
}
