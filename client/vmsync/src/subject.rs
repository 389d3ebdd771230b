// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Subjects: files and mappings, which are looked at and dealt with piece by piece.

use crate::{
    open::Opened,
    why::About, //
};
use rustix::param::page_size;
use std::{
    fs::File,
    ops::{
        Bound,
        Range, //
    },
    os::fd::AsFd,
    path::PathBuf,
    sync::{
        Arc,
        OnceLock, //
    },
};
use vm_map_sync::{
    Flags,
    Map,
    SyncError,
    Target, //
};
use vmsync::{
    counts::Counts,
    maps::Mapping,
    picture,
    span::Span, //
};

/// What is named to the user, and dealt with as a whole.
#[derive(Debug)]
pub struct Subject {
    /// Its name, as far as it has one.
    pub path: PathBuf,
    /// Where it is.
    pub place: Place,
    /// What was cached of it before anything was done, if that is to be shown.
    pub before: OnceLock<Vec<Counts>>,
    /// Set when something of it was not done.
    pub failed: OnceLock<()>,
}

/// Where something is.
#[derive(Debug)]
pub enum Place {
    /// Bytes of a file.
    File {
        /// The file.
        file: File,
        /// How long it is.
        length: u64,
        /// What of it is meant.
        span: Span,
    },
    /// Addresses of a process.
    Memory(Range<usize>),
}

impl Subject {
    fn new(path: PathBuf, place: Place) -> Self {
        Self {
            path,
            place,
            before: OnceLock::new(),
            failed: OnceLock::new(),
        }
    }

    /// A file, or a part of it.
    pub fn file(path: PathBuf, opened: Opened, span: Span) -> Self {
        let Opened { file, length } = opened;
        Self::new(path, Place::File { file, length, span })
    }

    /// A mapping of a process.
    pub fn mapping(mapping: Mapping) -> Self {
        Self::new(mapping.path, Place::Memory(mapping.range))
    }

    /// What it is called.
    pub fn name(&self) -> String {
        let name = vmsync::shown::name(&self.path);
        match &self.place {
            Place::File { .. } => name,
            Place::Memory(Range { start, end }) => format!("{start:#x}-{end:#x} {name}"),
        }
    }

    /// What errors are about.
    pub fn about(&self) -> About {
        match self.place {
            Place::File { .. } => About::File,
            Place::Memory(_) => About::Memory,
        }
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        match &self.place {
            Place::File { length, span, .. } => {
                let Range { start, end } = span.within(*length);
                end - start
            }
            Place::Memory(range) => range.len() as u64,
        }
    }

    /// How many pages it has in part at least, and the first byte of the first of them.
    fn pages(&self) -> (u64, u64) {
        let page = page_size() as u64;
        let Range { start, end } = match &self.place {
            Place::File { length, span, .. } => span.within(*length),
            Place::Memory(range) => range.start as u64..range.end as u64,
        };
        let first = start / page;
        (end.div_ceil(page).saturating_sub(first), first * page)
    }

    /// How many columns what is told beside its bar takes.
    pub fn beside(&self) -> usize {
        let digits = self.pages().0.max(1).ilog10() as usize + 1;
        " /".len() + 2 * digits
    }

    /// Counts what of it is cached, in so many parts at the most.
    pub fn look(&self, map: &Map, most: usize) -> Result<Vec<Counts>, SyncError> {
        let (pages, offset) = self.pages();
        let page = page_size() as u64;
        let bytes = |part: Range<u64>| offset + part.start * page..offset + part.end * page;
        match &self.place {
            Place::File { file, .. } => picture::look(map, pages, most, Flags::empty(), |part| {
                Target::file(file.as_fd(), bytes(part))
            }),
            Place::Memory(_) => picture::look(map, pages, most, OF_PROCESS, |part| {
                let Range { start, end } = bytes(part);
                Target::addresses(start as usize..end as usize)
            }),
        }
    }
}

/// What is passed over of a process: it may have unmapped something since it was looked at.
pub const OF_PROCESS: Flags = Flags::ALLOW_HOLES.union(Flags::SKIP_SPECIALS);

/// As much as is done at once, in bytes: so that one sees it go on.
pub const SIZE: u64 = 256 << 20;

/// A piece of a subject.
#[derive(Debug)]
pub struct Piece {
    /// Of what.
    pub subject: Arc<Subject>,
    /// How many bytes of it there are.
    pub bytes: u64,
    /// Which part of it, if it is a file.
    span: Span,
    /// Whether it is the first of it.
    pub first: bool,
    /// Whether it is the last of it.
    pub last: bool,
}

impl Piece {
    /// All of a subject.
    pub fn all(subject: Arc<Subject>) -> impl Iterator<Item = Self> {
        let (span, length) = match &subject.place {
            Place::File { length, span, .. } => (*span, *length),
            Place::Memory(range) => (Span::default(), range.len().min(1) as u64),
        };
        let bytes = subject.bytes();
        let mut pieces = span.pieces(length, SIZE).enumerate().peekable();
        std::iter::from_fn(move || {
            let (index, span) = pieces.next()?;
            let last = pieces.peek().is_none();
            Some(Self {
                subject: subject.clone(),
                bytes: if last {
                    bytes - index as u64 * SIZE
                } else {
                    SIZE
                },
                span,
                first: index == 0,
                last,
            })
        })
    }

    /// It, for a call.
    pub fn target(&self) -> Target<'_> {
        match &self.subject.place {
            Place::File { file, .. } => {
                let end = self.span.end.map_or(Bound::Unbounded, Bound::Excluded);
                Target::file(file.as_fd(), (Bound::Included(self.span.start), end))
            }
            Place::Memory(range) => Target::addresses(range.clone()),
        }
    }
}
