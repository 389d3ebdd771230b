// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Totals: what it all comes to.

use crate::walk::Passed;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    ops::AddAssign, //
};
use vm_map_sync::Outcome;
use vmsync::{
    amount::Bytes,
    counts::Counts, //
};

/// What was done, or seen, in pages.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Deed {
    /// It was looked at.
    Seen(Counts),
    /// It was dealt with.
    Done {
        /// [`Outcome::pushed`]
        pushed: u64,
        /// [`Outcome::freed`]
        freed: u64,
        /// [`Outcome::left`]
        left: u64,
        /// [`Outcome::unpaged`]
        unpaged: u64,
    },
}

impl Deed {
    /// Nothing is dealt with.
    pub const NOTHING: Self = Self::Done {
        pushed: 0,
        freed: 0,
        left: 0,
        unpaged: 0,
    };
}

impl From<&Outcome> for Deed {
    fn from(outcome: &Outcome) -> Self {
        Self::Done {
            pushed: outcome.pushed,
            freed: outcome.freed,
            left: outcome.left,
            unpaged: outcome.unpaged,
        }
    }
}

impl AddAssign for Deed {
    fn add_assign(&mut self, other: Self) {
        match (self, other) {
            (Self::Seen(all), Self::Seen(counts)) => *all += counts,
            (
                Self::Done {
                    pushed,
                    freed,
                    left,
                    unpaged,
                },
                Self::Done {
                    pushed: more_pushed,
                    freed: more_freed,
                    left: more_left,
                    unpaged: more_unpaged,
                },
            ) => {
                *pushed += more_pushed;
                *freed += more_freed;
                *left += more_left;
                *unpaged += more_unpaged;
            }
            (deed, other) => *deed = other,
        }
    }
}

/// How many files, and how many of their pages.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Part {
    pub files: u64,
    pub pages: u64,
}

/// What it comes to. What of a process is said to be files are its mappings.
#[derive(Debug, Serialize)]
pub struct Totals {
    kind: &'static str,
    verb: &'static str,
    /// Those of which all was done.
    pub files: u64,
    /// Those of which something was not done.
    pub failed: u64,
    pub directories: u64,
    pub bytes: u64,
    page_size: u64,
    #[serde(flatten)]
    pub deed: Deed,
    /// Why files failed, and pages were left.
    pub why: BTreeMap<&'static str, Part>,
    pub passed_over: BTreeMap<Passed, u64>,
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interrupted: Option<&'static str>,
}

impl Totals {
    /// Nothing yet, of a verb.
    pub fn new(verb: &'static str, deed: Deed, page_size: u64) -> Self {
        Self {
            kind: "summary",
            verb,
            files: 0,
            failed: 0,
            directories: 0,
            bytes: 0,
            page_size,
            deed,
            why: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            seconds: 0.0,
            interrupted: None,
        }
    }

    /// It in words.
    pub fn lines(&self) -> Vec<String> {
        let counted = |count: u64, one: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        let what = match &self.deed {
            Deed::Seen(counts) => counts.sentences(self.page_size).join(", "),
            Deed::Done {
                pushed,
                freed,
                left,
                ..
            } => format!(
                "{}: {} pushed, {freed} freed, {left} left",
                Bytes(self.bytes),
                counted(*pushed, "page")
            ),
        };
        let mut lines = vec![format!(
            "{}: {}, {what}",
            self.verb,
            counted(self.files, "file")
        )];
        for (&word, part) in &self.why {
            let what = match (part.files, part.pages) {
                (0, pages) => format!("{} left", counted(pages, "page")),
                (files, 0) => format!("{} not done", counted(files, "file")),
                (files, pages) => format!(
                    "{} of {} left",
                    counted(pages, "page"),
                    counted(files, "file")
                ),
            };
            lines.push(format!("  {}: {what}", word.replace('_', " ")));
        }
        if !self.passed_over.is_empty() {
            let kinds: Vec<String> = self
                .passed_over
                .iter()
                .map(|(passed, count)| format!("{count} {}", passed.name()))
                .collect();
            lines.push(format!("  passed over: {}", kinds.join(", ")));
        }
        if let Some(signal) = self.interrupted {
            lines.push(format!(
                "  interrupted by {signal}: what was under way is not counted"
            ));
        }
        lines
    }
}
