// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To act: what `sync` and `evict` do.

use crate::{
    batch, gather, interrupt,
    output::Output,
    process::Process,
    report::{
        lock,
        Report, //
    },
    subject::{
        Piece,
        Subject,
        OF_PROCESS, //
    },
    totals::Deed,
    trouble::{
        open_device,
        plain,
        End,
        Trouble, //
    },
    why::{
        About,
        Why, //
    },
};
use std::{
    collections::HashSet,
    sync::{
        mpsc,
        Arc,
        Mutex,
        PoisonError, //
    },
    thread,
};
use vm_map_sync::{
    Flags,
    Map,
    Outcome,
    Reason,
    VectorError, //
};
use vmsync::{
    counts::Counts,
    options::{
        Evict,
        Subjects,
        Sync, //
    },
    picture,
    style::Style,
};

/// What is to be done.
#[derive(Debug)]
pub struct Work<'a> {
    verb: &'static str,
    subjects: &'a Subjects,
    flags: Flags,
    verbose: bool,
}

impl<'a> From<&'a Sync> for Work<'a> {
    fn from(sync: &'a Sync) -> Self {
        Self {
            verb: "sync",
            subjects: &sync.subjects,
            flags: if sync.start_only {
                Flags::empty()
            } else {
                Flags::SYNCIO
            },
            verbose: sync.verbose,
        }
    }
}

impl<'a> From<&'a Evict> for Work<'a> {
    fn from(evict: &'a Evict) -> Self {
        let mut flags = Flags::INVALIDATE;
        if evict.spare_shared {
            flags |= Flags::SPARE_SHARED;
        }
        if evict.forget_errors {
            // The errors that are forgotten are those that were reported before: by this, if by nobody.
            flags |= Flags::SYNCIO | Flags::FORGET_ERRORS;
        }
        Self {
            verb: "evict",
            subjects: &evict.subjects,
            flags,
            verbose: evict.verbose,
        }
    }
}

impl Work<'_> {
    /// Does it.
    pub fn act(&self, output: Output) -> Result<End, Trouble> {
        let look = self.verbose.then_some(output.style);
        let report = Arc::new(Mutex::new(Report::new(self.verb, Deed::NOTHING, output)));
        let caller = |map, more| Caller {
            map,
            flags: self.flags | more,
            look,
            report: &report,
            failing: Mutex::default(),
        };
        let result;
        if let Some(number) = self.subjects.process {
            let process = Process::attach(number)?;
            let mappings = process.mappings(&self.subjects.range.unwrap_or_default())?;
            interrupt::watch(report.clone())?;
            let subjects = mappings.into_iter().map(Subject::mapping).map(Arc::new);
            let pieces: Vec<Piece> = subjects
                .flat_map(|subject| Piece::all(subject, self.commits()))
                .collect();
            if let Some(progress) = lock(&report).output.progress.counter() {
                progress.expect(pieces.iter().map(|piece| piece.further).sum());
                thread::spawn(move || progress.show_in_time());
            }
            result = caller(&process.map, OF_PROCESS).call(&pieces);
        } else {
            let map = open_device()?;
            interrupt::watch(report.clone())?;
            result = self.files(&caller(&map, Flags::empty()));
        }
        // What was done is told even if it could not go on.
        let end = lock(&report).finish(None)?;
        result.map(|()| end)
    }

    /// Whether it makes anything durable.
    fn commits(&self) -> bool {
        self.flags.contains(Flags::SYNCIO)
    }

    /// Does it to files: while the next ones are opened, the kernel has those before.
    fn files(&self, caller: &Caller<'_>) -> Result<(), Trouble> {
        let counter = lock(caller.report).output.progress.counter();
        thread::scope(|scope| {
            if let Some(progress) = &counter {
                scope.spawn(|| gather::count(self.subjects, progress));
            }
            let (send, receive) = mpsc::sync_channel::<Vec<Piece>>(0);
            let calls = scope.spawn(move || -> Result<(), Trouble> {
                for pieces in receive {
                    caller.call(&pieces)?;
                }
                Ok(())
            });
            gather::files(self.subjects, self.commits(), caller.report, |pieces| {
                send.send(pieces).is_ok()
            });
            drop(send);
            let result = calls
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            if let Some(progress) = &counter {
                progress.end();
            }
            result
        })
    }
}

