//! The package managers of distributions.

use std::cmp::Ordering;

use super::{digits, is_number, split_digits};

/// Debian policy, 5.6.12: epoch, then upstream version and revision, each by runs of other characters and of digits.
pub(super) fn dpkg(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (dpkg_parts(a)?, dpkg_parts(b)?);
    Some(digits(a.0, b.0).then_with(|| dpkg_text(a.1, b.1)).then_with(|| dpkg_text(a.2, b.2)))
}

fn dpkg_parts(version: &str) -> Option<(&str, &str, &str)> {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte);
    let fine = is_number(epoch) && upstream.starts_with(|c: char| c.is_ascii_digit());
    (fine && rest.bytes().all(allowed)).then_some((epoch, upstream, revision))
}

fn dpkg_text(mut a: &str, mut b: &str) -> Ordering {
    let weight = |byte: Option<u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    };
    while !a.is_empty() || !b.is_empty() {
        let other = |text: &str| text.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
        let (a_text, a_rest) = a.split_at(other(a));
        let (b_text, b_rest) = b.split_at(other(b));
        for at in 0..a_text.len().max(b_text.len()) {
            let order =
                weight(a_text.as_bytes().get(at).copied()).cmp(&weight(b_text.as_bytes().get(at).copied()));
            if order.is_ne() {
                return order;
            }
        }
        let ((a_number, a_rest), (b_number, b_rest)) = (split_digits(a_rest), split_digits(b_rest));
        let order = digits(a_number, b_number);
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

/// A part of an apk version. The order of the kinds is that of apk-tools: when two versions part ways, the one whose kind
/// comes first is newer, but for suffixes of pre-releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    /// Digits behind the letter, which apk-tools 2 took.
    LetterNumber,
    Letter,
    Suffix,
    SuffixNumber,
    Commit,
    Revision,
    End,
}

const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
/// How many of the suffixes are those of pre-releases.
const PRE_RELEASES: usize = 4;

/// The parts. As apk-tools 2 did, an empty number before a letter or a revision is taken for zero.
fn apk_tokens(version: &str) -> Option<Vec<(Kind, &str)>> {
    let mut tokens = Vec::new();
    read_apk(version, &mut tokens)?;
    tokens.push((Kind::End, "-"));
    let zero = |pair: &[(Kind, &str)]| {
        pair[0].0 == Kind::Number && matches!(pair[1].0, Kind::Letter | Kind::Revision)
    };
    tokens.windows(2).all(|pair| !pair[0].1.is_empty() || zero(pair)).then_some(tokens)
}

fn read_apk<'a>(version: &'a str, tokens: &mut Vec<(Kind, &'a str)>) -> Option<()> {
    let (first, mut rest) = split_digits(version);
    tokens.push((Kind::First, first));
    let mut last = Kind::First;
    while let Some(sign) = rest.chars().next() {
        let after = rest.get(1..)?;
        match sign {
            '.' if last <= Kind::Number => {
                let (number, other) = split_digits(after);
                (last, rest) = (Kind::Number, other);
                tokens.push((last, number));
            }
            'a'..='z' if last <= Kind::Number => {
                last = Kind::Letter;
                tokens.push((last, &rest[..1]));
                let (number, other) = split_digits(after);
                if !number.is_empty() {
                    tokens.push((Kind::LetterNumber, number));
                }
                rest = other;
            }
            '_' if last <= Kind::SuffixNumber => {
                let end = after.bytes().take_while(u8::is_ascii_lowercase).count();
                let (name, other) = after.split_at(end);
                SUFFIXES.iter().find(|known| **known == name)?;
                tokens.push((Kind::Suffix, name));
                last = Kind::Suffix;
                let (number, other) = split_digits(other);
                if !number.is_empty() {
                    last = Kind::SuffixNumber;
                    tokens.push((last, number));
                }
                rest = other;
            }
            '~' if last <= Kind::SuffixNumber => {
                let end =
                    after.bytes().take_while(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)).count();
                last = Kind::Commit;
                tokens.push((last, &after[..end]));
                rest = &after[end..];
            }
            '-' if last < Kind::Revision => {
                let (number, other) = split_digits(after.strip_prefix('r')?);
                last = Kind::Revision;
                tokens.push((last, number));
                rest = other;
            }
            _ => return None,
        }
    }
    Some(())
}

/// apk-tools 3, `apk_version_compare`.
pub(super) fn apk(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (apk_tokens(a)?, apk_tokens(b)?);
    for (&(a_kind, a_text), &(b_kind, b_text)) in a.iter().zip(&b) {
        if a_kind != b_kind {
            let is_early = |kind, text| kind == Kind::Suffix && suffix(text) < PRE_RELEASES;
            return Some(match (is_early(a_kind, a_text), is_early(b_kind, b_text)) {
                (true, _) => Ordering::Less,
                (_, true) => Ordering::Greater,
                _ => b_kind.cmp(&a_kind),
            });
        }
        let order = match a_kind {
            Kind::Number if a_text.starts_with('0') || b_text.starts_with('0') => a_text.cmp(b_text),
            Kind::Suffix => suffix(a_text).cmp(&suffix(b_text)),
            Kind::Letter | Kind::Commit | Kind::End => a_text.cmp(b_text),
            _ => digits(a_text, b_text),
        };
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

fn suffix(name: &str) -> usize {
    SUFFIXES.iter().position(|known| *known == name).unwrap_or(SUFFIXES.len())
}

/// `rpmVersionCompare`: epoch, version, release; a missing release is equal to any.
pub(super) fn rpm(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (rpm_parts(a)?, rpm_parts(b)?);
    let release = match (a.2, b.2) {
        (Some(a), Some(b)) => rpm_text(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    Some(digits(a.0, b.0).then_with(|| rpm_text(a.1, b.1)).then(release))
}

fn rpm_parts(version: &str) -> Option<(&str, &str, Option<&str>)> {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (version, release) =
        rest.rsplit_once('-').map_or((rest, None), |(version, release)| (version, Some(release)));
    let fine = is_number(epoch) && !version.is_empty() && !rest.contains([' ', ':']);
    fine.then_some((epoch, version, release))
}

/// `rpmvercmp`.
fn rpm_text(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let skip = |text: &str| {
            text.bytes().take_while(|byte| !byte.is_ascii_alphanumeric() && !b"~^".contains(byte)).count()
        };
        (a, b) = (&a[skip(a)..], &b[skip(b)..]);
        match (a.strip_prefix('~'), b.strip_prefix('~')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (a.strip_prefix('^'), b.strip_prefix('^')) {
            (Some(a_rest), Some(b_rest)) => {
                (a, b) = (a_rest, b_rest);
                continue;
            }
            (Some(_), None) => return if b.is_empty() { Ordering::Greater } else { Ordering::Less },
            (None, Some(_)) => return if a.is_empty() { Ordering::Less } else { Ordering::Greater },
            (None, None) => {}
        }
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let numeric = a.as_bytes()[0].is_ascii_digit();
        let run = |text: &str| {
            text.bytes()
                .take_while(|byte| if numeric { byte.is_ascii_digit() } else { byte.is_ascii_alphabetic() })
                .count()
        };
        let ((a_part, a_rest), (b_part, b_rest)) = (a.split_at(run(a)), b.split_at(run(b)));
        if b_part.is_empty() {
            return if numeric { Ordering::Greater } else { Ordering::Less };
        }
        let order = if numeric { digits(a_part, b_part) } else { a_part.cmp(b_part) };
        if order.is_ne() {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
}
