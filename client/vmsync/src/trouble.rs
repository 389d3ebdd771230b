// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Trouble: what ends the command before its work is done, and how it ends.

use std::{
    fmt,
    io,
    process::ExitCode, //
};
use vm_map_sync::{
    Map,
    OpenError, //
};

/// How the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All was done.
    Done = 0,
    /// Not all was done.
    Partly = 1,
    /// The module is not there, or not for the caller.
    Absent = 3,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(end as u8)
    }
}

/// Why the command cannot go on.
#[derive(Debug)]
pub enum Trouble {
    /// The device cannot be opened.
    Device(OpenError),
    /// What is said cannot be written.
    Output(io::Error),
    /// Anything else, in a sentence.
    Other(String),
}

impl Trouble {
    /// How the command ends with it.
    pub fn end(&self) -> End {
        match self {
            Self::Device(_) => End::Absent,
            Self::Output(_) | Self::Other(_) => End::Partly,
        }
    }

    /// Whether there is nobody any more to be told, as behind `| head`.
    pub fn is_hung_up(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(error) => {
                write!(f, "{}; \"vmsync check\" says more", plain(error))
            }
            Self::Output(error) => write!(
                f,
                "the standard output cannot be written to: {}; give it a place with room",
                plain(error)
            ),
            Self::Other(sentence) => f.write_str(sentence),
        }
    }
}

/// An error in words, without its number.
pub fn plain(error: impl fmt::Display) -> String {
    let mut text = error.to_string();
    while let Some(start) = text.find(" (os error ") {
        let end = text[start..]
            .find(')')
            .map_or(text.len(), |end| start + end + 1);
        text.replace_range(start..end, "");
    }
    text
}

/// A handle on the map of this process.
pub fn open_device() -> Result<Map, Trouble> {
    Map::current().map_err(Trouble::Device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_no_numbers() {
        let error = io::Error::from_raw_os_error(5);
        assert_eq!(plain(&error), "Input/output error");
        let more = format!("a: {error}; b: {error}");
        assert_eq!(plain(more), "a: Input/output error; b: Input/output error");
        assert_eq!(plain("(os error"), "(os error");
    }
}
