//! Amounts of bytes, as people write them.

/// Reads `1048576`, `512KiB`, `128MiB`, `1GiB` (powers of 1024) or `500kB`, `10MB`, `2GB` (powers of 1000).
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no amount of bytes: write it as 134217728, 128MiB or 1GiB");
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.trim().parse().map_err(|_| wrong())?;
    number.checked_mul(unit).ok_or_else(wrong)
}

/// Reads a share of processors, such as `0.5`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share =
        text.parse::<f64>().ok().filter(|share| share.is_finite() && (0.01..=1_024.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is no share of processors: write 0.5 for half of one, 2 for two"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_their_units() {
        let cases = [
            ("0", 0),
            ("512", 512),
            ("128MiB", 128 << 20),
            ("1g", 1 << 30),
            ("10 MB", 10_000_000),
            ("2kB", 2_000),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5GiB", "1PiB", "99999999999TiB", "ä"] {
            assert!(bytes(text).unwrap_err().contains("128MiB"), "{text}");
        }
    }

    #[test]
    fn a_share_is_more_than_nothing() {
        assert_eq!(share("0.5"), Ok(0.5));
        assert_eq!(share("4"), Ok(4.0));
        for text in ["0", "-1", "NaN", "inf", "half"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
