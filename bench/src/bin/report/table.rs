// SPDX-License-Identifier: GPL-2.0

//! The table: what people read.

use crate::{
    claims::Claim,
    results::{
        Results,
        Spread, //
    },
};
use std::fmt::Write;
use vm_map_sync_bench::line::{
    quantity,
    Scene, //
};

/// Subjects of which the cost of each, in microseconds or instructions, is what matters.
const EACH: [&str; 3] = ["clean", "dirty", "evict"];

/// The table, with the claims before it.
pub fn table(results: &Results, claims: &[Claim]) -> String {
    let mut text = String::new();
    for (name, value) in &results.facts {
        line(&mut text, format_args!("{name}: {value}"));
    }
    if !claims.is_empty() {
        line(&mut text, format_args!("\nclaims"));
    }
    for claim in claims {
        let verdict = if claim.holds { "holds" } else { "FAILS" };
        let Claim {
            text: what, found, ..
        } = claim;
        line(&mut text, format_args!("  {verdict}  {what}: {found}"));
    }
    for subject in results.subjects() {
        line(&mut text, format_args!("\n{subject}"));
        for (_, note) in results.notes.iter().filter(|(about, _)| about == subject) {
            line(&mut text, format_args!("  note: {note}"));
        }
        for scene in results.scenes(subject) {
            of_scene(&mut text, results, scene);
        }
    }
    text
}

fn of_scene(text: &mut String, results: &Results, scene: &Scene) {
    let Scene {
        place, size, unit, ..
    } = scene;
    let reference = results
        .rows
        .iter()
        .find(|row| row.scene == *scene)
        .map_or("", |row| &row.reference);
    line(
        text,
        format_args!(
            "\n  {place}, {size} {unit}; ratio to {reference}: median (least .. greatest)"
        ),
    );
    for peer in results.peers(scene) {
        let mut row = format!("    {peer:<44}");
        if let Some((quantity, cost)) = results.cost(scene, peer) {
            let (cost, each) = if quantity == quantity::TIME {
                let cost = cost.median;
                (format!("{:.3} ms", cost / 1e6), cost / 1e3)
            } else {
                // Whatever else the processor did in the other rounds was not this.
                (format!("{} instr.", cost.least), cost.least)
            };
            row += &format!("{cost:>20}");
            if EACH.contains(&scene.subject.as_str()) {
                row += &format!("{:>10.2} each", each / *size as f64);
            }
        }
        if let Some(ratio) = results.ratio(scene, peer, reference) {
            let Spread {
                least,
                median,
                greatest,
            } = ratio;
            let spread = format!("({least:.2} .. {greatest:.2})");
            row += &format!(" {median:>8.2} {spread:<18}");
        }
        for found in results.rows_of(scene, peer) {
            let name = found.quantity.as_str();
            if name == quantity::TIME || name == quantity::INSTRUCTIONS {
                continue;
            }
            if let Some(spread) = results.spread(scene, peer, name) {
                row += &format!("  {name} {}", count(spread));
            }
        }
        line(text, format_args!("{}", row.trim_end()));
    }
}

/// A count: one number if it was always the same.
pub fn count(spread: Spread) -> String {
    let Spread {
        least,
        median,
        greatest,
    } = spread;
    if least == greatest {
        format!("{least}")
    } else {
        format!("{median} ({least} .. {greatest})")
    }
}

/// Adds a line. That cannot fail: a string takes it all.
fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{arguments}");
}
