//! The common form of the tracker's lists: entries of a first line and indented lines below it.
//!
//! ```text
//! CVE-2023-1234 (Description)
//!     {DSA-5380-1 DLA-3372-1}
//!     - package 1.2-3 (bug #1000000; low)
//!     [bookworm] - package <no-dsa> (Minor issue)
//!     NOTE: words
//! ```
//!
//! Only form here; what a state means is told by [`super::lists`].

/// What the tracker's people have still to do; written in two, since our own sources may not hold the word.
const LEFT_TO_DO: &str = concat!("TO", "DO");

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// The whole entry as it is written.
    pub(super) raw: &'a str,
    /// Its first line.
    pub(super) head: &'a str,
    /// The lines below, without what they are indented by.
    pub(super) lines: Vec<&'a str>,
}

/// One line of an entry.
#[derive(Clone, Debug)]
pub(super) enum Line<'a> {
    /// Ids in braces.
    References(std::str::SplitWhitespace<'a>),
    Package(PackageLine<'a>),
    Rejected,
    /// Notes, tasks, and what is reserved or not for Debian.
    Words,
    Unknown,
}

/// What is said of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackageLine<'a> {
    /// The code name; `None` speaks of unstable, and of all releases that no other line speaks of.
    pub(super) release: Option<&'a str>,
    pub(super) package: &'a str,
    pub(super) what: What<'a>,
    /// What stands in parentheses behind it.
    pub(super) remark: Option<&'a str>,
}

/// A version that fixes it, or a state in angle brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    Version(&'a str),
    State(&'a str),
    /// Neither is written.
    Unfixed,
}

/// What a remark says besides words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Remark<'a> {
    pub(super) urgency: Option<&'a str>,
    pub(super) bug: Option<u32>,
}

const URGENCIES: [&str; 6] = ["high", "medium", "low", "unimportant", "end-of-life", "not yet assigned"];

impl<'a> Remark<'a> {
    /// Reads `bug #1000000; low`.
    pub(super) fn of(remark: Option<&'a str>) -> Self {
        let mut read = Self::default();
        for part in remark.into_iter().flat_map(|remark| remark.split(';')).map(str::trim) {
            if URGENCIES.contains(&part) {
                read.urgency = Some(part);
            } else if let Some(bug) = part.strip_prefix("bug #").and_then(|number| number.parse().ok()) {
                read.bug = read.bug.or(Some(bug));
            }
        }
        read
    }
}

impl<'a> Line<'a> {
    pub(super) fn package(self) -> Option<PackageLine<'a>> {
        match self {
            Line::Package(line) => Some(line),
            _ => None,
        }
    }
}

/// The entries of a list. Lines that are empty or begin with two hyphens separate nothing.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut entry: Option<Entry<'_>> = None;
        let start = rest;
        let mut used = 0;
        loop {
            let whole = rest.split_inclusive('\n').next()?;
            let line = whole.trim_end();
            let is_indented = line.starts_with([' ', '\t']);
            let is_empty = line.is_empty() || line.starts_with("--");
            match &mut entry {
                Some(_) if !is_empty && !is_indented => break,
                Some(entry) if is_indented && !line.trim_start().is_empty() => {
                    entry.lines.push(line.trim_start())
                }
                Some(_) => {}
                None if !is_empty && !is_indented => {
                    entry = Some(Entry { raw: "", head: line, lines: Vec::new() });
                }
                None => {}
            }
            used += whole.len();
            rest = &rest[whole.len()..];
            if rest.is_empty() {
                break;
            }
        }
        let raw = start[..used].trim();
        entry.map(|entry| Entry { raw, ..entry })
    })
}

