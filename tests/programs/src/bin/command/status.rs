// SPDX-License-Identifier: GPL-2.0

//! What is shown of files.

use super::scene::*;
use std::{
    fs::{
        self,
        File, //
    },
    io::{
        self,
        BufRead,
        BufReader, //
    },
    os::unix::process::CommandExt,
    process::Stdio,
};
use vm_map_sync_tests::{
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::Verdict,
    patience::wait_until,
    process::{
        Child,
        Line,
        NOBODY, //
    },
    spare::Site,
};

pub fn what_is_cached() -> Verdict {
    let file = TestFile::new(8)?;
    said(words("evict --range 0-8K", file.path()))?.ends(0);
    let ran = said(words("status", file.path()))?.ends(0).quietly();
    let name = file.path().display();
    let text = format!(
        "{name}\n[..OOOOOO] 6/8\n  24 KiB of 32 KiB cached (75 %)\nO cached, clean   . not cached\n\
         status: 1 file, 24 KiB of 32 KiB cached (75 %)\n"
    );
    assert_eq!(ran.out, text);

    // Another process that has mapped it, and has written to it.
    let (ours, theirs) = Line::pair()?;
    let other = Child::spawn(|| {
        let mapping = file.map()?;
        mapping.fill(1, [4]);
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    ours.receive()?;
    let ran = said(words("status --json", file.path()))?.ends(0);
    let cached = ran.of_kind("cached");
    assert_eq!(cached.len(), 1, "{ran:?}");
    assert_eq!(cached[0]["bar"], "..MM#MMM");
    let numbers = [("pages", 8), ("resident", 6), ("dirty", 1), ("others", 6)];
    assert_numbers(&cached[0], &numbers);
    assert_numbers(&ran.summary(), &numbers);
    // It is only looked at.
    assert_eq!(file.picture(0..8)?, "..CCDCCC");
    ours.send(0)?;
    other.join()
}

pub fn what_is_being_written() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    {
        let file = TestFile::new(4)?;
        let _opener = gate.opener();
        file.map()?.fill(1, [2]);
        gate.close(Held::Writes)?;
        said(words("sync --async", file.path()))?.ends(0);
        let cached = file.cached()?;
        assert_eq!((cached.dirty, cached.writeback), (0, 1));
        said(words("status", file.path()))?
            .ends(0)
            .says("[OOwO] 4/4")
            .says("4 KiB being written");
    }
    Ok(())
}

pub fn not_ones_own_to_see() -> Verdict {
    let file = TestFile::new(4)?;
    let mut status = vmsync(words("status", file.path()))?;
    let ran = run(status.uid(NOBODY).gid(NOBODY))?.ends(0);
    ran.says("[????] 0/4").says("16 KiB not yours to see");
    Ok(())
}

pub fn empty_file() -> Verdict {
    let tree = Tree::new()?;
    let path = tree.path().join("empty");
    File::create(&path)?;
    said(words("status", &path))?.ends(0).says("[] 0/0");
    for verb in ["sync --json", "evict --json"] {
        let ran = said(words(verb, &path))?.ends(0);
        assert_numbers(&ran.summary(), &[("files", 1), ("bytes", 0)]);
    }
    Ok(())
}

/// What is shown next is what is there next.
pub fn file_is_watched() -> Verdict {
    let file = TestFile::new(4)?;
    let mut watch = vmsync(words("status --json --watch=0.05", file.path()))?;
    let mut watching = watch.stdout(Stdio::piped()).spawn()?;
    let Some(out) = watching.stdout.take() else {
        panic!("it has no output")
    };
    let mut lines = BufReader::new(out).lines();
    let mut shows = |bar: &str| {
        wait_until(bar, || {
            let line = lines
                .next()
                .unwrap_or_else(|| Err(io::Error::other("it ended")))?;
            io::Result::Ok(line.contains(&format!("\"bar\":\"{bar}\"")))
        })
    };
    shows("OOOO")?;
    let mapping = file.map()?;
    mapping.poke(1, 1);
    shows("M#MM")?;
    // It opens the file each time, so it holds none that is gone.
    fs::remove_file(file.path())?;
    wait_until("gone", || {
        let line = lines
            .next()
            .unwrap_or_else(|| Err(io::Error::other("it ended")))?;
        io::Result::Ok(line.contains("\"reason\":\"gone\""))
    })?;
    watching.kill()?;
    watching.wait()?;
    Ok(())
}
