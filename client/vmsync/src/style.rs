// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Style: with colours or without, and how wide.

use clap::ValueEnum;
use rustix::termios::{
    isatty,
    tcgetwinsize, //
};
use std::{
    env,
    ffi::OsStr,
    io, //
};

/// When there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How something is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether it is in colours.
    pub colours: bool,
    /// How many columns there are.
    pub width: usize,
    /// How many rows there are, on a terminal.
    pub height: Option<usize>,
}

/// What a width is that nobody has said.
const WIDTH: usize = 80;

impl Style {
    /// How things are drawn on the standard output.
    pub fn of_stdout(when: When) -> Self {
        let no_color = env::var_os("NO_COLOR");
        let term = env::var_os("TERM");
        let terminal = isatty(io::stdout());
        Self {
            colours: colours(when, terminal, no_color.as_deref(), term.as_deref()),
            ..Self::PLAIN
        }
        .measured()
    }

    /// The same for as large as the standard output is now.
    #[must_use]
    pub fn measured(self) -> Self {
        let out = io::stdout();
        let terminal = isatty(&out);
        let size = tcgetwinsize(&out).ok().filter(|size| size.ws_col != 0);
        let columns = env::var("COLUMNS").ok();
        Self {
            width: size
                .map(|size| size.ws_col.into())
                .or_else(|| columns?.parse().ok().filter(|&columns| columns != 0))
                .unwrap_or(WIDTH),
            height: size
                .filter(|size| terminal && size.ws_row != 0)
                .map(|size| size.ws_row.into()),
            ..self
        }
    }

    /// No colours, and the usual width.
    pub const PLAIN: Self = Self {
        colours: false,
        width: WIDTH,
        height: None,
    };
}

/// Whether there are colours, by <https://no-color.org> where nothing is said.
fn colours(when: When, terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            terminal
                && no_color.is_none_or(OsStr::is_empty)
                && term.is_some_and(|term| term != "dumb")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_on_a_terminal_only() {
        let (xterm, dumb) = (Some(OsStr::new("xterm")), Some(OsStr::new("dumb")));
        let (empty, set) = (Some(OsStr::new("")), Some(OsStr::new("1")));
        assert!(colours(When::Auto, true, None, xterm));
        assert!(colours(When::Auto, true, empty, xterm));
        assert!(!colours(When::Auto, true, set, xterm));
        assert!(!colours(When::Auto, true, None, dumb));
        assert!(!colours(When::Auto, true, None, None));
        assert!(!colours(When::Auto, false, None, xterm));
        assert!(colours(When::Always, false, set, dumb));
        assert!(!colours(When::Never, true, None, xterm));
    }
}
