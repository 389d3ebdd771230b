// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! The manual page, and what shells need, made from the options.

use crate::options::{
    Generated,
    Options, //
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
const MORE: &str = r#".SH FILES
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
.SH SEE ALSO
.BR fdatasync (2),
.BR posix_fadvise (2),
.BR vm_map_sync (4),
.BR vm_map_sync_errors (4),
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
}
