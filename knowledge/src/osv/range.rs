//! OSV events into ranges, by the schema's evaluation algorithm
//! (<https://ossf.github.io/osv-schema/#evaluation>): events in version order switch "affected" on and off.
//!
//! Two rules go beyond the schema and change no answer of it. Ranges that touch are joined, and a fix that the same
//! entry calls affected, because it lies in another range or is listed, ends nothing: so no fix is named that is none.
//! And a fix that ends no range, because the publisher's events cross, is still named as [`Evaluated::fix_version`].

use std::cmp::Ordering;

use model::{AffectedRange, Bound};
use version::{Parsed, Scheme};

use super::schema::OsvEvent;
use crate::spans::{self, Span};

/// What the events of one package come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evaluated {
    pub(super) ranges: Vec<AffectedRange>,
    /// A fix that ends no range, the lowest one; else the last that ends one.
    pub(super) fix_version: Option<String>,
}

/// A switch at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Switch {
    On,
    /// Off from this version on.
    Off,
    /// Off after this version.
    OffAfter,
}

/// Evaluates the lists of events of one package, each by itself. `listed` are the versions that the publisher lists.
pub(super) fn evaluate(lists: &[&[OsvEvent]], listed: &[String], scheme: Option<Scheme>) -> Evaluated {
    let mut ranges = Vec::new();
    let mut fixes = Vec::new();
    for events in lists {
        let (more, named) = of_events(events, scheme);
        ranges.extend(more);
        fixes.extend(named);
    }
    if let Some(scheme) = scheme {
        let crosses = || fixes.iter().any(|fix| is_listed(fix, listed, scheme));
        if (ranges.len() > 1 || fixes.len() > 1 || crosses())
            && let Some(settled) = settle(ranges.clone(), &fixes, listed, scheme)
        {
            return settled;
        }
    }
    let fix_version = last_fix(&ranges, &fixes);
    Evaluated { ranges, fix_version }
}

/// Joins ranges and takes fixes that are affected for what they are; `None` if versions cannot be compared.
fn settle(
    ranges: Vec<AffectedRange>,
    fixes: &[String],
    listed: &[String],
    scheme: Scheme,
) -> Option<Evaluated> {
    let mut all: Vec<Span> = ranges.into_iter().map(Span::of).collect();
    for fix in fixes.iter().filter(|fix| is_listed(fix, listed, scheme)) {
        all.push(Span::point(fix));
    }
    let joined = spans::union(all, scheme).ok()?;
    let mut astray: Option<&String> = None;
    for fix in fixes {
        let ends_one =
            joined.iter().any(|span| matches!(&span.to, Some(spans::Edge::Before(end)) if end == fix));
        let affected = joined.iter().any(|span| span.holds(fix, scheme) != Ok(false));
        let lower = astray.is_none_or(|known| spans::compare(scheme, fix, known).is_ok_and(Ordering::is_lt));
        if !ends_one && !affected && lower {
            astray = Some(fix);
        }
    }
    let ranges = spans::ranges(joined, str::to_owned);
    let fix_version = astray.cloned().or_else(|| last_fix(&ranges, fixes));
    Some(Evaluated { ranges, fix_version })
}

/// Whether the publisher lists a fix as affected. Distributions list their versions as they write them.
fn is_listed(fix: &str, listed: &[String], scheme: Scheme) -> bool {
    let verbatim = matches!(scheme, Scheme::Deb | Scheme::Apk | Scheme::Rpm);
    let same = |other: &String| version::compare(scheme, other, fix) == Ok(Ordering::Equal);
    listed.iter().any(|other| other == fix || (!verbatim && same(other)))
}

/// The last fix that ends a range; a limit ends one as well, and is none.
fn last_fix(ranges: &[AffectedRange], fixes: &[String]) -> Option<String> {
    ranges.iter().rev().find_map(|range| match &range.end {
        Bound::Fixed(version) if fixes.contains(version) => Some(version.clone()),
        _ => None,
    })
}

