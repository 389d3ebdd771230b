// SPDX-License-Identifier: GPL-2.0

//! What one sees on a terminal.

use super::scene::*;
use nix::pty::{
    openpty,
    OpenptyResult,
    Winsize, //
};
use std::{
    fs::File,
    io::{
        self,
        Read, //
    },
    os::fd::{
        AsRawFd,
        OwnedFd, //
    },
    process::Command,
};
use vm_map_sync_tests::{
    file::TestFile,
    gate::{
        Gate,
        Held, //
    },
    harness::{
        Failure,
        Verdict, //
    },
    patience::wait_until,
    spare::Site,
    PAGE, //
};

/// How many columns there are besides the marks, if all of a file of 1024 pages is cached.
const BESIDE: usize = "[] 1024/1024".len();

fn size(columns: u16) -> Winsize {
    Winsize {
        ws_row: 10,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// A terminal of so many columns.
fn terminal(columns: u16) -> Result<(File, OwnedFd), Failure> {
    let OpenptyResult { master, slave } = openpty(&size(columns), None)?;
    Ok((File::from(master), slave))
}

/// What a command shows there, on both its outputs. A terminal begins each line at its start.
fn shown(command: &mut Command, columns: u16) -> Result<String, Failure> {
    let (mut screen, end) = terminal(columns)?;
    let mut child = command.stdout(end.try_clone()?).stderr(end).spawn()?;
    // The descriptors of the terminal's end go with it.
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let mut bytes = Vec::new();
    let mut buffer = [0; PAGE];
    // It says so with an error when nobody has its end any more.
    while let Ok(count @ 1..) = screen.read(&mut buffer) {
        bytes.extend(&buffer[..count]);
    }
    assert!(child.wait()?.success());
    Ok(String::from_utf8(bytes)?.replace("\r\n", "\n"))
}

/// A file with pages of several kinds.
fn file() -> Result<TestFile, Failure> {
    let file = TestFile::new(1024)?;
    said(words("evict --range 0-1M", file.path()))?.ends(0);
    file.map()?.fill(1, 512..768);
    Ok(file)
}

pub fn pictures_of_all_widths() -> Verdict {
    let file = file()?;
    for columns in [40, 200] {
        let mut command = vmsync(words("status --color never", file.path()))?;
        let text = shown(&mut command, columns)?;
        let name = file.path().display().to_string();
        let mut lines = text.lines().filter(|&line| line != name);
        let bar = lines.next().unwrap_or_default();
        assert!(
            bar.starts_with("[....") && bar.ends_with("OO] 768/1024"),
            "{text}"
        );
        assert!(
            bar.contains("..OO") && bar.contains("OO##") && bar.contains("##OO"),
            "{text}"
        );
        // All there is, or as much as one can take in.
        let width = usize::from(columns);
        assert_eq!(bar.len(), width.min(128 + BESIDE) - 1, "{text}");
        for line in lines {
            assert!(line.len() <= width, "{text}");
        }
        assert!(!text.contains('\x1b'), "{text}");
    }
    Ok(())
}

pub fn colours() -> Verdict {
    let file = file()?;
    let status = |options: &str| vmsync(words(&format!("status {options}"), file.path()));
    let coloured = |text: &str| {
        text.contains("\x1b[32mOO") && text.contains("\x1b[31m##") && text.contains("\x1b[2m..")
    };
    let has_none = |text: &str| !text.contains('\x1b');
    let on_terminal = |command: &mut Command| shown(command, 80);

    let text = on_terminal(&mut status("")?)?;
    assert!(coloured(&text), "{text}");
    let text = on_terminal(status("")?.env("NO_COLOR", "1"))?;
    assert!(has_none(&text), "{text}");
    let text = on_terminal(status("--color always")?.env("NO_COLOR", "1"))?;
    assert!(coloured(&text), "{text}");
    let text = on_terminal(status("")?.env("TERM", "dumb"))?;
    assert!(has_none(&text), "{text}");
    let text = on_terminal(&mut status("--color never")?)?;
    assert!(has_none(&text), "{text}");
    // Not on a terminal, and a width that is said.
    let text = run(&mut status("")?)?.ends(0).out;
    assert!(has_none(&text), "{text}");
    let text = run(status("--color always")?.env("COLUMNS", "40"))?.out;
    assert!(coloured(&text), "{text}");
    let bar = text.lines().nth(1).unwrap_or_default();
    let letters = bar.chars().filter(|letter| ".O#".contains(*letter)).count();
    assert_eq!(letters, 40 - BESIDE, "{text}");
    // It is in colours only, and so are the letters of JSON.
    let text = run(&mut status("--json --color always")?)?.out;
    assert!(has_none(&text), "{text}");
    Ok(())
}

/// As long as a disk holds back what is written to it.
pub fn progress_on_a_terminal() -> Verdict {
    let gate = Gate::new(32, &[])?;
    let site = Site::new(gate.device())?;
    site.settle();
    let file = TestFile::new(8)?;
    let _opener = gate.opener();
    file.map()?.fill(1, [2]);
    gate.close(Held::Writes)?;
    let (mut screen, end) = terminal(80)?;
    let mut command = vmsync(words("evict", file.path()))?;
    let mut child = command.stdout(end.try_clone()?).stderr(end).spawn()?;
    drop(command);
    let mut shows = |what: &str| shows(&mut screen, what);
    shows("0 B of 32.00 KiB, ")?;
    gate.open()?;
    shows("evict: 1 file, 32 KiB: 1 page pushed, 8 freed, 0 left")?;
    assert!(child.wait()?.success());
    // Nobody sees it elsewhere.
    said(words("evict", file.path()))?.ends(0).quietly();
    Ok(())
}

/// Waits until a screen shows something.
fn shows(screen: &mut File, what: &str) -> Verdict {
    let mut bytes = Vec::new();
    let mut buffer = [0; PAGE];
    wait_until(what, || {
        let count = screen.read(&mut buffer)?;
        bytes.extend(&buffer[..count]);
        io::Result::Ok(String::from_utf8_lossy(&bytes).contains(what))
    })
}

/// Each time in the place of what was there.
pub fn watched_on_a_terminal() -> Verdict {
    let file = TestFile::new(4)?;
    let (mut screen, end) = terminal(80)?;
    let terminal = screen.try_clone()?;
    let mut command = vmsync(words("status --watch=0.05 --color never", file.path()))?;
    let mut child = command.stdout(end.try_clone()?).stderr(end).spawn()?;
    let mut shows = |what: &str| shows(&mut screen, what);
    shows("\x1b[H")?;
    shows("[OOOO] 4/4\x1b[K")?;
    file.map()?.fill(1, [1]);
    shows("[O#OO] 4/4\x1b[K")?;
    // As narrow as it is then, so that nothing scrolls.
    let narrow = size(10);
    // SAFETY: The structure is that of the call, and lives until it returns.
    let code = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const narrow) };
    assert_eq!(code, 0, "{}", io::Error::last_os_error());
    let name = file.path().display().to_string();
    shows(&format!("{}\x1b[K", &name[..10]))?;
    child.kill()?;
    child.wait()?;
    Ok(())
}