/// Who calls.
#[derive(Debug)]
struct Caller<'a> {
    map: &'a Map,
    flags: Flags,
    /// Whether all is shown before and after, and how.
    look: Option<Style>,
    report: &'a Mutex<Report>,
    /// Files of which a write has failed, if that is to be forgotten. A call that says so may have told others
    /// of it, through whom the rest of the file would be freed then; so the rest of it is not.
    failing: Mutex<HashSet<(u64, u64)>>,
}

impl Caller<'_> {
    fn call(&self, pieces: &[Piece]) -> Result<(), Trouble> {
        for piece in pieces
            .iter()
            .filter(|piece| self.look.is_some() && piece.first)
        {
            let _ = piece.subject.before.set(self.look_at(&piece.subject));
        }
        let flags = |piece: &Piece| self.flags_for(piece);
        batch::run(self.map, flags, pieces, |piece, result| {
            self.tell(piece, result);
        })
        .map_err(|error| match error {
            VectorError::Refused(fault) => {
                let why = Why::of(&fault, About::Memory);
                Trouble::Other(format!("this cannot go on: {}", why.sentence))
            }
            error => Trouble::Other(format!("{}; \"vmsync check\" says more", plain(error))),
        })?;
        for piece in pieces
            .iter()
            .filter(|piece| self.look.is_some() && piece.last)
        {
            let after = self.look_at(&piece.subject);
            let mut report = lock(self.report);
            for (when, parts) in [
                ("before", piece.subject.before.get()),
                ("after", Some(&after)),
            ] {
                if let Some(parts) = parts {
                    report.picture(&piece.subject, Some(when), parts);
                }
            }
        }
        let written = lock(self.report).output.check();
        Ok(written?)
    }

    /// What is to be done to a piece.
    fn flags_for(&self, piece: &Piece) -> Flags {
        if piece.ahead {
            return Flags::empty();
        }
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.contains(&piece.subject.file) {
            self.flags - Flags::FORGET_ERRORS
        } else {
            self.flags
        }
    }

    /// What is cached of it; nothing, if that cannot be known, which is told when it is dealt with.
    fn look_at(&self, subject: &Subject) -> Vec<Counts> {
        let style = self.look.unwrap_or(Style::PLAIN);
        let most = picture::room(style, subject.beside());
        subject.look(self.map, most).unwrap_or_default()
    }

    fn tell(&self, piece: &Piece, result: batch::Result) {
        let subject = &piece.subject;
        let mut outcome: Outcome = match &result {
            Ok(outcome) => *outcome,
            Err(fault) => fault.outcome,
        };
        if piece.ahead {
            outcome.pushed = self.pushed(piece, &outcome);
            let mut report = lock(self.report);
            report.output.progress.advance(piece.further);
            report.add(0, Deed::from(&outcome));
            return;
        }
        let mut report = lock(self.report);
        report.output.progress.advance(piece.further);
        let bytes = if result.is_ok() { piece.bytes } else { 0 };
        report.add(bytes, Deed::from(&outcome));
        match &result {
            Ok(_) => report.left("mapped_by_others", outcome.left),
            Err(fault) => {
                if matches!(fault.reason, Reason::Io | Reason::Unwritten)
                    && self.flags.contains(Flags::FORGET_ERRORS)
                {
                    let failing = self.failing.lock();
                    let mut failing = failing.unwrap_or_else(PoisonError::into_inner);
                    failing.insert(subject.file);
                }
                let why = Why::of(fault, subject.about());
                report.left(why.word, outcome.left);
                if subject.failed.set(()).is_ok() {
                    report.problem(subject.as_ref(), &subject.name(), &why);
                }
            }
        }
        if piece.last && subject.failed.get().is_none() {
            report.file();
        }
    }

    /// How many pages were pushed of a piece that was to be written ahead. A file system can let that be: what
    /// is dirty still is pushed by the commit, and counted then.
    fn pushed(&self, piece: &Piece, outcome: &Outcome) -> u64 {
        match outcome.pushed {
            0 => 0,
            pushed => pushed.saturating_sub(piece.dirty(self.map).unwrap_or(0)),
        }
    }
}