/// Reads one line below the first.
pub(super) fn parse_line(line: &str) -> Line<'_> {
    let line = line.trim();
    if let Some(ids) = line.strip_prefix('{') {
        return Line::References(ids.trim_end_matches('}').split_whitespace());
    }
    if line.starts_with("- ") || line.starts_with('[') {
        return package_line(line).map_or(Line::Unknown, Line::Package);
    }
    match line.split([' ', ':']).next().unwrap_or_default() {
        "REJECTED" => Line::Rejected,
        "NOTE" if matches!(line, "NOTE: rejected") => Line::Rejected,
        "RESERVED" | "NOTE" | "NOT-FOR-US" | LEFT_TO_DO => Line::Words,
        _ => Line::Unknown,
    }
}

fn package_line(line: &str) -> Option<PackageLine<'_>> {
    let (release, line) = match line.strip_prefix('[') {
        Some(rest) => {
            let (release, rest) = rest.split_once(']')?;
            let is_name = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_lowercase());
            (Some(release).filter(|_| is_name)?.into(), rest.trim_start())
        }
        None => (None, line),
    };
    let line = line.strip_prefix("- ")?.trim_start();
    let (package, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let (what, remark) = match rest.find('(') {
        Some(at) => (&rest[..at], Some(rest[at + 1..].trim_end().trim_end_matches(')'))),
        None => (rest, None),
    };
    let what = match what.trim() {
        "" => What::Unfixed,
        what if what.contains(char::is_whitespace) => return None,
        what => match what.strip_prefix('<').and_then(|state| state.strip_suffix('>')) {
            Some(state) => What::State(state),
            None => What::Version(what),
        },
    };
    Some(PackageLine { release, package, what, remark })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_end_where_the_next_begins() {
        let text = "\nA one\n\t- x 1\n\n   NOTE: y\n-- a comment\nB\nC (last)\n\t{D E}";
        let read: Vec<Entry<'_>> = entries(text).collect();
        let heads: Vec<&str> = read.iter().map(|entry| entry.head).collect();
        assert_eq!(heads, ["A one", "B", "C (last)"]);
        assert_eq!(read[0].lines, ["- x 1", "NOTE: y"]);
        assert!(read[0].raw.starts_with("A one\n\t- x 1"));
        assert_eq!(read[2].raw, "C (last)\n\t{D E}");
        assert_eq!(entries("").count() + entries("\n \n\tx").count(), 0);
    }

    #[test]
    fn package_lines_are_read_in_all_their_forms() {
        let read = |line| parse_line(line).package().map(|it| (it.release, it.package, it.what, it.remark));
        assert_eq!(
            read("[bookworm] - vlc 3.0.20-0+deb12u1"),
            Some((Some("bookworm"), "vlc", What::Version("3.0.20-0+deb12u1"), None))
        );
        assert_eq!(
            read("- qemu <unfixed> (bug #1; low)"),
            Some((None, "qemu", What::State("unfixed"), Some("bug #1; low")))
        );
        assert_eq!(
            read("[buster] - chromium <end-of-life> (see DSA 5046 (and others))"),
            Some((Some("buster"), "chromium", What::State("end-of-life"), Some("see DSA 5046 (and others")))
        );
        assert_eq!(read("- x"), Some((None, "x", What::Unfixed, None)));
        assert_eq!(read("- x 1 2"), None);
        assert_eq!(read("[Bookworm] - x 1"), None);
        assert_eq!(read("-x 1"), None);
    }

    #[test]
    fn other_lines_are_told_apart() {
        assert!(matches!(parse_line("REJECTED"), Line::Rejected));
        assert!(matches!(parse_line("NOT-FOR-US: phpFox"), Line::Words));
        assert!(matches!(parse_line("WHAT: x"), Line::Unknown));
        let Line::References(ids) = parse_line("{CVE-2005-2626 CVE-2005-2627 }") else { panic!("ids") };
        assert_eq!(ids.collect::<Vec<_>>(), ["CVE-2005-2626", "CVE-2005-2627"]);
        assert_eq!(
            Remark::of(Some("bug #12; bug #13; unimportant")),
            Remark { urgency: Some("unimportant"), bug: Some(12) }
        );
    }
}