/// Ranges of one list of events, in version order, and the fixed versions it names.
///
/// Events are sorted if every version can be compared; otherwise the publisher's order is kept, which is the right
/// one in practice. Equal versions keep the publisher's order.
fn of_events(events: &[OsvEvent], scheme: Option<Scheme>) -> (Vec<AffectedRange>, Vec<String>) {
    let mut switches = switches(events);
    sort(&mut switches, scheme);
    let mut ranges = Vec::new();
    let mut fixes = Vec::new();
    let mut open: Option<String> = None;
    for (switch, version) in switches {
        if switch == Switch::Off {
            fixes.push(version.clone());
        }
        match (switch, open.take()) {
            (Switch::On, None) => open = Some(version),
            (Switch::On, Some(start)) => open = Some(start),
            (_, None) => {}
            (Switch::Off, Some(start)) if start == version => {}
            (Switch::Off, Some(start)) => ranges.push(range(start, Bound::Fixed(version))),
            (Switch::OffAfter, Some(start)) => ranges.push(range(start, Bound::LastAffected(version))),
        }
    }
    if let Some(start) = open {
        ranges.push(range(start, Bound::Open));
    }
    let limited = clip(&mut ranges, events, scheme);
    fixes.retain(|fix| limited.as_ref().is_none_or(|limit| fix != limit));
    (ranges, fixes)
}

fn switches(events: &[OsvEvent]) -> Vec<(Switch, String)> {
    let mut switches = Vec::with_capacity(events.len());
    for event in events {
        let kinds = [
            (Switch::On, &event.introduced),
            (Switch::Off, &event.fixed),
            (Switch::OffAfter, &event.last_affected),
        ];
        for (switch, version) in kinds {
            if let Some(version) = version.as_deref().map(str::trim).filter(|version| !version.is_empty()) {
                switches.push((switch, version.to_owned()));
            }
        }
    }
    switches
}

fn range(start: String, end: Bound) -> AffectedRange {
    AffectedRange { introduced: (start != "0").then_some(start), end }
}

/// Sorts by version, stable; leaves the order as it is if any cannot be read. `0` is before every version.
///
/// Not by the standard sort, which may panic where an order goes in circles, as Maven's does.
fn sort(switches: &mut Vec<(Switch, String)>, scheme: Option<Scheme>) {
    let Some(scheme) = scheme else { return };
    if switches.len() < 2 || matches!(&switches[..], [(Switch::On, zero), _] if is_zero(zero)) {
        return;
    }
    let (mut order, rest): (Vec<usize>, Vec<usize>) =
        (0..switches.len()).partition(|&at| is_zero(&switches[at].1));
    let parsed: Result<Vec<_>, _> =
        rest.iter().map(|&at| Parsed::parse(scheme, &switches[at].1).map(|version| (at, version))).collect();
    let Ok(parsed) = parsed else { return };
    order.extend(version::sort(parsed).into_iter().map(|(at, _)| at));
    *switches = order.into_iter().map(|at| switches[at].clone()).collect();
}

/// `0` is before every version, pre-releases of 0 included.
fn order(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    match (is_zero(a), is_zero(b)) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => version::compare(scheme, a, b).ok(),
    }
}

fn is_zero(version: &str) -> bool {
    version == "0"
}

