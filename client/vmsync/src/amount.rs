// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause

//! Amounts: numbers of bytes as people read and write them.

use std::fmt;

/// The units, each 1024 of the one before.
const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// A number of bytes, which is shown in the largest unit of which there is at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut power = (self.0.max(1).ilog2() / 10) as usize;
        if power == 0 {
            return write!(f, "{} {}", self.0, UNITS[0]);
        }
        // In tenths, rounded.
        let tenths = |power: usize| {
            let unit = 1_u128 << (10 * power);
            (u128::from(self.0) * 10 + unit / 2) / unit
        };
        if tenths(power) >= 10240 {
            power += 1;
        }
        match tenths(power) {
            tenths if tenths % 10 == 0 || tenths >= 1000 => {
                write!(f, "{} {}", tenths / 10, UNITS[power])
            }
            tenths => write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[power]),
        }
    }
}

/// Reads a number of bytes: `4096`, `0x1000`, `10M`, `1.5GiB`.
///
/// # Errors
///
/// A sentence, if it is none.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!("\"{text}\" is no number of bytes; write it like 4096, 0x1000, 64K, 10M or 1.5GiB")
    };
    let large = || format!("\"{text}\" is more bytes than there can be (16 EiB)");
    if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        return u64::from_str_radix(digits, 16).map_err(|_| large());
    }
    let end = text
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let power = power(unit.trim_start()).ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.ends_with('.')) {
        return Err(wrong());
    }
    // More digits than these say nothing about bytes.
    let fraction = &fraction[..fraction.len().min(18)];
    let unit = 1_u128 << (10 * power);
    let whole: u128 = whole.parse().map_err(|_| large())?;
    let parts: u128 = format!("0{fraction}").parse().map_err(|_| wrong())?;
    let scale = 10_u128.pow(fraction.len() as u32);
    whole
        .checked_mul(unit)
        .and_then(|bytes| bytes.checked_add(parts * unit / scale))
        .and_then(|bytes| u64::try_from(bytes).ok())
        .ok_or_else(large)
}

/// Which power of 1024 a unit is.
fn power(unit: &str) -> Option<usize> {
    let unit = unit.to_ascii_lowercase();
    UNITS.iter().position(|name| {
        let name = name.to_ascii_lowercase();
        let short = name.strip_suffix("ib").unwrap_or("");
        unit == name || unit == short || (!short.is_empty() && unit == format!("{short}b"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_can_read_them() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1, "1 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (4096, "4 KiB"),
            (150 << 10, "150 KiB"),
            (1_048_575, "1 MiB"),
            (64 << 20, "64 MiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), shown);
        }
    }

    #[test]
    fn people_can_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("0x1000", 4096),
            ("0Xff", 255),
            ("64k", 64 << 10),
            ("10M", 10 << 20),
            ("10MB", 10 << 20),
            ("10 MiB", 10 << 20),
            ("1.5G", 3 << 29),
            ("7b", 7),
            ("15EiB", 15 << 60),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_a_sentence() {
        for text in [
            "", "x", "-1", "0x", "0xg", "1.", ".5", "1.2.3", "5Q", "1K2", "K", "0x-1", "+1",
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("write it like"), "{error}");
        }
        for text in ["16EiB", "18446744073709551616", "0x10000000000000000"] {
            let error = parse(text).expect_err(text);
            assert!(error.contains("more bytes than there can be"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_shown_means_about_the_same(bytes: u64) {
            let shown = Bytes(bytes).to_string();
            prop_assert!(shown.len() <= "1023.9 KiB".len());
            // What rounds up to 16 EiB is too much.
            if let Ok(read) = parse(&shown) {
                prop_assert!(read.abs_diff(bytes) <= bytes / 18);
            } else {
                prop_assert!(shown == "16 EiB");
            }
        }

        #[test]
        fn numbers_are_themselves(bytes: u64) {
            prop_assert_eq!(parse(&bytes.to_string()), Ok(bytes));
            prop_assert_eq!(parse(&format!("{bytes:#x}")), Ok(bytes));
        }
    }
}
