//! Several fixed versions of one package in one release.
//!
//! The minor releases of a Red Hat release have builds of their own: of curl, `7.76.1-23.el9_2.4` and
//! `7.76.1-26.el9_3.2` both fix one flaw, yet `7.76.1-26.el9_3.1` lies above the first and has it. So the affected
//! versions are those below the first fix, and from the next minor release after it those below the next fix.
//! Where the versions do not name their minor release, everything from the lowest fix on is fixed: the
//! publisher says so of that version, and later ones hold what it holds.

use std::cmp::Ordering;

use model::{AffectedRange, Bound};
use version::{Parsed, Scheme};

/// The affected versions; `fixes` is not empty.
pub(crate) fn ranges(fixes: Vec<&str>) -> Vec<AffectedRange> {
    // callers hand in versions that can be read; one that cannot would be no bound
    let read = |fix| Some((fix, Parsed::parse(Scheme::Rpm, fix).ok()?));
    let sorted = version::sort(fixes.into_iter().filter_map(read).collect());
    let fixes: Vec<&str> = sorted.into_iter().map(|(fix, _)| fix).collect();
    let Some((first, later)) = fixes.split_first() else { return Vec::new() };
    let mut ranges = vec![AffectedRange { introduced: None, end: Bound::Fixed((*first).to_owned()) }];
    let mut before = *first;
    for fix in later {
        let Some(introduced) = next_minor(before, fix) else { continue };
        if version::compare(Scheme::Rpm, &introduced, fix).is_ok_and(Ordering::is_lt) {
            ranges.push(AffectedRange { introduced: Some(introduced), end: Bound::Fixed((*fix).to_owned()) });
            before = fix;
        }
    }
    ranges
}

/// The version that ends the last range.
pub(crate) fn last(ranges: &[AffectedRange]) -> Option<String> {
    match &ranges.last()?.end {
        Bound::Fixed(version) => Some(version.clone()),
        _ => None,
    }
}

/// The lowest version of the minor release after that of `before`, if `fix` is not of the same one.
fn next_minor(before: &str, fix: &str) -> Option<String> {
    let (at, minor) = minor(before)?;
    if self::minor(fix).is_some_and(|(_, later)| later <= minor) {
        return None;
    }
    Some(format!("{}{}", &before[..at], minor + 1))
}

/// The number of the minor release in a release such as `23.el9_2.4` or `12.module+el8.10.0+23147+20b7d289`, and
/// where it stands.
fn minor(version: &str) -> Option<(usize, u32)> {
    let (mark, divider) = match version.rfind("module+el") {
        Some(at) => (at + "module+el".len(), '.'),
        None => (version.rfind(".el")? + ".el".len(), '_'),
    };
    let major = version[mark..].bytes().take_while(u8::is_ascii_digit).count();
    let rest = version[mark + major..].strip_prefix(divider)?;
    let at = mark + major + 1;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    Some((at, rest[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fixes: &[&str]) -> String {
        let show = |range: AffectedRange| match range.end {
            Bound::Fixed(end) => format!("[{}..{end})", range.introduced.unwrap_or_default()),
            _ => "?".to_owned(),
        };
        ranges(fixes.to_vec()).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn minor_releases_have_fixes_of_their_own() {
        assert_eq!(
            shown(&["7.76.1-26.el9_3.2", "7.76.1-23.el9_2.4"]),
            "[..7.76.1-23.el9_2.4) [7.76.1-23.el9_3..7.76.1-26.el9_3.2)"
        );
        assert_eq!(
            shown(&["3.9.18-3.el9_4.5", "3.9.19-8.el9"]),
            "[..3.9.18-3.el9_4.5) [3.9.18-3.el9_5..3.9.19-8.el9)"
        );
        assert_eq!(
            shown(&["1:0.78-12.module+el8.9.0+1+a", "1:0.78-12.module+el8.10.0+2+b"]),
            "[..1:0.78-12.module+el8.9.0+1+a) [1:0.78-12.module+el8.10..1:0.78-12.module+el8.10.0+2+b)"
        );
    }

    #[test]
    fn several_fixes_of_one_minor_release_begin_with_the_lowest() {
        assert_eq!(shown(&["1-2.el9_4.2", "1-2.el9_4.1"]), "[..1-2.el9_4.1)");
        assert_eq!(shown(&["1-10.el7", "1-9.el7"]), "[..1-9.el7)");
        assert_eq!(shown(&["3.0.7-27.el9", "3.2.2-6.el9_5.1"]), "[..3.0.7-27.el9)");
        assert_eq!(shown(&["150400.3.1", "150400.3.2"]), "[..150400.3.1)");
        assert_eq!(
            shown(&["1-1.el8_2", "1-2.el8_4", "1-3.el8_4.1", "1-3.el8_6"]),
            "[..1-1.el8_2) [1-1.el8_3..1-2.el8_4) [1-2.el8_5..1-3.el8_6)"
        );
    }

    #[test]
    fn bounds_stand_between_the_minor_releases() {
        let below = |a: &str, b: &str| version::compare(Scheme::Rpm, a, b) == Ok(Ordering::Less);
        assert!(below("7.76.1-23.el9_2.9", "7.76.1-23.el9_3"));
        assert!(below("7.76.1-23.el9_3", "7.76.1-26.el9"));
        assert!(below("1-12.module+el8.9.0+9+f", "1-12.module+el8.10"));
        assert!(below("1-12.module+el8.10", "1-12.module+el8.10.0+2+b"));
    }
}
