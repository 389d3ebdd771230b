// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! To look: what `status` shows.

use crate::{
    open::{
        NotOpened,
        Opener, //
    },
    output::Output,
    process::Process,
    report::Report,
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
    thread,
    time::Duration, //
};
use vm_map_sync::{
    Map,
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
    let Some(seconds) = options.watch else {
        return look(options, &from, Output::new(json, style)).map(|(_, end)| end);
    };
    if let (false, Some(_)) = (json, style.height) {
        print_now("\x1b[2J")?;
    }
    loop {
        let output = if json {
            Output::new(json, style)
        } else {
            Output::screen(style)
        };
        let (mut output, _) = look(options, &from, output)?;
        if !json {
            output.show();
        }
        output.check()?;
        thread::sleep(Duration::from_secs_f64(seconds));
    }
}

/// Where it is from.
enum From {
    Files(Map),
    Process(Process),
}

fn print_now(text: &str) -> std::io::Result<()> {
    use std::io::Write;

    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Shows it once.
fn look(options: &Status, from: &From, output: Output) -> Result<(Output, End), Trouble> {
    let report = Report::new("status", Deed::Seen(Counts::default()), output);
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
struct Look {
    report: Report,
    marks: BTreeSet<Mark>,
}

impl Look {
    fn files(&mut self, map: &Map, options: &Status) -> Result<(), Trouble> {
        let subjects = &options.subjects;
        let span = subjects.range.unwrap_or_default();
        let mut opener = Opener::new(subjects.follow, subjects.hard_links);
        for found in walk(subjects) {
            match found {
                Found::Directory => self.report.directory(),
                Found::Passed(passed) => self.report.passed(passed),
                Found::Bad(path, why) => self.report.bad(&path, &why),
                Found::File(path, device) => match opener.open(&path, device) {
                    Ok(opened) => self.at(map, &Subject::file(path, opened, span))?,
                    Err(NotOpened::Passed(passed)) => self.report.passed(passed),
                    Err(NotOpened::Bad(why)) => self.report.bad(&path, &why),
                },
            }
        }
        Ok(())
    }

    fn at(&mut self, map: &Map, subject: &Subject) -> Result<(), Trouble> {
        let most = picture::room(self.report.output.style, subject.beside());
        match subject.look(map, most) {
            Ok(parts) => {
                self.marks.extend(Bar::of(&parts).marks());
                self.report.picture(subject, None, &parts);
                let counts = parts.into_iter().sum();
                self.report.add(subject.bytes(), Deed::Seen(counts));
                self.report.file();
            }
            Err(SyncError::Refused(fault) | SyncError::Failed(fault)) => {
                let why = Why::of(&fault, subject.about());
                self.report.problem(subject, &subject.name(), &why);
            }
            Err(error) => return Err(Trouble::Other(plain(error))),
        }
        Ok(self.report.output.check()?)
    }

    fn end(mut self) -> Result<(Output, End), Trouble> {
        let output = &mut self.report.output;
        if !output.json {
            for line in picture::legend(self.marks, output.style) {
                output.say(&line);
            }
        }
        let end = self.report.finish(None)?;
        Ok((self.report.output, end))
    }
}
