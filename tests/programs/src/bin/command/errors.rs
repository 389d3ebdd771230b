// SPDX-License-Identifier: GPL-2.0

//! Files of which a write has failed.

use super::{
    limits::limited,
    scene::*, //
};
use nix::sys::resource::Resource;
use std::fs::{
    self,
    File, //
};
use vm_map_sync_tests::{
    disk::Extents,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    process::{
        Child,
        Line, //
    },
    spare::{
        Site,
        Spare, //
    },
    PAGE, //
};

const PAGES: usize = 8;
const BROKEN: usize = 3;

/// A file on a disk that does not take one of its pages, which is dirty.
fn with_a_bad_disk(test: impl FnOnce(&TestFile, &Spare) -> Verdict) -> Verdict {
    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    site.settle();
    let file = TestFile::new(PAGES)?;
    let place = Extents::of(file.file())?.locate(BROKEN)?;
    spare.break_page(place)?;
    file.map()?.fill(1, [BROKEN]);
    test(&file, &spare)?;
    spare.mend_page(place)?;
    Ok(())
}

/// What it said of a file that it left as it was.
fn kept(file: &TestFile, ran: Ran) -> Result<Ran, Failure> {
    assert_eq!(file.cached()?.resident, PAGES as u64);
    let name = file.path().display().to_string();
    Ok(ran.ends(1).says(&name).says("evict with --forget-errors"))
}

pub fn failed_writes_are_kept() -> Verdict {
    with_a_bad_disk(|file, _| {
        let ran = said(words("sync", file.path()))?;
        kept(file, ran)?.says("pages could not be written (Input/output error)");
        // As long as the file is open somewhere, it is not forgotten.
        for verb in ["evict", "evict --spare-shared"] {
            let ran = said(words(verb, file.path()))?;
            kept(file, ran)?
                .says("a write of it has failed before (Input/output error), so 8 pages stay")
                .says("write error: 8 pages of 1 file left");
        }
        let ran = said(words("evict --json", file.path()))?.ends(1);
        assert_eq!(ran.of_kind("problem")[0]["reason"], "write_error");
        assert_numbers(
            &ran.summary(),
            &[("failed", 1), ("bytes", 0), ("left", 8), ("freed", 0)],
        );
        Ok(())
    })
}

/// An error that nobody was told of is told first.
pub fn failed_writes_are_forgotten() -> Verdict {
    with_a_bad_disk(|file, _| {
        let ran = said(words("evict --forget-errors", file.path()))?;
        kept(file, ran)?.says("pages could not be written");
        said(words("evict --forget-errors", file.path()))?.ends(0);
        assert_eq!(file.cached()?.resident, 0);
        Ok(())
    })
}

/// What tells a file of its errors must not be what has the rest of it freed, in the same run.
pub fn failed_writes_of_a_large_file() -> Verdict {
    let spare = Spare::new(32, &[])?;
    let site = Site::new(spare.device())?;
    let large = Large::new(site.directory())?;
    large.write(&Large::PLACES)?;
    large.file.sync_all()?;
    let broken = Extents::of(&large.file)?.locate(0)?;
    spare.break_page(broken)?;
    large.write(&[0])?;
    let evict = words("evict --forget-errors --json", &large.path);
    let ran = said(&evict)?.ends(1);
    let numbers = [("failed", 1), ("bytes", 0), ("freed", 0), ("left", 3)];
    assert_numbers(&ran.summary(), &numbers);
    assert_eq!(ran.of_kind("problem").len(), 1);
    assert_eq!(large.resident()?, 3);
    let ran = said(&evict)?.ends(0);
    let numbers = [("files", 1), ("bytes", Large::LENGTH), ("freed", 3)];
    assert_numbers(&ran.summary(), &numbers);
    assert_eq!(large.resident()?, 0);
    spare.mend_page(broken)?;
    Ok(())
}

/// So it is if the file has two names, and the second one is opened when the first one was told.
pub fn failed_writes_by_another_name() -> Verdict {
    with_a_bad_disk(|file, _| {
        let tree = Tree::new()?;
        let link = tree.path().join("link");
        fs::hard_link(file.path(), &link)?;
        let others = [tree.file("one")?, tree.file("two")?, tree.file("three")?];
        let evict = || {
            let mut arguments = words("evict -H --forget-errors --json", file.path());
            arguments.extend(others.iter().map(|other| other.as_os_str()));
            arguments.push(link.as_os_str());
            // One at a time.
            run(limited(
                &mut vmsync(arguments)?,
                Resource::RLIMIT_NOFILE,
                24,
            ))
        };
        let ran = evict()?.ends(1);
        assert_eq!(file.cached()?.resident, PAGES as u64);
        let numbers = [("failed", 2), ("freed", 3), ("left", 2 * PAGES as u64)];
        assert_numbers(&ran.summary(), &numbers);
        evict()?.ends(0);
        assert_eq!(file.cached()?.resident, 0);
        Ok(())
    })
}

/// A process has it mapped through two files, of which one was told of the error. Memory that is locked is in
/// between, so they cannot be dealt with by one call.
pub fn failed_writes_of_a_process() -> Verdict {
    with_a_bad_disk(|file, _| {
        said(words("sync", file.path()))?.ends(1);
        let told = File::options().read(true).write(true).open(file.path())?;
        let locked = TestFile::new(2)?;
        let (line, theirs) = Line::pair()?;
        let child = Child::spawn(|| {
            let mapping = Mapping::reserve(6)?;
            mapping.map(0..2, file.file(), 0, Share::Shared)?;
            mapping.map(2..4, locked.file(), 0, Share::Shared)?;
            mapping.map(4..6, &told, 4, Share::Shared)?;
            mapping.touch(0..6);
            mapping.lock(2..4)?;
            theirs.send(mapping.all().start)?;
            theirs.receive()?;
            Ok(())
        })?;
        let start = line.receive()?;
        let range = format!("{start:#x}-{:#x}", start + 6 * PAGE);
        let pid = child.pid().to_string();
        let evict = || {
            said([
                "evict",
                "--forget-errors",
                "--json",
                "-p",
                &pid,
                "--range",
                &range,
            ])
        };
        let ran = evict()?.ends(1);
        assert_numbers(&ran.summary(), &[("failed", 3), ("freed", 0), ("left", 4)]);
        // As its owner is told of it.
        assert!(file.file().sync_all().is_err(), "it was told before");
        let ran = evict()?.ends(1);
        assert_numbers(&ran.summary(), &[("failed", 1), ("freed", 4)]);
        line.send(0)?;
        child.join()
    })
}
