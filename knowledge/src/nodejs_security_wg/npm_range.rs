//! Ranges of npm (<https://github.com/npm/node-semver#ranges>) as sets of versions: `<1.6.5 || >=1.7.0 <1.7.2`, `2.x`, `~0.8.0`.
//!
//! Pre-releases count where they lie, as npm's own audit does it (`includePrerelease`).
//!
//! The decision a reader may doubt: `2.x` and its like end before version 3.0.0 and not before its first pre-release, so that
//! the end is a version that exists.

use version::Scheme;

use crate::spans::{self, Edge, Span};

const SCHEME: Scheme = Scheme::Npm;
const MAX_LENGTH: usize = 2000;

/// The versions in a range.
pub(super) fn parse(range: &str) -> Result<Vec<Span>, String> {
    if range.len() > MAX_LENGTH {
        return Err(format!("a range has more than {MAX_LENGTH} bytes"));
    }
    let mut spans = Vec::new();
    for alternative in range.split("||") {
        let mut span = Some(Span::default());
        for own in comparators(alternative.trim())? {
            span = match span {
                Some(span) => span.both(own, SCHEME)?,
                None => None,
            };
        }
        spans.extend(span);
    }
    spans::union(spans, SCHEME)
}

/// The version that follows another one at once: the first pre-release of the next patch, or of a pre-release its first part.
pub(super) fn next(version: &str) -> String {
    match Partial::parse(version) {
        Ok(Partial { numbers: [Some(major), Some(minor), Some(patch)], pre: None }) => {
            format!("{major}.{minor}.{}-0", patch.saturating_add(1))
        }
        _ => format!("{version}.0"),
    }
}

fn comparators(text: &str) -> Result<Vec<Span>, String> {
    if let Some((from, to)) = text.split_once(" - ") {
        let (from, to) = (Partial::parse(from.trim())?, Partial::parse(to.trim())?);
        return Ok(vec![from.compared(">="), to.compared("<=")]);
    }
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(|c: char| !matches!(c, '<' | '>' | '=' | '~' | '^')).unwrap_or(rest.len());
        let (operator, after) = rest.split_at(at);
        let after = after.trim_start();
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '=' | '~' | '^'))
            .filter(|&end| end > 0)
            .unwrap_or(after.len());
        let (version, next) = after.split_at(end);
        let partial = Partial::parse(version)?;
        spans.push(match operator {
            "" | "=" | "<" | "<=" | ">" | ">=" => partial.compared(operator),
            "~" | "~>" => partial.tilde(),
            "^" => partial.caret(),
            _ => return Err(format!("`{operator}` is no operator")),
        });
        rest = next.trim_start();
    }
    Ok(spans)
}

/// A version of which parts may be left out, or be `x`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Partial {
    numbers: [Option<u64>; 3],
    pre: Option<String>,
}

