// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! What of the command `vmsync` is pure, or drawn by others too: the options, the picture of what is
//! cached, and how amounts, ranges and names are read and written.

#![forbid(unsafe_code)]

pub mod amount;
pub mod counts;
pub mod image;
pub mod manual;
pub mod maps;
pub mod options;
pub mod picture;
pub mod shown;
pub mod span;
pub mod style;
