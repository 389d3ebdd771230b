// SPDX-License-Identifier: GPL-2.0

//! Takes the example in Rust out of the README, as it stands there, for the program that tries it.

use std::{
    env,
    error::Error,
    fs,
    path::Path, //
};

const README: &str = "../../README.md";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={README}");
    let text = fs::read_to_string(README)?;
    let example = text
        .split_once("\n```rust\n")
        .and_then(|(_, rest)| rest.split_once("\n```\n"))
        .ok_or("there is no example in Rust in the README")?;
    let place = Path::new(&env::var("OUT_DIR")?).join("readme.rs");
    Ok(fs::write(place, example.0)?)
}
