//! OSV events into ranges, by the schema's evaluation algorithm
//! (<https://ossf.github.io/osv-schema/#evaluation>): events in version order switch "affected" on and off.

use std::cmp::Ordering;

use model::{AffectedRange, Bound};
use version::Scheme;

use super::schema::OsvEvent;

/// A switch at a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Switch {
    On,
    /// Off from this version on.
    Off,
    /// Off after this version.
    OffAfter,
}

/// Ranges of one list of events, in version order, and the last fixed version among them.
///
/// Events are sorted if every version can be compared; otherwise the publisher's order is kept, which is the right
/// one in practice. Equal versions keep the publisher's order.
pub(super) fn ranges(events: &[OsvEvent], scheme: Option<Scheme>) -> (Vec<AffectedRange>, Option<String>) {
    let mut switches = switches(events);
    sort(&mut switches, scheme);
    let mut ranges = Vec::new();
    let mut fix = None;
    let mut open: Option<String> = None;
    for (switch, version) in switches {
        match (switch, open.take()) {
            (Switch::On, None) => open = Some(version),
            (Switch::On, Some(start)) => open = Some(start),
            (_, None) => {}
            (Switch::Off, Some(start)) if start == version => {}
            (Switch::Off, Some(start)) => {
                fix = Some(version.clone());
                ranges.push(range(start, Bound::Fixed(version)));
            }
            (Switch::OffAfter, Some(start)) => ranges.push(range(start, Bound::LastAffected(version))),
        }
    }
    if let Some(start) = open {
        ranges.push(range(start, Bound::Open));
    }
    clip(&mut ranges, events, scheme);
    (ranges, fix)
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

/// Sorts by version, stable; leaves the order as it is if any two cannot be compared.
fn sort(switches: &mut [(Switch, String)], scheme: Option<Scheme>) {
    let Some(scheme) = scheme else { return };
    let comparable =
        switches.iter().all(|(_, version)| is_zero(version) || version::check(scheme, version).is_ok());
    if comparable {
        switches.sort_by(|(_, a), (_, b)| order(scheme, a, b).unwrap_or(Ordering::Equal));
    }
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

/// Applies `limit` events: nothing from the highest limit on is affected. `*` means no limit.
fn clip(ranges: &mut Vec<AffectedRange>, events: &[OsvEvent], scheme: Option<Scheme>) {
    let limits: Vec<&str> = events.iter().filter_map(|event| event.limit.as_deref()).collect();
    let (Some(scheme), false) = (scheme, limits.is_empty() || limits.contains(&"*")) else { return };
    let highest =
        limits.into_iter().reduce(|a, b| if order(scheme, a, b) == Some(Ordering::Less) { b } else { a });
    let Some(limit) = highest else { return };
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `introduced 0, fixed 1.2` and prints `[..1.2)`.
    fn shown(text: &str, scheme: Scheme) -> String {
        let events: Vec<OsvEvent> = text
            .split(", ")
            .map(|event| {
                let (kind, version) = event.split_once(' ').unwrap();
                let version = Some(version.to_owned());
                match kind {
                    "introduced" => OsvEvent { introduced: version, ..OsvEvent::default() },
                    "fixed" => OsvEvent { fixed: version, ..OsvEvent::default() },
                    "last" => OsvEvent { last_affected: version, ..OsvEvent::default() },
                    _ => OsvEvent { limit: version, ..OsvEvent::default() },
                }
            })
            .collect();
        let (ranges, fix) = ranges(&events, Some(scheme));
        let mut text = String::new();
        for range in ranges {
            let start = range.introduced.unwrap_or_default();
            text += &match range.end {
                Bound::Open => format!("[{start}..) "),
                Bound::Fixed(end) => format!("[{start}..{end}) "),
                Bound::LastAffected(end) => format!("[{start}..{end}] "),
            };
        }
        text + &fix.map_or("no fix".to_owned(), |fix| format!("fix {fix}"))
    }

    #[test]
    fn events_become_ranges_by_the_schema() {
        let table = [
            ("introduced 0, fixed 1.2", "[..1.2) fix 1.2"),
            ("introduced 0", "[..) no fix"),
            ("introduced 1, last 2", "[1..2] no fix"),
            ("introduced 0, fixed 1.4, introduced 2.0, fixed 2.10", "[..1.4) [2.0..2.10) fix 2.10"),
            ("introduced 2.0, introduced 0, fixed 2.10, fixed 1.4", "[..1.4) [2.0..2.10) fix 2.10"),
            ("introduced 0, fixed 3, fixed 1.2, fixed 2", "[..1.2) fix 1.2"),
            ("introduced 1, introduced 2, fixed 3", "[1..3) fix 3"),
            ("introduced 1, fixed 1", "no fix"),
            ("introduced 1, fixed 2, introduced 2, fixed 3", "[1..2) [2..3) fix 3"),
            ("fixed 2", "no fix"),
            ("introduced 0, limit 2", "[..2) no fix"),
            ("introduced 0, fixed 1, limit 2", "[..1) fix 1"),
            ("introduced 0, limit *", "[..) no fix"),
            ("introduced 0, last 1.5, last 1.7", "[..1.5] no fix"),
        ];
        for (events, expected) in table {
            assert_eq!(shown(events, Scheme::Pep440), expected, "{events}");
        }
    }

    #[test]
    fn zero_is_before_every_pre_release() {
        assert_eq!(shown("introduced 0, fixed 0.0.0-alpha", Scheme::Npm), "[..0.0.0-alpha) fix 0.0.0-alpha");
    }

    #[test]
    fn events_that_cannot_be_compared_keep_their_order() {
        assert_eq!(
            shown("introduced 0, fixed !?, introduced 3, fixed 2", Scheme::Pep440),
            "[..!?) [3..2) fix 2"
        );
    }
}
