//! Runs of decimal digits of any length, compared as numbers without ever becoming one.

use std::cmp::Ordering;

/// Compares two runs of ASCII digits by value; an empty run is zero.
pub(crate) fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    if a.len() != b.len() {
        return a.len().cmp(&b.len());
    }
    // Runs are short: a loop is done before a call to the library's comparison has begun.
    for (a, b) in a.iter().zip(b) {
        if a != b {
            return a.cmp(b);
        }
    }
    Ordering::Equal
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

/// The order of two texts that first differ inside a number, for schemes that compare texts piece by piece and numbers
/// by value: most versions that meet differ there, and this looks at each byte once. `None` where more must be known.
pub(crate) fn compare_where_they_differ(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let at = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (first, second) = (*a.get(at)?, *b.get(at)?);
    if !first.is_ascii_digit() || !second.is_ascii_digit() {
        return None;
    }
    // A zero here may be a leading one, which does not count.
    let goes_on = at > 0 && matches!(a[at - 1], b'1'..=b'9');
    if !goes_on && (first == b'0' || second == b'0') {
        return None;
    }
    let length = |text: &[u8]| text[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    Some(length(a).cmp(&length(b)).then(first.cmp(&second)))
}

/// The runs of digits of a text that has nothing but marks between them.
pub(crate) struct Runs<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.0.iter().position(u8::is_ascii_digit)?;
        let (run, rest) = split_digits(&self.0[start..]);
        self.0 = rest;
        Some(run)
    }
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
    fn texts_that_differ_inside_a_number_are_compared_there_or_not_at_all() {
        assert_eq!(compare_where_they_differ(b"1.9.3", b"1.10"), Some(Ordering::Less));
        assert_eq!(compare_where_they_differ(b"1.20", b"1.21a"), Some(Ordering::Less));
        assert_eq!(compare_where_they_differ(b"1.20", b"1.2000"), None);
        assert_eq!(compare_where_they_differ(b"1.201", b"1.2100"), Some(Ordering::Less));
        assert_eq!(compare_where_they_differ(b"a0012", b"a005"), Some(Ordering::Greater));
        assert_eq!(compare_where_they_differ(b"1.001", b"1.01"), None);
        assert_eq!(compare_where_they_differ(b"1.0", b"1.1"), None);
        assert_eq!(compare_where_they_differ(b"1.2", b"1.a"), None);
        assert_eq!(compare_where_they_differ(b"1.2", b"1.2"), None);
    }
}
