// SPDX-License-Identifier: GPL-2.0

//! What documents say that one can type.

use super::scene::*;
use vm_map_sync_tests::{
    harness::Verdict,
    process::{
        Child,
        Line, //
    },
};

const DOCUMENT: &str = include_str!("../../../../../docs/coming-from-msync.md");

/// All of its command lines about something can be typed as they stand there. One of them goes on until it is
/// interrupted, and is not tried.
pub fn lines_of_the_document() -> Verdict {
    let tree = Tree::new()?;
    let file = tree.file("f")?.display().to_string();
    let directory = tree.path().display().to_string();
    let (line, theirs) = Line::pair()?;
    let target = Child::spawn(|| {
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    line.receive()?;
    let pid = target.pid().to_string();
    let is_whole = |text: &&str| {
        text.starts_with("vmsync ")
            && ["FILE", "DIR", "PID"]
                .iter()
                .any(|what| text.contains(what))
            && !text.contains("--watch")
    };
    let lines: Vec<&str> = DOCUMENT
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(is_whole)
        .collect();
    assert!(lines.len() >= 10, "{lines:?}");
    for text in lines {
        let words = text.split(' ').skip(1).map(|word| match word {
            "FILE" => &file,
            "DIR" => &directory,
            "PID" => &pid,
            word => word,
        });
        let ran = said(words)?;
        assert_eq!(ran.status.code(), Some(0), "{text}: {ran:?}");
    }
    line.send(0)?;
    target.join()
}
