// SPDX-License-Identifier: GPL-2.0

//! The main job on a real file: a mapped, dirty file gets to the disk and out of the page cache.
//!
//! The file is mapped by two processes, as that of a database is, and shown after each of the calls
//! that one would try. What is said at the end is proved by looking at the disk and at the cache.

mod proof;
mod stage;

use self::stage::{
    Stage,
    PAGES, //
};
use std::{
    env,
    error::Error,
    fs,
    io,
    os::fd::AsRawFd,
    process::ExitCode, //
};
use vm_map_sync::{
    Flags,
    Map, //
};
use vm_map_sync_tests::{
    process::Line,
    PAGE, //
};
use vmsync::style::Style;

fn main() -> ExitCode {
    match show() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show() -> Result<bool, Box<dyn Error>> {
    let map = Map::current()?;
    let _held = vm_map_sync_tests::sysctl::hold_writeback()
        .map_err(|error| format!("the demo must be run as root: {error}"))?;
    let file = stage::file()?;
    let mapping = file.map()?;
    let (line, others) = Line::pair()?;
    let other = stage::other_process(&file, others)?;
    let stage = Stage {
        file: &file,
        mapping: &mapping,
        other: &line,
        map: &map,
        style: Style {
            colours: env::args().any(|argument| argument == "--color=always"),
            ..Style::PLAIN
        },
    };

    println!(
        "A file of {} MiB ({PAGES} pages), mapped by two processes that both write to it.",
        (PAGES * PAGE) >> 20
    );
    println!(
        "Linux {}, {} on {}.",
        fs::read_to_string("/proc/sys/kernel/osrelease")?.trim(),
        stage::file_system()?,
        stage::device()
    );
    println!();
    stage.legend();

    stage.dirty(1)?;
    stage.still("written by both")?;
    stage.act("msync(MS_SYNC | MS_INVALIDATE)", || {
        mapping.msync(0..PAGES, libc::MS_SYNC | libc::MS_INVALIDATE)
    })?;

    stage.dirty(2)?;
    stage.still("written again, as before each further call")?;
    stage.act("posix_fadvise(DONTNEED)", || {
        let file = file.file().as_raw_fd();
        // SAFETY: It takes nothing but numbers.
        match unsafe { libc::posix_fadvise(file, 0, 0, libc::POSIX_FADV_DONTNEED) } {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    })?;

    stage.dirty(3)?;
    stage.act("madvise(MADV_PAGEOUT)", || {
        mapping.advise(0..PAGES, libc::MADV_PAGEOUT)
    })?;

    const LAST: u64 = 4;
    stage.dirty(LAST)?;
    stage.act("vm_map_sync(SYNCIO | INVALIDATE)", || {
        map.sync(mapping.all(), Flags::SYNCIO | Flags::INVALIDATE)
            .map(drop)
            .map_err(io::Error::other)
    })?;

    let proved = [
        proof::on_the_disk(&file, LAST)?,
        proof::not_cached(&file, &mapping)?,
        proof::intact(&line, LAST)?,
    ];
    stage.leave(other)?;
    let proved = proved.into_iter().all(|holds| holds);
    println!(
        "{}",
        if proved {
            "All of it is on the disk, none of it is cached, and nothing is lost."
        } else {
            "It did not work: see the lines with FAILED above."
        }
    );
    Ok(proved)
}
