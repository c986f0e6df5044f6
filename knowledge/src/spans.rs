//! Sets of versions: sorted stretches that do not touch, made from ranges and requirements.
//!
//! What it is for: publishers write down overlapping or touching ranges, or the versions that are *safe*; as a set, each
//! version lies in one stretch, and its end is the first version that is not affected any more. What it is not for:
//! judging a version.
//!
//! The decision a reader may doubt: a stretch may begin *after* a version, which [`AffectedRange`] cannot say. The
//! caller then names the next version in its scheme ([`ranges`]).

use std::cmp::Ordering;

use model::{AffectedRange, Bound};
use version::Scheme;

/// A place in the order of versions: just before or just after one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Before(String),
    After(String),
}

impl Edge {
    fn version(&self) -> &str {
        match self {
            Self::Before(version) | Self::After(version) => version,
        }
    }

    fn compare(&self, other: &Self, scheme: Scheme) -> Result<Ordering, String> {
        let order = compare(scheme, self.version(), other.version())?;
        Ok(order.then(matches!(self, Self::After(_)).cmp(&matches!(other, Self::After(_)))))
    }
}

/// A stretch of versions; `None` is an end that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Option<Edge>,
    pub(crate) to: Option<Edge>,
}

impl Span {
    /// One version alone.
    pub(crate) fn point(version: &str) -> Self {
        Self { from: Some(Edge::Before(version.to_owned())), to: Some(Edge::After(version.to_owned())) }
    }

    /// The versions of a range.
    pub(crate) fn of(range: AffectedRange) -> Self {
        let to = match range.end {
            Bound::Open => None,
            Bound::Fixed(version) => Some(Edge::Before(version)),
            Bound::LastAffected(version) => Some(Edge::After(version)),
        };
        Self { from: range.introduced.map(Edge::Before), to }
    }

    /// What lies in both; `None` if nothing does.
    pub(crate) fn both(self, other: Self, scheme: Scheme) -> Result<Option<Self>, String> {
        let from = match (self.from, other.from) {
            (Some(a), Some(b)) => Some(if a.compare(&b, scheme)?.is_ge() { a } else { b }),
            (a, b) => a.or(b),
        };
        let to = match (self.to, other.to) {
            (Some(a), Some(b)) => Some(if a.compare(&b, scheme)?.is_le() { a } else { b }),
            (a, b) => a.or(b),
        };
        let span = Self { from, to };
        Ok(if span.is_empty(scheme)? { None } else { Some(span) })
    }

    fn is_empty(&self, scheme: Scheme) -> Result<bool, String> {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => Ok(from.compare(to, scheme)?.is_ge()),
            _ => Ok(false),
        }
    }

    /// Whether `version` lies in it.
    pub(crate) fn holds(&self, version: &str, scheme: Scheme) -> Result<bool, String> {
        let starts = match &self.from {
            None => true,
            Some(Edge::Before(from)) => compare(scheme, version, from)?.is_ge(),
            Some(Edge::After(from)) => compare(scheme, version, from)?.is_gt(),
        };
        Ok(starts
            && match &self.to {
                None => true,
                Some(Edge::Before(to)) => compare(scheme, version, to)?.is_lt(),
                Some(Edge::After(to)) => compare(scheme, version, to)?.is_le(),
            })
    }
}

/// Compares versions; an unreadable one is told by name.
pub(crate) fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, String> {
    version::compare(scheme, a, b).map_err(|error| error.to_string())
}

/// Stretches of one package; real requirements have some dozen.
const MAX_SPANS: usize = 10_000;

/// Joins what overlaps or touches, and sorts. An error names a version that cannot be read.
pub(crate) fn union(spans: Vec<Span>, scheme: Scheme) -> Result<Vec<Span>, String> {
    if spans.len() > MAX_SPANS {
        return Err(format!("it names more than {MAX_SPANS} ranges of one package"));
    }
    let mut sorted: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if !span.is_empty(scheme)? {
            let at = place_of(&span, &sorted, scheme)?;
            sorted.insert(at, span);
        }
    }
    let mut joined: Vec<Span> = Vec::with_capacity(sorted.len());
    for span in sorted {
        let Some(last) = joined.last_mut() else {
            joined.push(span);
            continue;
        };
        let touches = match (&last.to, &span.from) {
            (Some(to), Some(from)) => from.compare(to, scheme)?.is_le(),
            _ => true,
        };
        if !touches {
            joined.push(span);
            continue;
        }
        let ends_later = match (&last.to, &span.to) {
            (Some(end), Some(other)) => other.compare(end, scheme)?.is_gt(),
            (end, _) => end.is_some(),
        };
        if ends_later {
            last.to = span.to;
        }
    }
    Ok(joined)
}

