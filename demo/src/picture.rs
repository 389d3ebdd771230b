// SPDX-License-Identifier: GPL-2.0

//! The picture: a bar that shows which parts of a file are cached, and which of them dirty.

use std::io;
use vm_map_sync_tests::{
    file::TestFile,
    residency::Cached,
    PAGE, //
};

/// How many marks a bar has. With the numbers behind it, it fits into 80 columns.
const MARKS: usize = 64;

/// What the marks of a file of `pages` pages mean.
pub fn legend(pages: usize) -> String {
    let each = (pages / MARKS * PAGE) >> 10;
    format!("# dirty   O cached, clean   o cached in part   . not cached   ({each} KiB each)")
}

/// The bar of a file.
pub fn bar(file: &TestFile) -> io::Result<String> {
    let each = file.pages() / MARKS;
    let marks: String = (0..MARKS)
        .map(|mark| {
            let cached = Cached::of(file.file(), mark * each..(mark + 1) * each)?;
            Ok(match cached {
                Cached { resident: 0, .. } => '.',
                Cached { dirty: 1.., .. } | Cached { writeback: 1.., .. } => '#',
                Cached { resident, .. } if resident < each as u64 => 'o',
                _ => 'O',
            })
        })
        .collect::<io::Result<_>>()?;
    Ok(format!("[{marks}]"))
}
