// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Options: what one can type. The help, the manual page and the completions are made from this.

use crate::{
    span::Span,
    style::When, //
};
use clap::{
    Args,
    Parser,
    Subcommand,
    ValueEnum, //
};
use std::{
    ffi::OsString,
    path::PathBuf, //
};

/// How the command ends.
const EXIT_STATUS: &str = "\
Exit status:
  0  all was done
  1  not all was done; each file that failed is named on the standard error
  2  the command line is wrong
  3  the module is not there, or not for the caller to use: see vmsync check";

/// Push files and processes to their disks, free their cached pages, and see what is cached
///
/// It works on files by their descriptors, many in one call of vm_map_sync(4), and maps none of them. On
/// processes it works through their maps, as far as the caller may open /proc/PID/mem.
#[derive(Debug, Parser)]
#[command(name = "vmsync", version, after_long_help = EXIT_STATUS, max_term_width = 100)]
pub struct Options {
    /// Print JSON, an object on each line, the last of them the summary
    #[arg(long, global = true)]
    pub json: bool,

    /// Colours on the standard output
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: When,

    /// What to do
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what is cached, dirty, being written, and mapped by others
    ///
    /// Each file has a bar, with a mark for each part of it. Nothing is changed, and nothing is read in.
    /// Files that the caller neither owns nor may write to are not his to see.
    #[command(override_usage = "\
vmsync status [OPTIONS] FILE...
       vmsync status [OPTIONS] -p PID")]
    Status(Status),

    /// Write what is dirty, and make it durable
    ///
    /// What is dirty of all files of a call is written first, then each file is committed once, all of
    /// them side by side.
    #[command(override_usage = "\
vmsync sync [OPTIONS] FILE...
       vmsync sync [OPTIONS] -p PID")]
    Sync(Sync),

    /// Write what is dirty, then free the cached pages
    ///
    /// Pages that others have mapped are freed too, unless --spare-shared is given. It takes the right to
    /// write to a file, or to own it. Nothing is lost: what is pinned, locked, or of a file of which a
    /// write has failed, stays.
    #[command(override_usage = "\
vmsync evict [OPTIONS] FILE...
       vmsync evict [OPTIONS] -p PID")]
    Evict(Evict),

    /// Run a program whose msync() is this, with vm_map_sync_msync(7) preloaded
    ///
    /// MS_SYNC commits each file once, MS_ASYNC starts to write, and MS_INVALIDATE frees. A program for which
    /// that cannot work is not run: one that is linked statically, gains rights when it is run, or makes
    /// its system calls itself, as those in Go do. Of one that the caller may not read nothing of that can be
    /// told, and it is run. The exit status is that of the program then.
    #[command(override_usage = "\
vmsync run [OPTIONS] PROGRAM [ARGUMENT]...")]
    Run(Run),

    /// See whether all this will work, and if not, what to do
    Check,

    /// Print the manual page, or what a shell needs to complete the command line
    #[command(hide = true)]
    Generate {
        /// What to print
        what: Generated,
    },
}

/// What is meant.
#[derive(Args, Clone, Debug)]
pub struct Subjects {
    /// Files, or with -r directories
    #[arg(value_name = "FILE", required_unless_present = "process")]
    pub files: Vec<PathBuf>,

    /// A process, instead of files: all that it has mapped
    #[arg(
        short,
        long = "pid",
        value_name = "PID",
        conflicts_with_all = ["files", "recursive", "follow", "one_file_system", "hard_links"],
        value_parser = clap::value_parser!(i32).range(1..),
    )]
    pub process: Option<i32>,

    /// Go through directories, hidden files included
    #[arg(short, long)]
    pub recursive: bool,

    /// Follow symbolic links; otherwise they are passed over, also when they are named
    #[arg(short, long)]
    pub follow: bool,

    /// Do not go into other file systems
    #[arg(short = 'F', short_alias = 'x', long)]
    pub one_file_system: bool,

    /// Take each name of a file that has several, and not only the first
    #[arg(short = 'H', long)]
    pub hard_links: bool,

    /// Only these bytes of each file, or addresses of the process, such as 1M-2M, 64K- or -0x1000
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub range: Option<Span>,
}

/// How to show.
#[derive(Args, Debug)]
pub struct Status {
    /// What is meant.
    #[command(flatten)]
    pub subjects: Subjects,

    /// Show it again and again, every so many seconds, until interrupted
    #[arg(
        short,
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1",
        value_parser = seconds,
    )]
    pub watch: Option<f64>,
}

/// How to sync.
#[derive(Args, Debug)]
pub struct Sync {
    /// What is meant.
    #[command(flatten)]
    pub subjects: Subjects,

