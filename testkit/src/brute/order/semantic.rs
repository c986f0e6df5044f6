//! Semantic versions and their relatives.

use std::cmp::Ordering;

use super::{digits, is_number, split_digits};

/// What passes for a semantic version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taste {
    /// Three numbers.
    Strict,
    /// A `v` before them, and one or two numbers.
    Loose,
    /// Three numbers, and the build counts.
    Dart,
}

struct Semantic<'a> {
    numbers: Vec<&'a str>,
    pre: Option<&'a str>,
    build: Option<&'a str>,
}

fn read(text: &str, taste: Taste) -> Option<Semantic<'_>> {
    let loose = taste == Taste::Loose;
    let text = if loose { text.trim_start_matches(['v', '=', ' ']).trim() } else { text };
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let numbers: Vec<&str> = numbers.split('.').collect();
    let count = if loose { 1..=3 } else { 3..=3 };
    let whole = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_sign));
    let fine = count.contains(&numbers.len())
        && numbers.iter().all(|number| is_number(number) && (loose || is_plain(number)))
        && pre.is_none_or(|pre| {
            whole(pre) && (loose || pre.split('.').all(|part| !is_number(part) || is_plain(part)))
        })
        && build.is_none_or(whole);
    fine.then_some(Semantic { numbers, pre, build })
}

fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whether a number has no zeros before it.
fn is_plain(number: &str) -> bool {
    number.len() == 1 || !number.starts_with('0')
}

pub(super) fn compare(a: &str, b: &str, taste: Taste) -> Option<Ordering> {
    let (a, b) = (read(a, taste)?, read(b, taste)?);
    let order = numbers(&a.numbers, &b.numbers).then_with(|| match (a.pre, b.pre) {
        (Some(a), Some(b)) => parts(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    let builds = || match (a.build, b.build) {
        (Some(a), Some(b)) => parts(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    Some(if taste == Taste::Dart { order.then_with(builds) } else { order })
}

fn numbers(a: &[&str], b: &[&str]) -> Ordering {
    let part = |parts: &[&str], at: usize| parts.get(at).copied().unwrap_or_default().to_owned();
    let longest = a.len().max(b.len());
    (0..longest)
        .map(|at| digits(&part(a, at), &part(b, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Parts at dots: numbers before words, numbers by value, words by their letters; more parts are more.
fn parts(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('.').collect(), b.split('.').collect());
    for (a, b) in a.iter().zip(&b) {
        let order = match (is_number(a), is_number(b)) {
            (true, true) => digits(a, b),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// NuGet: one to four numbers, and a semantic pre-release whose case does not count.
pub(super) fn nuget(a: &str, b: &str) -> Option<Ordering> {
    let read = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        let text = text.split('+').next().unwrap_or_default().to_owned();
        let (numbers, pre) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers.to_owned(), Some(pre.to_owned())),
            None => (text, None),
        };
        let parts: Vec<String> = numbers.split('.').map(str::to_owned).collect();
        let whole = |pre: &String| pre.split('.').all(|part| !part.is_empty() && part.bytes().all(is_sign));
        let fine =
            parts.len() <= 4 && parts.iter().all(|part| is_number(part)) && pre.as_ref().is_none_or(whole);
        fine.then_some((parts, pre))
    };
    let (a, b) = (read(a)?, read(b)?);
    let own = |parts: &[String]| parts.iter().map(String::as_str).map(str::to_owned).collect::<Vec<_>>();
    let (a_numbers, b_numbers) = (own(&a.0), own(&b.0));
    let a_numbers: Vec<&str> = a_numbers.iter().map(String::as_str).collect();
    let b_numbers: Vec<&str> = b_numbers.iter().map(String::as_str).collect();
    Some(numbers(&a_numbers, &b_numbers).then_with(|| match (&a.1, &b.1) {
        (Some(a), Some(b)) => parts(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }))
}

/// `Gem::Version`: runs of digits and of letters; a letter makes a pre-release; zeros at the ends do not count.
pub(super) fn gem(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (gem_parts(a)?, gem_parts(b)?);
    let part = |parts: &[String], at: usize| parts.get(at).cloned().unwrap_or_else(|| "0".to_owned());
    for at in 0..a.len().max(b.len()) {
        let (a, b) = (part(&a, at), part(&b, at));
        let order = match (is_number(&a), is_number(&b)) {
            (true, true) => digits(&a, &b),
            (false, false) => a.cmp(&b),
            (a_number, b_number) => a_number.cmp(&b_number),
        };
        if order.is_ne() {
            return Some(order);
        }
    }
    Some(Ordering::Equal)
}

fn gem_parts(version: &str) -> Option<Vec<String>> {
    let version = version.trim().replace('-', ".pre.");
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    if !version.starts_with(|c: char| c.is_ascii_digit()) || !version.bytes().all(allowed) {
        return None;
    }
    if version.split('.').any(str::is_empty) {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = version.as_str();
    while !rest.is_empty() {
        let digit = rest.as_bytes()[0].is_ascii_digit();
        let end = rest.bytes().take_while(|byte| *byte != b'.' && byte.is_ascii_digit() == digit).count();
        if end > 0 {
            parts.push(rest[..end].to_owned());
        }
        rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
    }
    // zeros at the end of the numbers and at the end of all do not count
    let zero = |part: &String| is_number(part) && part.trim_start_matches('0').is_empty();
    let first_word = parts.iter().position(|part| !is_number(part)).unwrap_or(parts.len());
    let mut pre = parts.split_off(first_word);
    while parts.last().is_some_and(zero) {
        parts.pop();
    }
    while pre.last().is_some_and(zero) {
        pre.pop();
    }
    parts.append(&mut pre);
    Some(parts)
}

/// Composer: at most four numbers, a stability and its number, in the order of PHP's `version_compare`.
pub(super) fn composer(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (composer_parts(a)?, composer_parts(b)?);
    let (a_numbers, b_numbers): (Vec<&str>, Vec<&str>) =
        (a.0.iter().map(String::as_str).collect(), b.0.iter().map(String::as_str).collect());
    Some(numbers(&a_numbers, &b_numbers).then(a.1.cmp(&b.1)).then_with(|| match (&a.2, &b.2) {
        (Some(a), Some(b)) => digits(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }))
}

/// Numbers, rank of the stability, its number.
fn composer_parts(version: &str) -> Option<(Vec<String>, i32, Option<String>)> {
    let version = version.trim().to_ascii_lowercase();
    let version = version.split('+').next()?;
    let mut rest = version.strip_prefix('v').unwrap_or(version);
    let mut numbers = Vec::new();
    loop {
        let (number, after) = split_digits(rest);
        if number.is_empty() {
            return None;
        }
        numbers.push(number.to_owned());
        rest = after;
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) && numbers.len() < 4 => rest = next,
            _ => break,
        }
    }
    let mut rest = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    if rest.is_empty() {
        return Some((numbers, 0, None));
    }
    let names = [
        ("stable", 0),
        ("alpha", -3),
        ("beta", -2),
        ("rc", -1),
        ("patch", 1),
        ("dev", -4),
        ("pl", 1),
        ("a", -3),
        ("b", -2),
        ("p", 1),
    ];
    let (rank, after) = names.iter().find_map(|(name, rank)| Some((*rank, rest.strip_prefix(name)?)))?;
    rest = after.strip_prefix(['.', '-']).unwrap_or(after);
    let (number, rest) = split_digits(rest);
    let number = (!number.is_empty()).then(|| number.to_owned());
    rest.is_empty().then_some((numbers, rank, number))
}
