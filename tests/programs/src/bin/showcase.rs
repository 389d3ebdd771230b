// SPDX-License-Identifier: GPL-2.0

//! The examples of the crate, run as a user would run them.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{
        Path,
        PathBuf, //
    },
    process::{
        self,
        Command,
        ExitCode, //
    },
};
use vm_map_sync_tests::{
    file::TestFile,
    harness::{
        self,
        Failure,
        Verdict, //
    },
    mapping::{
        Mapping,
        Share, //
    },
    place,
    process::{
        Child,
        Line, //
    },
    tests, //
};

const PAGES: usize = 8;

fn main() -> ExitCode {
    harness::run(tests![
        durable,
        evict,
        vector,
        stat,
        attach,
        submit,
        what_they_say_of_errors
    ])
}

/// Runs an example. Returns its exit code, and what it wrote to its outputs.
fn run<S: AsRef<OsStr>>(
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<(i32, String, String), Failure> {
    // They are beside the folder of this program.
    let program = env::current_exe()?;
    let top = program.ancestors().nth(2).unwrap_or(Path::new("/"));
    let output = Command::new(top.join("examples").join(name))
        .args(arguments)
        .output()?;
    Ok((
        output.status.code().unwrap_or(-1),
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    ))
}

/// Asserts that an example succeeds, and says this.
#[track_caller]
fn says<S: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = S>, want: &str) {
    let ran = run(name, arguments).expect("it can be run");
    assert_eq!(ran, (0, want.to_owned(), String::new()));
}

/// A file with some pages dirty.
fn dirty(pages: &[usize]) -> Result<TestFile, Failure> {
    let file = TestFile::new(PAGES)?;
    file.map()?.fill(1, pages.iter().copied());
    Ok(file)
}

/// A file that is removed with this.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn durable() -> Verdict {
    let file = Removed(place::directory()?.join(format!("counter-{}", process::id())));
    for number in 1..=3_u64 {
        let want = format!("{number} is durable: pages written: 1\n");
        says("durable", [&file.0], &want);
        assert_eq!(fs::read(&file.0)?, number.to_le_bytes());
    }
    Ok(())
}

fn evict() -> Verdict {
    let (one, two) = (dirty(&[1, 5])?, dirty(&[])?);
    let want = format!(
        "{}: 2 pages written, 8 freed, 0 left\n{}: 0 pages written, 8 freed, 0 left\n",
        one.path().display(),
        two.path().display()
    );
    says("evict", [one.path(), two.path()], &want);
    assert_eq!(
        (one.picture(0..PAGES)?, two.picture(0..PAGES)?),
        ("........".into(), "........".into())
    );
    one.assert_on_disk(1, [1, 5]);
    Ok(())
}

fn submit() -> Verdict {
    let file = dirty(&[1, 5])?;
    let sum: u64 = fs::read(file.path())?.into_iter().map(u64::from).sum();
    let name = file.path().display();
    let want = format!("{name}: the sum of all bytes is {sum}\n{name}: durable, 2 pages written\n");
    says("submit", [file.path()], &want);
    file.assert_on_disk(1, [1, 5]);
    Ok(())
}

fn vector() -> Verdict {
    let (one, two) = (dirty(&[1, 5])?, dirty(&[0])?);
    let want = format!(
        "{}: 2 pages written\n{}: 1 pages written\n3 pages written in all\n",
        one.path().display(),
        two.path().display()
    );
    says("vector", [one.path(), two.path()], &want);
    one.assert_on_disk(1, [1, 5]);
    two.assert_on_disk(1, [0]);
    Ok(())
}

fn stat() -> Verdict {
    let file = dirty(&[1, 5])?;
    let mapping = Mapping::reserve(3)?;
    mapping.map(0..3, file.file(), 2, Share::SharedRead)?;
    mapping.touch(0..3);
    mapping.lock(1..2)?;
    let want = format!(
        "{}: 8 of 8 pages cached, 2 dirty, 3 mapped by others, 1 locked\n",
        file.path().display()
    );
    says("stat", [file.path()], &want);
    assert_eq!(file.picture(0..PAGES)?, "CDCCCDCC");
    Ok(())
}

fn attach() -> Verdict {
    let file = TestFile::new(PAGES)?;
    let (line, theirs) = Line::pair()?;
    let child = Child::spawn(|| {
        let mapping = Mapping::reserve(PAGES)?;
        mapping.map(0..PAGES, file.file(), 0, Share::Shared)?;
        mapping.fill(1, [2, 3]);
        theirs.send(0)?;
        theirs.receive()?;
        Ok(())
    })?;
    line.receive()?;
    let process = child.pid().to_string();
    let want = format!("process {process}: 2 pages written\n");
    says("attach", [&process], &want);
    file.assert_on_disk(1, [2, 3]);
    line.send(0)?;
    child.join()
}

/// In a sentence, and in their exit codes.
fn what_they_say_of_errors() -> Verdict {
    let file = dirty(&[1])?;
    let missing = file.path().with_extension("missing");
    let (code, out, err) = run("evict", [&missing, file.path()])?;
    assert_eq!(code, 1);
    assert!(out.contains("1 pages written, 8 freed"), "{out}");
    let start = format!("{}: No such file", missing.display());
    assert!(err.starts_with(&start), "{err}");

    let directory = place::directory()?;
    let (code, out, err) = run("stat", [&directory])?;
    assert_eq!((code, out.as_str()), (1, ""));
    let named = format!("in {directory:?}: the descriptor is not open, or none of a file");
    assert!(err.contains(&named), "{err}");

    let (code, _, err) = run("vector", [file.path(), &directory])?;
    assert_eq!(code, 1);
    assert!(err.contains(&format!("range 1, {named}")), "{err}");

    let (code, _, err) = run("attach", ["no number"])?;
    assert_eq!((code, err.as_str()), (2, "usage: attach PID\n"));
    let (code, _, err) = run("attach", ["4000000"])?;
    assert_eq!(code, 1);
    assert!(err.contains("none with that number"), "{err}");
    assert_eq!(run("durable", [] as [&str; 0])?.0, 2);
    Ok(())
}
