//! Following a publisher's list of changes, newest first, each with a time and a path.
//!
//! The decision a reader may doubt: a window before the newest change is looked at again each time, and the lines in it that
//! are done are remembered. A publisher's build can put a line into the past by some minutes, and a line with a
//! date in the future would otherwise hide everything that comes before that date.

use std::collections::{BTreeSet, HashSet};

use model::Timestamp;

use super::sidecar::{Progress, Validators};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) line: String,
    /// `None` if the line has none that makes sense; it is then taken for new until it was seen.
    pub(super) time: Option<Timestamp>,
    pub(super) path: String,
}

/// Which column comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// OSV: `time,id`.
    TimeFirst,
    /// CSAF: `"path","time"`.
    PathFirst,
}

/// Reads a list. Lines whose path could leave the folder, and lines that are no pairs, are passed over.
pub(super) fn parse(text: &str, form: Form) -> Vec<Change> {
    text.lines().filter_map(|line| change(line.trim(), form)).collect()
}

fn change(line: &str, form: Form) -> Option<Change> {
    let (first, second) = line.split_once(',')?;
    let (first, second) = (first.trim().trim_matches('"'), second.trim().trim_matches('"'));
    let (time, path) = match form {
        Form::TimeFirst => (first, second),
        Form::PathFirst => (second, first),
    };
    is_plain_path(path).then(|| Change {
        line: line.to_owned(),
        time: Timestamp::parse(time),
        path: path.to_owned(),
    })
}

/// Whether a path from outside stays below where it is put and needs no escaping in an address.
pub(super) fn is_plain_path(path: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+~@".contains(&byte))
    };
    path.len() <= 200 && path.split('/').count() <= 4 && path.split('/').all(plain)
}

/// Whether the end of a list that is being received is older than anything of interest.
pub(super) fn reaches(bytes: &[u8], form: Form, watermark: Timestamp) -> bool {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or_default();
    let start = bytes[..whole].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = String::from_utf8_lossy(&bytes[start..whole]);
    change(line.trim(), form).and_then(|change| change.time).is_some_and(|time| time < watermark)
}

/// The changes that are not in the file yet, each path once, newest first.
pub(super) fn news<'c>(changes: &'c [Change], progress: &Progress, now: Timestamp) -> Vec<&'c Change> {
    let seen: HashSet<&str> = progress.seen.iter().map(String::as_str).collect();
    let mut paths = HashSet::new();
    changes
        .iter()
        .filter(|change| is_open(change, progress.watermark, now) && !seen.contains(change.line.as_str()))
        .filter(|change| paths.insert(change.path.as_str()))
        .collect()
}

/// Whether a line lies in the window that is looked at: not before the watermark, or without a time to go by.
fn is_open(change: &Change, watermark: Timestamp, now: Timestamp) -> bool {
    match change.time {
        Some(time) if time <= now => time >= watermark,
        _ => true,
    }
}

/// The progress after every change of the list was taken in; the window of `overlap` milliseconds stays open.
pub(super) fn caught_up(
    changes: &[Change],
    before: &Progress,
    now: Timestamp,
    overlap: i64,
    list: Validators,
) -> Progress {
    let newest = changes.iter().filter_map(|change| change.time).filter(|time| *time <= now).max();
    let watermark =
        newest.map_or(before.watermark, |newest| before.watermark.max(Timestamp(newest.0 - overlap)));
    let open = changes.iter().filter(|change| is_open(change, watermark, now));
    Progress {
        watermark,
        seen: open.map(|change| change.line.clone()).collect(),
        complete: before.complete,
        list,
    }
}

/// The progress after only some were taken in: the rest comes next time, so the list is asked for anew.
pub(super) fn part_way(before: &Progress, done: &[&Change]) -> Progress {
    let mut seen: BTreeSet<String> = before.seen.iter().cloned().collect();
    seen.extend(done.iter().map(|change| change.line.clone()));
    Progress { seen: seen.into_iter().collect(), list: Validators::default(), ..before.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const LIST: &str = "2027-07-09T15:54:00Z,PYSEC-2025-19\n2026-07-23T14:34:38.042882Z,PYSEC-2026-1\n\
                        2026-07-23T14:00:00Z,PYSEC-2026-2\n2026-07-20T00:00:00Z,PYSEC-2026-3\n";

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn paths(changes: &[&Change]) -> Vec<String> {
        changes.iter().map(|change| change.path.clone()).collect()
    }

    #[test]
    fn a_date_in_the_future_is_taken_once_and_hides_nothing() {
        let now = at("2026-08-01T00:00:00Z");
        let list = parse(LIST, Form::TimeFirst);
        let start = Progress { watermark: at("2026-07-21"), ..Progress::default() };
        assert_eq!(paths(&news(&list, &start, now)), ["PYSEC-2025-19", "PYSEC-2026-1", "PYSEC-2026-2"]);
        let done = caught_up(&list, &start, now, HOUR, Validators::default());
        assert_eq!(done.watermark, at("2026-07-23T13:34:38.042Z"));
        assert_eq!(news(&list, &done, now), Vec::<&Change>::new());
        let later = format!("2026-07-24T00:00:00Z,PYSEC-2026-4\n{LIST}");
        assert_eq!(paths(&news(&parse(&later, Form::TimeFirst), &done, now)), ["PYSEC-2026-4"]);
        let late =
            LIST.replace("2026-07-23T14:00:00Z", "2026-07-23T13:50:00Z,PYSEC-2026-9\n2026-07-23T14:00:00Z");
        assert_eq!(paths(&news(&parse(&late, Form::TimeFirst), &done, now)), ["PYSEC-2026-9"], "put in late");
    }

    #[test]
    fn what_was_not_done_comes_again() {
        let now = at("2026-08-01T00:00:00Z");
        let list = parse(LIST, Form::TimeFirst);
        let start = Progress { watermark: at("2026-07-21"), ..Progress::default() };
        let open = news(&list, &start, now);
        let rest = part_way(&start, &open[..2]);
        assert_eq!(paths(&news(&list, &rest, now)), ["PYSEC-2026-2"]);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_passed_over() {
        let list = "\"2024/cve-2024-1.json\",\"2026-08-04T19:54:43+00:00\"\n\"../x.json\",\"2026-08-04T19:54:43+00:00\"\n\
                    \"/etc/x\",\"2026-08-04T19:54:43+00:00\"\n\"a b\",\"2026-08-04T19:54:43+00:00\"\n\"x?y\",\"z\"\nword\n";
        let found = parse(list, Form::PathFirst);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].path.as_str(), found[0].time),
            ("2024/cve-2024-1.json", Some(at("2026-08-04T19:54:43Z")))
        );
    }

    #[test]
    fn the_rest_of_a_list_is_not_needed_once_it_is_older_than_the_watermark() {
        let until = |text: &str| reaches(text.as_bytes(), Form::TimeFirst, at("2026-07-21"));
        assert!(until(LIST));
        assert!(!until(&LIST[..LIST.len() - 1]), "the last line may go on");
        assert!(!until("2026-07-23T14:34:38Z,A\n") && !until("") && !until("\n\n"));
    }
}
