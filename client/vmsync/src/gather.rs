// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To gather: files are opened, as many as there are descriptors for, and cut into pieces.

use crate::{
    open::{
        NotOpened,
        Opener, //
    },
    progress::Progress,
    report::{
        lock,
        Report, //
    },
    subject::{
        Piece,
        Subject,
        SIZE, //
    },
    walk::{
        walk,
        Found, //
    },
};
use rustix::process::{
    getrlimit,
    setrlimit,
    Resource,
    Rlimit, //
};
use std::{
    fs,
    sync::{
        Arc,
        Mutex, //
    },
};
use vm_map_sync::RANGES_MAX;
use vmsync::options::Subjects;

/// Descriptors that are needed for other things: directories that are gone through, say.
const SPARE: usize = 20;

/// How many files can be open in a batch. There are two batches at a time: one that is gathered, and one
/// that the kernel has.
fn most() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (2 * RANGES_MAX + 2 * SPARE) as u64;
    let more = Rlimit {
        current: limit
            .maximum
            .map_or(Some(wanted), |most| Some(most.min(wanted))),
        ..limit
    };
    let mut current = limit.current;
    if current.is_some_and(|current| current < wanted) && setrlimit(Resource::Nofile, more).is_ok()
    {
        current = more.current;
    }
    let open = fs::read_dir("/proc/self/fd").map_or(3, Iterator::count);
    let free = current
        .map_or(usize::MAX, |limit| limit as usize)
        .saturating_sub(open + SPARE);
    (free / 2).clamp(1, RANGES_MAX)
}

/// Hands over pieces of all files that are meant, until that fails. `commits`: whether they are to be made
/// durable.
pub fn files(
    subjects: &Subjects,
    commits: bool,
    report: &Mutex<Report>,
    mut hand_over: impl FnMut(Vec<Piece>) -> bool,
) {
    let most = most();
    let span = subjects.range.unwrap_or_default();
    let mut opener = Opener::new(subjects.follow, subjects.hard_links);
    let mut pieces = Vec::new();
    let mut bytes = 0;
    for found in walk(subjects) {
        let (root, path, device) = match found {
            Found::File { root, path, device } => (root, path, device),
            Found::Directory => {
                lock(report).directory();
                continue;
            }
            Found::Passed(passed) => {
                lock(report).passed(passed);
                continue;
            }
            Found::Bad(path, why) => {
                lock(report).bad(&path, &why);
                continue;
            }
        };
        let opened = match opener.open(root, &path, device) {
            Ok(opened) => opened,
            Err(NotOpened::Passed(passed)) => {
                lock(report).passed(passed);
                continue;
            }
            Err(NotOpened::Bad(why)) => {
                lock(report).bad(&path, &why);
                continue;
            }
        };
        for piece in Piece::all(Arc::new(Subject::file(path, opened, span)), commits) {
            bytes += piece.further;
            pieces.push(piece);
            if pieces.len() == most || bytes >= SIZE {
                bytes = 0;
                if !hand_over(std::mem::take(&mut pieces)) {
                    return;
                }
            }
        }
    }
    if !pieces.is_empty() {
        hand_over(pieces);
    }
}

/// Counts the bytes of all files that are meant, for who wants to know how many are left.
pub fn count(subjects: &Subjects, progress: &Progress) {
    let span = subjects.range.unwrap_or_default();
    for found in walk(subjects) {
        let bytes = match found {
            Found::File { path, .. } => {
                let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
                let part = span.within(length);
                part.end - part.start
            }
            _ => 0,
        };
        if !progress.expect(bytes) {
            return;
        }
    }
    progress.show_in_time();
}
