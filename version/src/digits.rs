//! Runs of decimal digits of any length, compared as numbers without ever becoming one.

use std::cmp::Ordering;

/// Compares two runs of ASCII digits by value; an empty run is zero.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// The run without its leading zeros; empty for zero.
pub(crate) fn significant(run: &[u8]) -> &[u8] {
    let zeros = run.iter().take_while(|byte| **byte == b'0').count();
    &run[zeros..]
}

/// Splits `text` after its leading run of bytes that satisfy `test`.
pub(crate) fn split_run(text: &[u8], test: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|byte| test(**byte)).count();
    text.split_at(length)
}

/// Splits `text` after its leading run of digits.
pub(crate) fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    split_run(text, |byte| byte.is_ascii_digit())
}

/// Both texts without what they begin with in common, but for the end of it: from the last place on behind which
/// `goes_on` stops to hold. Texts that are compared piece by piece compare the same from there, and most versions that
/// meet differ late.
pub(crate) fn skip_common<'a>(
    a: &'a [u8],
    b: &'a [u8],
    mut goes_on: impl FnMut(u8) -> bool,
) -> (&'a [u8], &'a [u8]) {
    let common = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let kept = a[..common].iter().rev().take_while(|byte| goes_on(**byte)).count();
    (&a[common - kept..], &b[common - kept..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_compared_by_value_at_any_length() {
        assert_eq!(compare(b"007", b"7"), Ordering::Equal);
        assert_eq!(compare(b"", b"000"), Ordering::Equal);
        assert_eq!(compare(b"10", b"9"), Ordering::Greater);
        assert_eq!(compare(b"99999999999999999999999", b"100000000000000000000000"), Ordering::Less);
    }

    #[test]
    fn texts_lose_what_is_common_up_to_the_piece_in_which_they_differ() {
        let digit = |byte: u8| byte.is_ascii_digit();
        assert_eq!(skip_common(b"1.20.3", b"1.21", digit), (&b"20.3"[..], &b"21"[..]));
        assert_eq!(skip_common(b"1.2", b"1.2", digit), (&b"2"[..], &b"2"[..]));
        assert_eq!(skip_common(b"1.2", b"1.2.1", digit), (&b"2"[..], &b"2.1"[..]));
        assert_eq!(skip_common(b"", b"1", digit), (&b""[..], &b"1"[..]));
    }
}