impl Partial {
    fn parse(text: &str) -> Result<Self, String> {
        let problem = || format!("`{text}` is no version");
        let body = text.trim_start_matches(['v', '=', ' ']).split('+').next().unwrap_or_default();
        let mut numbers = [None; 3];
        let mut rest = body;
        let mut pre = None;
        for (index, number) in numbers.iter_mut().enumerate() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if end == 0 {
                let wild = rest.trim_end_matches(['.', 'x', 'X', '*']);
                if wild.is_empty() && !rest.is_empty() {
                    rest = "";
                    break;
                }
                return Err(problem());
            }
            *number = Some(rest[..end].parse().map_err(|_| problem())?);
            rest = &rest[end..];
            match rest.strip_prefix('.') {
                Some(after) if index < 2 => rest = after,
                _ => break,
            }
        }
        if !rest.is_empty() && numbers[2].is_some() {
            let tag = rest.strip_prefix('-').unwrap_or(rest);
            let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
            if rest.starts_with('.') || tag.is_empty() || !tag.bytes().all(legal) {
                return Err(problem());
            }
            pre = Some(tag.to_owned());
        } else if !rest.is_empty() {
            return Err(problem());
        }
        let partial = Self { numbers, pre };
        version::check(SCHEME, &partial.lowest("")).map_err(|_| problem())?;
        Ok(partial)
    }

    fn is_whole(&self) -> bool {
        self.numbers[2].is_some()
    }

    /// With zeros for what is left out; `first` marks the first pre-release then.
    fn lowest(&self, first: &str) -> String {
        let [major, minor, patch] = self.numbers.map(Option::unwrap_or_default);
        match &self.pre {
            Some(pre) => format!("{major}.{minor}.{patch}-{pre}"),
            None if self.is_whole() => format!("{major}.{minor}.{patch}"),
            None => format!("{major}.{minor}.{patch}{first}"),
        }
    }

    /// Before the version where the part at `index` is one higher.
    fn raised(&self, index: usize) -> Option<Edge> {
        let [major, minor, patch] = self.numbers.map(Option::unwrap_or_default);
        Some(Edge::Before(match index {
            0 => format!("{}.0.0", major.saturating_add(1)),
            1 => format!("{major}.{}.0", minor.saturating_add(1)),
            _ => format!("{major}.{minor}.{}", patch.saturating_add(1)),
        }))
    }

    /// The end of an x-range; `None` if it holds everything.
    fn end(&self) -> Option<Edge> {
        match self.numbers {
            [None, ..] => None,
            [_, None, _] => self.raised(0),
            _ => self.raised(1),
        }
    }

    fn compared(&self, operator: &str) -> Span {
        let version = self.lowest("");
        let start = || (self.numbers[0].is_some()).then(|| Edge::Before(self.lowest("-0")));
        let nothing = || Span { from: None, to: Some(Edge::Before("0.0.0-0".to_owned())) };
        if self.is_whole() {
            return match operator {
                "<" => Span { from: None, to: Some(Edge::Before(version)) },
                "<=" => Span { from: None, to: Some(Edge::After(version)) },
                ">" => Span { from: Some(Edge::After(version)), to: None },
                ">=" => Span { from: Some(Edge::Before(version)), to: None },
                _ => Span::point(&version),
            };
        }
        match operator {
            "<" if self.numbers[0].is_none() => nothing(),
            "<" => Span { from: None, to: Some(Edge::Before(version)) },
            "<=" => Span { from: None, to: self.end() },
            ">" if self.numbers[0].is_none() => nothing(),
            ">" => Span { from: self.end(), to: None },
            ">=" => Span { from: start(), to: None },
            _ => Span { from: start(), to: self.end() },
        }
    }

    /// `~1.2.3`: patches may be newer, and minor versions if none is named.
    fn tilde(&self) -> Span {
        match self.numbers {
            [None, ..] => Span::default(),
            [_, None, _] => Span { from: Some(Edge::Before(self.lowest(""))), to: self.raised(0) },
            _ => Span { from: Some(Edge::Before(self.lowest(""))), to: self.raised(1) },
        }
    }

    /// `^1.2.3`: what stands behind the first number that is not zero may be newer.
    fn caret(&self) -> Span {
        let to = match self.numbers {
            [None, ..] => return Span::default(),
            [Some(0), Some(0), Some(_)] => self.raised(2),
            [Some(0), Some(_), _] => self.raised(1),
            _ => self.raised(0),
        };
        Span { from: Some(Edge::Before(self.lowest("-0"))), to }
    }
}

#[cfg(test)]
mod tests {
    use model::Bound;

    use super::*;

    fn shown(range: &str) -> String {
        let show = |range: &model::AffectedRange| {
            let start = range.introduced.as_deref().unwrap_or_default();
            match &range.end {
                Bound::Open => format!("[{start}..)"),
                Bound::Fixed(end) => format!("[{start}..{end})"),
                Bound::LastAffected(end) => format!("[{start}..{end}]"),
            }
        };
        let ranges = parse(range).map(|spans| spans::ranges(spans, next));
        ranges.map_or_else(|_| "-".to_owned(), |ranges| ranges.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn ranges_of_npm_are_sets_of_versions() {
        let table = [
            ("<=3.0.1", "[..3.0.1]"),
            ("*", "[..)"),
            ("", "[..)"),
            ("2.1.4", "[2.1.4..2.1.4]"),
            ("<1.6.5 || < 2.1.7 > 2.0.0", "[..1.6.5) [2.0.1-0..2.1.7)"),
            (">= 15.0.0 <= 16.1.0", "[15.0.0..16.1.0]"),
            ("<2.0.18 || <3.0.16", "[..3.0.16)"),
            (">1.0.0-rc.1", "[1.0.0-rc.1.0..)"),
            ("2.0.x || 2.1.x", "[2.0.0-0..2.2.0)"),
            ("<3.11 || >= 4 <4.5", "[..3.11.0) [4.0.0-0..4.5.0)"),
            ("<= 1.0", "[..1.1.0)"),
            (">1.2", "[1.3.0..)"),
            ("~0.8.0-pre", "[0.8.0-pre..0.9.0)"),
            ("~1", "[1.0.0..2.0.0)"),
            ("^1.2.3", "[1.2.3..2.0.0)"),
            ("^0.2.3", "[0.2.3..0.3.0)"),
            ("^0.0.3", "[0.0.3..0.0.4)"),
            ("^0", "[0.0.0-0..1.0.0)"),
            ("1.2.3 - 2.3", "[1.2.3..2.4.0)"),
            ("<=v2.0.0-alpha7", "[..2.0.0-alpha7]"),
            ("2.1.0-M1 || 2.1.0-M2", "[2.1.0-M1..2.1.0-M1] [2.1.0-M2..2.1.0-M2]"),
            (">2.0.0 <1.0.0", ""),
        ];
        for (range, expected) in table {
            assert_eq!(shown(range), expected, "{range}");
        }
    }

    #[test]
    fn other_texts_are_no_ranges() {
        for range in ["latest", "1.2.3.4", "=> 1.0", "1.2.", ">=", "1.x.y", "!1", &"1 ".repeat(2000)] {
            assert_eq!(shown(range), "-", "{range}");
        }
    }
}