    /// Only start to write, and do not wait
    #[arg(long = "async")]
    pub start_only: bool,

    /// Show each file before and after
    #[arg(short, long)]
    pub verbose: bool,
}

/// How to evict.
#[derive(Args, Debug)]
pub struct Evict {
    /// What is meant.
    #[command(flatten)]
    pub subjects: Subjects,

    /// Leave what others have mapped; of a process, take out its own page table entries only
    #[arg(long)]
    pub spare_shared: bool,

    /// Free a file even though a write of it has failed, if that was reported once before, not by this run:
    /// what could not be written, and was not written anew, is lost
    #[arg(long)]
    pub forget_errors: bool,

    /// Show each file before and after
    #[arg(short, long)]
    pub verbose: bool,
}

/// What to run, and how.
#[derive(Args, Debug)]
pub struct Run {
    /// Have msync() as on FreeBSD: no length is the whole mapping, and a hole or locked memory is refused
    #[arg(long)]
    pub bsd: bool,

    /// Have it said on the standard error where the kernel's msync() is used, and why
    #[arg(short, long)]
    pub verbose: bool,

    /// The program, and its arguments
    #[arg(
        value_name = "PROGRAM",
        required = true,
        num_args = 1..,
        trailing_var_arg = true,
    )]
    pub command: Vec<OsString>,
}

/// What can be made from these options.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Generated {
    /// The manual page, vmsync.1
    Man,
    /// Completions for bash
    Bash,
    /// Completions for zsh
    Zsh,
    /// Completions for fish
    Fish,
}

/// Reads a number of seconds to wait between two looks.
fn seconds(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.05..=86400.0).contains(seconds))
        .ok_or_else(|| "write a number of seconds from 0.05 to 86400".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{
        error::ErrorKind,
        CommandFactory, //
    };

    fn parsed(line: &str) -> Result<Verb, clap::Error> {
        let words = ["vmsync"].into_iter().chain(line.split_whitespace());
        Options::try_parse_from(words).map(|options| options.verb)
    }

    #[track_caller]
    fn refused(line: &str) -> String {
        let error = parsed(line).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
        error.to_string()
    }

    #[test]
    fn they_make_sense() {
        Options::command().debug_assert();
    }

    #[test]
    fn files_or_a_process() {
        assert!(refused("evict").contains("FILE"));
        assert!(refused("evict -p 1 file").contains("cannot be used with"));
        assert!(refused("sync -r -p 1").contains("cannot be used with"));
        assert!(refused("status -p 0").contains("0 is not in"));
        assert!(refused("status -p x").contains("invalid value 'x'"));
        let verb = parsed("status -rfFH a b").expect("it is right");
        let Verb::Status(Status { subjects, .. }) = verb else {
            panic!("{verb:?}")
        };
        assert_eq!(subjects.files.len(), 2);
        assert!(subjects.recursive && subjects.follow);
        assert!(subjects.one_file_system && subjects.hard_links);
        assert!(parsed("sync -x a").is_ok());
    }

    #[test]
    fn ranges_and_seconds() {
        assert!(parsed("evict --range -1M a").is_ok());
        assert!(refused("evict --range 2-1 a").contains("an empty range"));
        let watch = |line| match parsed(line) {
            Ok(Verb::Status(Status { watch, subjects })) => {
                assert_eq!(subjects.files.len(), 1);
                watch
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(watch("status --watch file"), Some(1.0));
        assert_eq!(watch("status -w=0.5 file"), Some(0.5));
        assert_eq!(watch("status file"), None);
        for wrong in ["0", "-1", "NaN", "inf", "x"] {
            assert!(refused(&format!("status --watch={wrong} a")).contains("seconds"));
        }
    }

    #[test]
    fn what_follows_a_program_is_its_own() {
        let Ok(Verb::Run(run)) = parsed("run --bsd ls -l --bsd --verbose --help -- x") else {
            panic!("it is right")
        };
        assert!(run.bsd && !run.verbose);
        let words = ["ls", "-l", "--bsd", "--verbose", "--help", "--", "x"];
        assert_eq!(run.command, words);
        assert!(refused("run").contains("PROGRAM"));
        assert!(refused("run --linux ls").contains("--linux"));
    }

    #[test]
    fn help_is_no_error() {
        for verb in ["", "status", "sync", "evict", "run", "check"] {
            let error = parsed(&format!("{verb} --help")).expect_err("it is help");
            assert_eq!(error.kind(), ErrorKind::DisplayHelp);
            assert_eq!(error.exit_code(), 0);
        }
    }
}
