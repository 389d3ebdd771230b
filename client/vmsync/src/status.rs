// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To look: what `status` shows.

use crate::{
    interrupt,
    open::{
        NotOpened,
        Opener, //
    },
    output::Output,
    process::Process,
    report::{
        lock,
        Report, //
    },
    subject::Subject,
    totals::Deed,
    trouble::{
        open_device,
        plain,
        End,
        Trouble, //
    },
    walk::{
        walk,
        Found, //
    },
    why::Why,
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        Mutex, //
    },
    thread,
    time::Duration, //
};
use vm_map_sync::{
    Map,
    Reason,
    SyncError, //
};
use vmsync::{
    counts::Counts,
    options::Status,
    picture::{
        self,
        Bar,
        Mark, //
    },
    style::Style,
};

/// Shows it, once or again and again.
pub fn status(options: &Status, json: bool, style: Style) -> Result<End, Trouble> {
    let from = match options.subjects.process {
        Some(number) => From::Process(Process::attach(number)?),
        None => From::Files(open_device()?),
    };
    let new = |output| {
        let nothing = Deed::Seen(Counts::default());
        Arc::new(Mutex::new(Report::new("status", nothing, output)))
    };
    let Some(seconds) = options.watch else {
        let report = new(Output::new(json, style));
        interrupt::watch(report.clone())?;
        return look(options, &from, &report);
    };
    loop {
        let report = new(if json {
            Output::new(json, style)
        } else {
            // It may have become another size.
            Output::screen(style.measured())
        });
        look(options, &from, &report)?;
        let output = &mut lock(&report).output;
        output.show();
        output.check()?;
        thread::sleep(Duration::from_secs_f64(seconds));
    }
}

/// Where it is from.
enum From {
    Files(Map),
    Process(Process),
}

/// Shows it once.
fn look(options: &Status, from: &From, report: &Mutex<Report>) -> Result<End, Trouble> {
    let mut look = Look {
        report,
        marks: BTreeSet::new(),
    };
    match from {
        From::Process(process) => {
            for mapping in process.mappings(&options.subjects.range.unwrap_or_default())? {
                look.at(&process.map, &Subject::mapping(mapping))?;
            }
        }
        From::Files(map) => look.files(map, options)?,
    }
    look.end()
}

/// What is being shown.
struct Look<'a> {
    report: &'a Mutex<Report>,
    marks: BTreeSet<Mark>,
}

impl Look<'_> {
    fn files(&mut self, map: &Map, options: &Status) -> Result<(), Trouble> {
        let subjects = &options.subjects;
        let span = subjects.range.unwrap_or_default();
        let mut opener = Opener::new(subjects.follow, subjects.hard_links);
        for found in walk(subjects) {
            match found {
                Found::Directory => lock(self.report).directory(),
                Found::Passed(passed) => lock(self.report).passed(passed),
                Found::Bad(path, why) => lock(self.report).bad(&path, &why),
                Found::File { root, path, device } => match opener.open(root, &path, device) {
                    Ok(opened) => self.at(map, &Subject::file(path, opened, span))?,
                    Err(NotOpened::Passed(passed)) => lock(self.report).passed(passed),
                    Err(NotOpened::Bad(why)) => lock(self.report).bad(&path, &why),
                },
            }
        }
        Ok(())
    }

    fn at(&mut self, map: &Map, subject: &Subject) -> Result<(), Trouble> {
        let style = lock(self.report).output.style;
        let looked = subject.look(map, picture::room(style, subject.beside()));
        let mut report = lock(self.report);
        match looked {
            Ok(parts) => {
                self.marks.extend(Bar::of(&parts).marks());
                report.picture(subject, None, &parts);
                let counts = parts.into_iter().sum();
                report.add(subject.bytes(), Deed::Seen(counts));
                report.file();
            }
            Err(SyncError::Refused(fault)) if fault.reason == Reason::Dead => {
                let why = Why::of(&fault, subject.about());
                return Err(Trouble::Other(format!(
                    "this cannot go on: {}",
                    why.sentence
                )));
            }
            Err(SyncError::Refused(fault) | SyncError::Failed(fault)) => {
                let why = Why::of(&fault, subject.about());
                report.problem(subject, &subject.name(), &why);
            }
            Err(error) => return Err(Trouble::Other(plain(error))),
        }
        Ok(report.output.check()?)
    }

    fn end(self) -> Result<End, Trouble> {
        let mut report = lock(self.report);
        if !report.output.json {
            for line in picture::legend(self.marks, report.output.style) {
                report.output.say(&line);
            }
        }
        Ok(report.finish(None)?)
    }
}
