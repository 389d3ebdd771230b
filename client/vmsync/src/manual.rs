// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The manual page, and what shells need, made from the options.

use crate::{
    options::{
        Generated,
        Options, //
    },
    picture::Mark,
};
use clap::{
    Command,
    CommandFactory, //
};
use clap_complete::{
    aot::Shell,
    generate, //
};
use clap_mangen::Man;
use std::io::{
    self,
    Write, //
};

/// What clap does not know of.
const MORE: &str = r#".SH JSON
With
.B \-\-json
each line is an object, which says in
.I kind
what it is. All is counted in pages, but for
.IR bytes ,
and the summary has the
.I page_size
in bytes; a
.I path
that is not UTF\-8 has replacement characters in it.
.TP
.B cached
What is cached of a file, or of a mapping of a process from
.I start
to
.IR end .
With
.B \-v
it says
.I when
that was, before or after. It has
.IR pages ,
.IR resident ,
.IR dirty ,
.IR writeback ,
.IR others ,
.IR wired ,
.I hidden
and
.IR unpaged ,
as in vm_map_sync_vector(4), and the letters of the
.IR bar .
.TP
.B problem
A file of which not all was done, with the
.I reason
in a word and a
.I message
in a sentence.
.TP
.B summary
The last one:
.I files
of which all was done,
.I failed
ones,
.IR directories ,
.IR bytes ,
what was
.IR pushed ,
.I freed
and
.I left
(or the counts of what is cached),
.IR why ,
what was
.IR passed_over ,
and the signal by which it was
.IR interrupted ,
if it was.
.TP
.B check
What
.B vmsync check
has found, with what is
.I missing
and what will
.I mend
it.
.SH FILES
.TP
\fI/dev/vm_map_sync\fR
The device of the module.
.SH EXAMPLES
What of a directory is cached, and what is dirty:
.RS
.nf
vmsync status \-r /srv/db
.fi
.RE
.PP
Make all durable that a process has mapped, before a snapshot:
.RS
.nf
vmsync sync \-p "$(pidof slapd)"
.fi
.RE
.PP
A cold cache for a benchmark, and how many pages could not be freed:
.RS
.nf
vmsync evict \-r \-\-json data | tail \-n 1 | jq .left
.fi
.RE
.PP
A program whose msync() makes a mapping durable with one commit, however it is divided:
.RS
.nf
vmsync run python3 store.py
.fi
.RE
.SH DIFFERENCES
It is not the same as
.BR vm_map_sync (9)
of BSD kernels and
.BR msync (2)
of Linux:
.IP \(bu 2
Files need not be mapped, by whomever: those that are named are taken by their descriptors.
.IP \(bu 2
Of a process holes and special mappings, such as device memory, are passed over.
BSD refuses them, and
.BR msync (2)
fails with
.I ENOMEM
for a hole.
.IP \(bu 2
.B vmsync sync
commits each file once.
The others do so for each mapping of it.
.IP \(bu 2
.B vmsync sync \-\-async
starts to write, as BSD does.
.I MS_ASYNC
does nothing.
.IP \(bu 2
.B vmsync evict
writes and frees, clean pages too and those that others have mapped, and counts what stays.
BSD says nothing of what stays, and
.I MS_INVALIDATE
frees nothing.
What was written is durable only after
.BR "vmsync sync" .
.IP \(bu 2
A file of which a write has failed is not freed before
.B \-\-forget\-errors
gives it up.
In BSD such pages are dirty still and can be written again.
.PP
How the
.BR msync ()
of a program that
.B vmsync run
runs is different is said in
.BR vm_map_sync_msync (7).
.SH SEE ALSO
.BR fdatasync (2),
.BR msync (2),
.BR posix_fadvise (2),
.BR vm_map_sync (3),
.BR vm_map_sync (4),
.BR vm_map_sync_errors (4),
.BR vm_map_sync_msync (7),
.BR vmtouch (8)
"#;

/// Writes it.
///
/// # Errors
///
/// If it cannot be written.
pub fn write(what: Generated, out: &mut dyn Write) -> io::Result<()> {
    let mut command = Options::command();
    let shell = match what {
        Generated::Man => return page(out),
        Generated::Bash => Shell::Bash,
        Generated::Zsh => Shell::Zsh,
        Generated::Fish => Shell::Fish,
    };
    let mut text = Vec::new();
    generate(shell, &mut command, "vmsync", &mut text);
    out.write_all(&text)
}

/// The page: that of the command, with a section for each verb.
fn page(out: &mut dyn Write) -> io::Result<()> {
    let mut command = Options::command().disable_help_subcommand(true);
    command.build();
    let verbs: Vec<Command> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .cloned()
        .collect();
    let end = command.get_after_long_help().map(ToString::to_string);
    let man = Man::new(command.clone())
        .title("VMSYNC")
        .section("1")
        .date("November 26, 2026")
        .source("vm_map_sync")
        .manual("User Commands");
    man.render_title(out)?;
    man.render_name_section(out)?;
    writeln!(out, ".SH SYNOPSIS\n.nf")?;
    for verb in &verbs {
        usage(verb, out)?;
    }
    writeln!(out, ".fi")?;
    out.write_all(&tidy(&man, Man::render_description_section)?)?;
    out.write_all(&tidy(&man, Man::render_options_section)?)?;
    for verb in verbs {
        writeln!(out, ".SH {}\n.nf", verb.get_name().to_uppercase())?;
        usage(&verb, out)?;
        writeln!(out, ".fi\n.PP")?;
        // What all verbs have stands above.
        let man = Man::new(verb.mut_args(|option| {
            let hide = option.is_global_set() || option.get_id() == "help";
            option.hide(hide)
        }));
        for section in [Man::render_description_section, Man::render_options_section] {
            let text = tidy(&man, section)?;
            let heading = text
                .iter()
                .position(|&byte| byte == b'\n')
                .map_or(0, |end| end + 1);
            out.write_all(&text[heading..])?;
        }
    }
    writeln!(out, ".SH EXIT STATUS")?;
    for line in end.iter().flat_map(|text| text.lines().skip(1)) {
        if let Some((code, meaning)) = line.trim().split_once(' ') {
            writeln!(out, ".TP\n.B {code}\n{}", meaning.trim())?;
        }
    }
    writeln!(
        out,
        ".SH MARKS\nThe first of these that holds for a part of a bar is shown there."
    )?;
    for mark in Mark::ALL {
        // What stands before the letter keeps it from being a request.
        writeln!(out, ".TP\n.B \\&{}\n{}", mark.letter(), mark.meaning())?;
    }
    out.write_all(MORE.as_bytes())
}

/// How a verb is called.
fn usage(verb: &Command, out: &mut dyn Write) -> io::Result<()> {
    let usage = verb.clone().render_usage().to_string();
    for line in usage.trim_start_matches("Usage: ").lines() {
        writeln!(out, "{}", line.trim().replace('-', "\\-"))?;
    }
    Ok(())
}

/// A section, without line breaks where there is a new paragraph anyhow.
fn tidy(man: &Man, section: fn(&Man, &mut dyn Write) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    section(man, &mut text)?;
    let text = String::from_utf8_lossy(&text).replace(".br\n\n.br\n", ".sp\n");
    Ok(text
        .replace(".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n", "")
        .into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(what: Generated) -> String {
        let mut text = Vec::new();
        write(what, &mut text).expect("memory can be written to");
        String::from_utf8(text).expect("it is text")
    }

    #[test]
    fn all_have_every_verb_and_option() {
        for what in [
            Generated::Man,
            Generated::Bash,
            Generated::Zsh,
            Generated::Fish,
        ] {
            let text = written(what).replace('\\', "");
            for verb in Options::command()
                .get_subcommands()
                .filter(|verb| !verb.is_hide_set())
            {
                assert!(text.to_lowercase().contains(verb.get_name()), "{what:?}");
                for option in verb.get_arguments().filter_map(|option| option.get_long()) {
                    assert!(text.contains(option), "{what:?}: {option}");
                }
            }
        }
    }

    #[test]
    fn the_page_says_how_it_ends() {
        let page = written(Generated::Man);
        assert!(page.contains("the module is not there"), "{page}");
        assert!(!page.contains("generate"), "{page}");
    }

    #[test]
    fn the_page_says_what_is_different() {
        let page = written(Generated::Man);
        let (_, from) = page.split_once(".SH DIFFERENCES").expect("it is there");
        let (section, _) = from.split_once(".SH ").expect("more comes after it");
        for other in ["vm_map_sync (9)", "msync (2)"] {
            assert!(section.contains(other), "{other}: {section}");
        }
    }
}
