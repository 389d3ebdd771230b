// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Records: the objects of `--json`, one a line.

use crate::subject::{
    Place,
    Subject, //
};
use serde::Serialize;
use std::{
    borrow::Cow,
    path::Path, //
};
use vmsync::{
    counts::Counts,
    picture::Bar, //
};

/// One object, but for the summary.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record<'a> {
    /// What is cached of a file or a mapping.
    Cached {
        #[serde(flatten)]
        what: What<'a>,
        /// Before anything was done, or after, if anything was done at all.
        #[serde(skip_serializing_if = "Option::is_none")]
        when: Option<&'static str>,
        #[serde(flatten)]
        counts: Counts,
        bar: String,
    },
    /// What was not done.
    Problem {
        #[serde(flatten)]
        what: What<'a>,
        reason: &'static str,
        message: &'a str,
    },
}

impl<'a> Record<'a> {
    /// What is cached of something.
    pub fn cached(subject: &'a Subject, when: Option<&'static str>, parts: &[Counts]) -> Self {
        Self::Cached {
            what: subject.into(),
            when,
            counts: parts.iter().copied().sum(),
            bar: Bar::of(parts).letters(),
        }
    }
}

/// What a record is about.
#[derive(Serialize)]
pub struct What<'a> {
    /// What is no UTF-8 is replaced: JSON has nothing else.
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

impl<'a> From<&'a Path> for What<'a> {
    fn from(path: &'a Path) -> Self {
        Self {
            path: path.to_string_lossy(),
            start: None,
            end: None,
        }
    }
}

impl<'a> From<&'a Subject> for What<'a> {
    fn from(subject: &'a Subject) -> Self {
        let address = |address: usize| Some(format!("{address:#x}"));
        let what = Self::from(subject.path.as_path());
        match &subject.place {
            Place::File { .. } => what,
            Place::Memory(range) => Self {
                start: address(range.start),
                end: address(range.end),
                ..what
            },
        }
    }
}
