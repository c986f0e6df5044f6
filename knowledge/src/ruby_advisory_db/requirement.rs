//! Requirements of RubyGems (`Gem::Requirement`) as sets of versions: `>= 1.0, < 2`, `~> 2.0.9`.

use model::AffectedRange;
use version::Scheme;

use crate::spans::{self, Edge, Span};

/// The ranges of versions that satisfy none of `safe`.
pub(super) fn unsafe_ranges<'a>(
    safe: impl Iterator<Item = &'a str>,
    scheme: Scheme,
) -> Result<Vec<AffectedRange>, String> {
    let mut spans = Vec::new();
    for requirement in safe {
        spans.extend(satisfying(requirement, scheme)?);
    }
    let affected = spans::complement(spans::union(spans, scheme)?);
    Ok(spans::ranges(affected, next))
}

/// The version after `version`: RubyGems has none, but no gem counts in the third place behind its last number.
fn next(version: &str) -> String {
    format!("{version}.0.0.1")
}

/// Versions that satisfy every condition of a requirement.
fn satisfying(requirement: &str, scheme: Scheme) -> Result<Vec<Span>, String> {
    let mut spans = vec![Span::default()];
    for condition in requirement.split(',') {
        let mut narrowed = Vec::new();
        for own in of_condition(condition.trim())? {
            for span in &spans {
                narrowed.extend(span.clone().both(own.clone(), scheme)?);
            }
        }
        spans = narrowed;
    }
    Ok(spans)
}

fn of_condition(condition: &str) -> Result<Vec<Span>, String> {
    let at = condition.find(|c: char| !matches!(c, '<' | '>' | '=' | '~' | '!')).unwrap_or(condition.len());
    let (operator, version) = (&condition[..at], condition[at..].trim());
    let is_version = version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
    if !is_version {
        return Err(format!("`{condition}` is no requirement"));
    }
    let before = || Some(Edge::Before(version.to_owned()));
    let after = || Some(Edge::After(version.to_owned()));
    Ok(match operator {
        ">=" => vec![Span { from: before(), to: None }],
        ">" => vec![Span { from: after(), to: None }],
        "<" => vec![Span { from: None, to: before() }],
        "<=" => vec![Span { from: None, to: after() }],
        "=" | "" => vec![Span::point(version)],
        "!=" => spans::complement(vec![Span::point(version)]),
        "~>" => vec![Span { from: before(), to: Some(Edge::Before(bump(version)?)) }],
        _ => return Err(format!("`{condition}` has an unknown operator")),
    })
}

/// The end of `~>`: the last number before a pre-release is dropped and the one before it counted up (`2.0.9` ends
/// before `2.1`), pre-releases of the end excluded as well: `2.1.a` is the first of them.
fn bump(version: &str) -> Result<String, String> {
    let release = version.split('-').next().unwrap_or_default();
    let numbers = release.split('.').take_while(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let mut numbers: Vec<&str> = numbers.collect();
    if numbers.len() > 1 {
        numbers.pop();
    }
    let last: Option<u64> = numbers.pop().and_then(|last| last.parse::<u64>().ok()?.checked_add(1));
    let last = last.ok_or_else(|| format!("`{version}` has no end"))?.to_string();
    numbers.push(&last);
    Ok(format!("{}.a", numbers.join(".")))
}

#[cfg(test)]
mod tests {
    use model::Bound;

    use super::*;

    fn shown(safe: &[&str]) -> String {
        let scheme = Scheme::of(model::Ecosystem::Gem).unwrap_or(Scheme::Generic);
        let ranges = unsafe_ranges(safe.iter().copied(), scheme).unwrap();
        let show = |range: &AffectedRange| {
            let start = range.introduced.as_deref().unwrap_or_default();
            match &range.end {
                Bound::Open => format!("[{start}..)"),
                Bound::Fixed(end) => format!("[{start}..{end})"),
                Bound::LastAffected(end) => format!("[{start}..{end}]"),
            }
        };
        ranges.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_satisfies_no_requirement_is_affected() {
        let table: [(&[&str], &str); 9] = [
            (&[], "[..)"),
            (&[">= 1.2"], "[..1.2)"),
            (&["~> 2.0.9, >= 2.0.9.2", ">= 3.0.4.1"], "[..2.0.9.2) [2.1.a..3.0.4.1)"),
            (&["~> 2.3.11", "> 3.0.4", "< 3.0.0"], "[3.0.0..3.0.4]"),
            (&["< 4.2.1", "> 4.2.2"], "[4.2.1..4.2.2]"),
            (&["= 1.6.0", ">= 1.6.3", ">= 1.6.0, < 1.6.2"], "[..1.6.0) [1.6.2..1.6.3)"),
            (&["<= 1.0"], "[1.0.0.0.1..)"),
            (&["!= 1.0"], "[1.0..1.0]"),
            (&["~> 1"], "[..1) [2.a..)"),
        ];
        for (safe, expected) in table {
            assert_eq!(shown(safe), expected, "{safe:?}");
        }
    }

    #[test]
    fn the_end_of_a_pessimistic_requirement_leaves_out_pre_releases() {
        assert_eq!(bump("2.0.9").unwrap(), "2.1.a");
        assert_eq!(bump("4.0.0.beta7").unwrap(), "4.1.a");
        assert_eq!(bump("1.0.0-rc.1").unwrap(), "1.1.a");
        assert!(bump("99999999999999999999999").is_err());
    }

    #[test]
    fn other_texts_are_no_requirements() {
        for text in ["", "latest", ">= ", "=> 1", ">= 1 || 2", ">= 1.0\u{7f}"] {
            assert!(of_condition(text).is_err(), "{text}");
        }
    }
}
