// SPDX-License-Identifier: GPL-2.0

//! A running program, whose text is freed from under it.

use std::{
    env,
    fs::{
        self,
        File, //
    },
    io::{
        BufRead,
        BufReader,
        Write, //
    },
    process::{
        self,
        Command,
        ExitCode,
        Stdio, //
    },
};
use vm_map_sync::Map;
use vm_map_sync_tests::{
    check::{
        counts,
        succeeds,
        BOTH, //
    },
    harness::Verdict,
    mapping::{
        Mapping,
        Share, //
    },
    place,
    process::wait_until_asleep,
    residency::Cached,
    PAGE, //
};

/// The environment variable that has this program be the one that runs.
pub const ECHO: &str = "VMS_ECHO";

/// The program that runs: it says what it is told.
pub fn echo() -> ExitCode {
    for line in std::io::stdin().lines().map_while(Result::ok) {
        println!("{line}");
    }
    ExitCode::SUCCESS
}

/// Text that is freed is read again when it is run.
pub fn running_program() -> Verdict {
    let path = place::directory()?.join(format!("program-{}", process::id()));
    fs::copy(env::current_exe()?, &path)?;
    let file = File::open(&path)?;
    file.sync_all()?;
    let pages = (file.metadata()?.len() as usize).div_ceil(PAGE);
    let mut program = Command::new(&path)
        .env(ECHO, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = program.stdin.take().expect("a pipe");
    let mut output = BufReader::new(program.stdout.take().expect("a pipe"));
    let mut ask = |word: &str| -> std::io::Result<String> {
        writeln!(input, "{word}")?;
        let mut answer = String::new();
        output.read_line(&mut answer)?;
        Ok(answer)
    };
    assert_eq!(ask("before")?, "before\n");

    let mapping = Mapping::reserve(pages)?;
    mapping.map(0..pages, &file, 0, Share::PrivateRead)?;
    let map = Map::current()?;
    for _ in 0..3 {
        // What it runs is in use: it has to have come back to where it waits for a word.
        wait_until_asleep(program.id())?;
        let resident = Cached::of(&file, 0..pages)?.resident;
        assert!(resident > 0);
        succeeds(&map, mapping.all(), BOTH, counts(0, resident));
        assert_eq!(Cached::of(&file, 0..pages)?.resident, 0);
        assert_eq!(ask("after")?, "after\n");
    }
    drop(input);
    assert!(program.wait()?.success());
    fs::remove_file(&path)?;
    Ok(())
}
