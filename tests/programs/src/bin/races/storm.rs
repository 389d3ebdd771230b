// SPDX-License-Identifier: GPL-2.0

//! The storm: who takes part, on which pages, and what is left when it is over.

use crate::{
    callers,
    changers,
    model::{
        assert_content,
        Model, //
    },
    writers, //
};
use std::{
    fs::{
        File,
        OpenOptions, //
    },
    io,
    ops::Range,
    os::unix::fs::{
        FileExt,
        OpenOptionsExt, //
    },
    panic,
    thread,
    time::Instant, //
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        self,
        BOTH, //
    },
    dice::{
        self,
        Dice, //
    },
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::Child,
    Page,
    PAGE, //
};

/// The pages of the main file that are always there, ...
pub const STEADY: Range<usize> = 0..64;
/// ... those that holes are punched into, ...
pub const HOLES: Range<usize> = 64..72;
/// ... and those that are cut off and put back.
pub const TAIL: Range<usize> = 72..96;
/// All of the main file.
pub const MAIN: usize = TAIL.end;
/// The pages of the direct file, as they are numbered in the mappings and the model, behind those
/// of the main one. It has one writer, who uses direct I/O and other ways by turns: two writers in
/// one folio must not do that, whoever else is about.
pub const DIRECT: Range<usize> = MAIN..MAIN + 16;
/// All pages.
pub const ALL: usize = DIRECT.end;

/// What the actors act on.
pub struct Stage {
    pub main: TestFile,
    pub direct: TestFile,
    /// The direct file, opened for direct I/O.
    pub raw: File,
    /// A file to write to and read from by direct I/O, a page for each of the main file.
    pub scratch: File,
    _scratch: TestFile,
    pub model: Model,
    /// Both files, always mapped.
    pub mapping: Mapping,
    pub map: Map,
    pub end: Instant,
}

/// An actor: acts until the end.
pub type Actor = Box<dyn Fn(&Stage, &mut Dice) + Send>;

impl Stage {
    fn new(step: usize, end: Instant) -> Result<Self, Failure> {
        let main = TestFile::written_by(MAIN, step)?;
        let direct = TestFile::written_by(DIRECT.len(), step)?;
        let model = Model::new(ALL)?;
        let scratch = TestFile::new(MAIN)?;
        let raw = |file: &TestFile| {
            OpenOptions::new()
                .read(true)
                .write(true)
                .custom_flags(libc::O_DIRECT)
                .open(file.path())
        };
        let stage = Self {
            mapping: map_both(&main, &direct)?,
            map: Map::current()?,
            raw: raw(&direct)?,
            scratch: raw(&scratch)?,
            _scratch: scratch,
            main,
            direct,
            model,
            end,
        };
        // The pages of the second file have other numbers here.
        for page in DIRECT {
            let write = |bytes: &Page| stage.mapping.write(page, bytes);
            stage.model.write(page, false, write);
        }
        Ok(stage)
    }

    pub fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// The file that a page is in, and its number there.
    pub fn place(&self, page: usize) -> (&TestFile, usize) {
        match page.checked_sub(DIRECT.start) {
            Some(number) => (&self.direct, number),
            None => (&self.main, page),
        }
    }

    /// Reads a page by a system call.
    pub fn read_by_call(&self, page: usize) -> Page {
        let (file, number) = self.place(page);
        let mut bytes = [0; PAGE];
        let read = file
            .file()
            .read_exact_at(&mut bytes, (number * PAGE) as u64);
        assert!(read.is_ok(), "page {page} cannot be read: {read:?}");
        bytes
    }

    /// Writes a page by a system call.
    pub fn write_by_call(&self, page: usize, bytes: &Page) {
        let (file, number) = self.place(page);
        let written = file.file().write_all_at(bytes, (number * PAGE) as u64);
        assert!(
            written.is_ok(),
            "page {page} cannot be written: {written:?}"
        );
    }