/// Behind all that start no later. Found by halving and not by the standard sort, which may panic if a scheme's order
/// should ever contradict itself.
fn place_of(span: &Span, sorted: &[Span], scheme: Scheme) -> Result<usize, String> {
    let (mut low, mut high) = (0, sorted.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if starts_before(span, &sorted[middle], scheme)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

fn starts_before(a: &Span, b: &Span, scheme: Scheme) -> Result<bool, String> {
    match (&a.from, &b.from) {
        (Some(a), Some(b)) => Ok(a.compare(b, scheme)?.is_lt()),
        (a, b) => Ok(a.is_none() && b.is_some()),
    }
}

/// Everything that is not in `spans`, which are sorted and do not touch.
pub(crate) fn complement(spans: Vec<Span>) -> Vec<Span> {
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut open = Some(None);
    for span in spans {
        if let (Some(from), Some(to)) = (open.take(), span.from) {
            gaps.push(Span { from, to: Some(to) });
        }
        open = span.to.map(Some);
    }
    if let Some(from) = open {
        gaps.push(Span { from, to: None });
    }
    gaps
}

/// The stretches as ranges; `next` names the version that follows another one at once.
pub(crate) fn ranges(spans: Vec<Span>, next: fn(&str) -> String) -> Vec<AffectedRange> {
    let range = |span: Span| AffectedRange {
        introduced: span.from.map(|from| match from {
            Edge::Before(version) => version,
            Edge::After(version) => next(&version),
        }),
        end: match span.to {
            None => Bound::Open,
            Some(Edge::Before(version)) => Bound::Fixed(version),
            Some(Edge::After(version)) => Bound::LastAffected(version),
        },
    };
    spans.into_iter().map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `1..2` (from 1 to before 2), `1..=2`, `>1..`.
    fn span(text: &str) -> Span {
        let (from, to) = text.split_once("..").unwrap();
        let edge = |version: &str| (!version.is_empty()).then(|| Edge::Before(version.to_owned()));
        Span {
            from: match from.strip_prefix('>') {
                Some(from) => Some(Edge::After(from.to_owned())),
                None => edge(from),
            },
            to: match to.strip_prefix('=') {
                Some(to) => Some(Edge::After(to.to_owned())),
                None => edge(to),
            },
        }
    }

    fn spans(text: &str) -> Vec<Span> {
        text.split_whitespace().map(span).collect()
    }

    #[test]
    fn what_overlaps_or_touches_is_joined() {
        let table = [
            ("3..4 1..2", "1..2 3..4"),
            ("1..2 2..3", "1..3"),
            ("1..=2 >2..3", "1..3"),
            ("1..2 >2..3", "1..2 >2..3"),
            ("1..5 2..3", "1..5"),
            ("..2 1..", ".."),
            ("2..2 3..1", ""),
            ("2..=2 1..2", "1..=2"),
        ];
        for (given, expected) in table {
            assert_eq!(union(spans(given), Scheme::Pep440), Ok(spans(expected)), "{given}");
        }
        assert!(union(spans("1..2 soon..3"), Scheme::Pep440).unwrap_err().contains("soon"));
    }

    #[test]
    fn the_complement_of_the_complement_is_the_set() {
        for set in ["", "..", "..1", "1..", "1..2 >3..=4", "..=1 2.."] {
            assert_eq!(complement(complement(spans(set))), spans(set), "{set}");
        }
        assert_eq!(complement(spans("1..2 >3..=4")), spans("..1 2..=3 >4.."));
    }

    #[test]
    fn what_lies_in_both_may_be_nothing() {
        let both = |a, b| span(a).both(span(b), Scheme::Pep440).unwrap();
        assert_eq!(both("1..3", "2.."), Some(span("2..3")));
        assert_eq!(both("..=2", "2.."), Some(span("2..=2")));
        assert_eq!(both("..2", "2.."), None);
        assert!(span("1..=2").holds("2.0", Scheme::Pep440).unwrap());
        assert!(!span(">1..2").holds("1.0", Scheme::Pep440).unwrap());
    }
}
