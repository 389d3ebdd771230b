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
    /// Which file it is, or is mapped there: device and inode.
    pub file: (u64, u64),
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
    fn new(path: PathBuf, place: Place, file: (u64, u64)) -> Self {
        Self {
            path,
            place,
            file,
            before: OnceLock::new(),
            failed: OnceLock::new(),
        }
    }

    /// A file, or a part of it.
    pub fn file(path: PathBuf, opened: Opened, span: Span) -> Self {
        let Opened { file, length, id } = opened;
        Self::new(path, Place::File { file, length, span }, id)
    }

    /// A mapping of a process.
    pub fn mapping(mapping: Mapping) -> Self {
        Self::new(mapping.path, Place::Memory(mapping.range), mapping.file)
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

/// How many pieces a subject has at the most, but for the one that is the commit: those of a sparse file are
/// no more than they are of any other.
const PIECES: u64 = 1024;

/// A piece of a subject.
#[derive(Debug)]
pub struct Piece {
    /// Of what.
    pub subject: Arc<Subject>,
    /// How many bytes of it are done with this.
    pub bytes: u64,
    /// How many bytes further the work is with this.
    pub further: u64,
    /// Which part of it, if it is a file.
    span: Span,
    /// Whether it is only to be written, ahead of a piece that is all of the subject: that one says what went
    /// wrong.
    pub ahead: bool,
    /// Whether it is the first of it.
    pub first: bool,
    /// Whether it is the last of it.
    pub last: bool,
}

impl Piece {
    /// All of a subject.
    ///
    /// `commits`: whether what is to be done makes it durable. That is done to a file once, by a last piece
    /// which is all of it. What tells a file of an error is that one, too, so what is freed in spite of such
    /// errors is freed by the call that finds all of them.
    pub fn all(subject: Arc<Subject>, commits: bool) -> Vec<Self> {
        let (length, span) = match subject.place {
            Place::File { length, span, .. } => (length, span),
            Place::Memory(_) => (0, Span::default()),
        };
        let spans: Vec<Span> = span
            .pieces(length, size(length, page_size() as u64))
            .collect();
        let count = spans.len();
        let all = subject.bytes();
        let piece = |index: usize, part: Span| {
            let Range { start, end } = part.within(length);
            Self {
                subject: subject.clone(),
                bytes: if commits { 0 } else { end - start },
                further: end - start,
                span: part,
                ahead: commits,
                first: index == 0,
                last: !commits && index + 1 == count,
            }
        };
        let whole = |is_first| Self {
            subject: subject.clone(),
            bytes: all,
            further: if is_first { all } else { 0 },
            span,
            ahead: false,
            first: is_first,
            last: true,
        };
        if count == 1 {
            return vec![whole(true)];
        }
        let mut pieces: Vec<Self> = spans
            .into_iter()
            .enumerate()
            .map(|(index, part)| piece(index, part))
            .collect();
        pieces.extend(commits.then(|| whole(false)));
        pieces
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

    /// How many of its pages are dirty.
    pub fn dirty(&self, map: &Map) -> Option<u64> {
        let stat = map.stat(self.target(), Flags::empty());
        stat.ok().map(|stat| stat.dirty)
    }
}

/// How large the pieces of a file of that length are.
fn size(length: u64, page: u64) -> u64 {
    SIZE.max(length.div_ceil(PIECES).next_multiple_of(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::Opener;
    use proptest::prelude::*;
    use std::path::Path;

    fn pieces(length: u64, span: Span, commits: bool) -> Vec<Piece> {
        let program = Path::new("/proc/self/exe");
        let mut opened = Opener::new(true, true)
            .open(program, program, None)
            .expect("this program is there");
        opened.length = length;
        Piece::all(
            Arc::new(Subject::file(program.into(), opened, span)),
            commits,
        )
    }

    #[test]
    fn what_is_small_is_one_piece() {
        for commits in [false, true] {
            let small = pieces(SIZE, Span::default(), commits);
            assert_eq!(small.len(), 1);
            assert!(small[0].first && small[0].last && !small[0].ahead);
        }
    }

    proptest! {
        #[test]
        fn all_of_it_is_done_once(
            length in 0..=i64::MAX as u64,
            start in 0..4 * SIZE,
            commits: bool,
        ) {
            let span = Span { start, end: None };
            let pieces = pieces(length, span, commits);
            let all = length.saturating_sub(start);
            prop_assert!(pieces.len() as u64 <= PIECES + 1);
            prop_assert_eq!(pieces.iter().map(|piece| piece.bytes).sum::<u64>(), all);
            prop_assert_eq!(pieces.iter().map(|piece| piece.further).sum::<u64>(), all);
            prop_assert!(pieces.iter().skip(1).all(|piece| !piece.first) && pieces[0].first);
            let (last, others) = pieces.split_last().expect("there is one at least");
            prop_assert!(last.last && !last.ahead);
            prop_assert!(others.iter().all(|piece| !piece.last && piece.ahead == commits));
            if commits {
                prop_assert_eq!(last.span, span);
            }
        }
    }
}