    /// Asserts that all that was written is there, and on the disk.
    fn check(&self) -> Verdict {
        let all = ALL as u64;
        let counts = check::succeeds_in_the_end(&self.map, self.mapping.all(), BOTH);
        assert!(counts.freed <= all, "{counts:?}");
        assert_eq!(self.main.cached()?.resident, 0);
        assert_eq!(self.direct.cached()?.resident, 0);
        for page in (0..TAIL.start).chain(DIRECT) {
            let version = self.model.version(page);
            assert!(self.model.is(page, version), "somebody did not finish");
            if !HOLES.contains(&page) {
                let (file, number) = self.place(page);
                assert_content(&file.on_disk(number)?, page, version, "the disk");
            }
            assert_content(&self.mapping.read(page), page, version, "the mapping");
            assert_content(&self.read_by_call(page), page, version, "read()");
        }
        Ok(())
    }
}

/// Both files side by side.
pub fn map_both(main: &TestFile, direct: &TestFile) -> io::Result<Mapping> {
    let mapping = Mapping::reserve(ALL)?;
    mapping.map(0..MAIN, main.file(), 0, Share::Shared)?;
    mapping.map(DIRECT, direct.file(), 0, Share::Shared)?;
    Ok(mapping)
}

/// Lets actors act, a thread each.
fn act(stage: &Stage, actors: Vec<Actor>, dice: &mut Dice) {
    thread::scope(|scope| {
        let threads: Vec<_> = actors
            .into_iter()
            .map(|actor| {
                let mut dice = dice.fork();
                scope.spawn(move || actor(stage, &mut dice))
            })
            .collect();
        for thread in threads {
            if let Err(payload) = thread.join() {
                panic::resume_unwind(payload);
            }
        }
    });
}

fn stage(step: usize) -> Result<Stage, Failure> {
    Stage::new(step, Instant::now() + dice::time(3))
}

pub fn threads() -> Verdict {
    let stage = stage(1)?;
    let mut dice = Dice::new();
    let actors: Vec<Actor> = vec![
        Box::new(|stage, dice| writers::write(stage, 0..32, dice)),
        Box::new(|stage, dice| writers::write(stage, 32..64, dice)),
        Box::new(writers::write_directly),
        Box::new(writers::punch),
        Box::new(writers::truncate),
        Box::new(|stage, dice| writers::read(stage, &stage.mapping, dice)),
        Box::new(callers::sync),
        Box::new(callers::sync),
        Box::new(changers::advise),
    ];
    act(&stage, actors, &mut dice);
    stage.check()
}

pub fn processes() -> Verdict {
    let stage = stage(16)?;
    let mut dice = Dice::new();
    let mut children = Vec::new();
    for number in 0..3 {
        let mut dice = dice.fork();
        let stage = &stage;
        children.push(Child::spawn(move || {
            let part = number * 20..number * 20 + 20;
            let mut actors: Vec<Actor> = vec![
                Box::new(move |stage, dice| writers::write(stage, part.clone(), dice)),
                Box::new(|stage, dice| writers::read(stage, &stage.mapping, dice)),
                Box::new(callers::sync_own_map),
            ];
            match number {
                0 => actors.push(Box::new(writers::write_directly)),
                1 => actors.push(Box::new(writers::punch)),
                _ => actors.push(Box::new(callers::sync)),
            }
            act(stage, actors, &mut dice);
            Ok(())
        })?);
    }
    for child in children {
        child.join()?;
    }
    stage.check()
}

pub fn changing_maps() -> Verdict {
    let stage = stage(16)?;
    let mut dice = Dice::new();
    // A process of its own: what is mapped by the C library of this one, for its threads and its
    // children, must not get into the holes.
    let mut others = dice.fork();
    let child = Child::spawn(|| {
        changers::remap(&stage, &mut others);
        Ok(())
    })?;
    let actors: Vec<Actor> = vec![
        Box::new(|stage, dice| writers::write(stage, STEADY, dice)),
        Box::new(writers::write_directly),
        Box::new(writers::truncate),
        Box::new(changers::fork),
        Box::new(changers::execute),
        Box::new(callers::sync),
    ];
    act(&stage, actors, &mut dice);
    child.join()?;
    stage.check()
}
