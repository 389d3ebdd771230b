// SPDX-License-Identifier: GPL-2.0

//! Files of which a write has failed.

use super::scene::*;
use vm_map_sync_tests::{
    disk::Extents,
    file::TestFile,
    harness::{
        Failure,
        Verdict, //
    },
    spare::{
        Site,
        Spare, //
    },
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