/// Applies `limit` events: nothing from the highest limit on is affected. `*` means no limit. Gives the limit.
fn clip(ranges: &mut Vec<AffectedRange>, events: &[OsvEvent], scheme: Option<Scheme>) -> Option<String> {
    let limits: Vec<&str> = events.iter().filter_map(|event| event.limit.as_deref()).collect();
    let scheme = scheme.filter(|_| !limits.contains(&"*"))?;
    let limit =
        limits.into_iter().reduce(|a, b| if order(scheme, a, b) == Some(Ordering::Less) { b } else { a })?;
    ranges.retain(|range| {
        let start = range.introduced.as_deref().unwrap_or("0");
        order(scheme, start, limit) != Some(Ordering::Greater) && start != limit
    });
    for range in ranges {
        let beyond = match &range.end {
            Bound::Open => true,
            Bound::Fixed(version) => order(scheme, version, limit) == Some(Ordering::Greater),
            Bound::LastAffected(version) => {
                matches!(order(scheme, version, limit), Some(Ordering::Greater | Ordering::Equal))
            }
        };
        if beyond {
            range.end = Bound::Fixed(limit.to_owned());
        }
    }
    Some(limit.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Vec<OsvEvent> {
        let event = |event: &str| {
            let (kind, version) = event.split_once(' ').unwrap();
            let version = Some(version.to_owned());
            match kind {
                "introduced" => OsvEvent { introduced: version, ..OsvEvent::default() },
                "fixed" => OsvEvent { fixed: version, ..OsvEvent::default() },
                "last" => OsvEvent { last_affected: version, ..OsvEvent::default() },
                _ => OsvEvent { limit: version, ..OsvEvent::default() },
            }
        };
        text.split(", ").map(event).collect()
    }

    /// Reads `introduced 0, fixed 1.2` and prints `[..1.2)`.
    fn shown(text: &str, listed: &[&str], scheme: Scheme) -> String {
        let lists: Vec<Vec<OsvEvent>> = text.split("; ").map(events).collect();
        let lists: Vec<&[OsvEvent]> = lists.iter().map(Vec::as_slice).collect();
        let listed: Vec<String> = listed.iter().map(|version| (*version).to_owned()).collect();
        let Evaluated { ranges, fix_version } = evaluate(&lists, &listed, Some(scheme));
        let mut text = String::new();
        for range in ranges {
            let start = range.introduced.unwrap_or_default();
            text += &match range.end {
                Bound::Open => format!("[{start}..) "),
                Bound::Fixed(end) => format!("[{start}..{end}) "),
                Bound::LastAffected(end) => format!("[{start}..{end}] "),
            };
        }
        text + &fix_version.map_or("no fix".to_owned(), |fix| format!("fix {fix}"))
    }

    #[test]
    fn events_become_ranges_by_the_schema() {
        let table = [
            ("introduced 0, fixed 1.2", "[..1.2) fix 1.2"),
            ("introduced 0", "[..) no fix"),
            ("introduced 1, last 2", "[1..2] no fix"),
            ("introduced 0, fixed 1.4, introduced 2.0, fixed 2.10", "[..1.4) [2.0..2.10) fix 2.10"),
            ("introduced 2.0, introduced 0, fixed 2.10, fixed 1.4", "[..1.4) [2.0..2.10) fix 2.10"),
            ("introduced 1, introduced 2, fixed 3", "[1..3) fix 3"),
            ("introduced 1, fixed 1", "no fix"),
            ("fixed 2", "no fix"),
            ("introduced 0, limit 2", "[..2) no fix"),
            ("introduced 0, fixed 1, limit 2", "[..1) fix 1"),
            ("introduced 0, limit *", "[..) no fix"),
            ("introduced 0, last 1.5, last 1.7", "[..1.5] no fix"),
        ];
        for (events, expected) in table {
            assert_eq!(shown(events, &[], Scheme::Pep440), expected, "{events}");
        }
    }

    #[test]
    fn a_fix_that_is_affected_itself_is_none() {
        assert_eq!(
            shown("introduced 1, fixed 2, introduced 2, fixed 3", &[], Scheme::Pep440),
            "[1..3) fix 3"
        );
        assert_eq!(
            shown("introduced 0, fixed 2; introduced 1, fixed 1.5", &[], Scheme::Pep440),
            "[..2) fix 2"
        );
        assert_eq!(shown("introduced 0, fixed 2", &["1.9", "2.0"], Scheme::Pep440), "[..2] no fix");
        assert_eq!(shown("introduced 0, fixed 2", &["1.9"], Scheme::Pep440), "[..2) fix 2");
    }

    /// PYSEC-2021-114: wagtail 2.11.6 is listed, and 2.11.7 fixes it, but by the schema nothing is open there.
    #[test]
    fn a_fix_that_crossing_events_lose_is_still_named() {
        let events =
            "introduced 2.11, fixed 2.11.7, introduced 0, fixed 2.11.6, introduced 2.12, fixed 2.12.4";
        let found = shown(events, &["2.11.5", "2.11.6", "2.12"], Scheme::Pep440);
        assert_eq!(found, "[..2.11.6] [2.12..2.12.4) fix 2.11.7");
        assert_eq!(shown("introduced 0, fixed 3, fixed 1.2, fixed 2", &[], Scheme::Pep440), "[..1.2) fix 2");
    }

    #[test]
    fn zero_is_before_every_pre_release() {
        let found = shown("introduced 0, fixed 0.0.0-alpha", &[], Scheme::Npm);
        assert_eq!(found, "[..0.0.0-alpha) fix 0.0.0-alpha");
    }

    #[test]
    fn events_that_cannot_be_compared_keep_their_order() {
        assert_eq!(
            shown("introduced 0, fixed !?, introduced 3, fixed 4", &[], Scheme::Pep440),
            "[..!?) [3..4) fix 4"
        );
    }
}
