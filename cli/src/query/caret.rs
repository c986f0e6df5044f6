//! A mistake in a query, with the query and a mark under the place.

use fleet::Entity;
use model::Timestamp;
use qql::QueryError;

use crate::output::usage;

/// Characters of a line that are shown in front of the place and behind it.
const AROUND: usize = 60;

/// What is wrong with a query; `None` if nothing is.
pub(super) fn mistake(query: &str, entity: Entity) -> Option<anyhow::Error> {
    let parsed = qql::parse(query).and_then(|query| qql::resolve(&query, entity, Timestamp::now()));
    parsed.err().map(|error| shown(query, &error))
}

/// An error with the query under it and a mark under the place.
pub(super) fn shown(query: &str, error: &QueryError) -> anyhow::Error {
    usage(format!("{error}\n{}", marked(query, error.column() as usize)))
}

/// The line of a query in which a column lies, counted in characters from 1, and a line with a caret under it.
fn marked(query: &str, column: usize) -> String {
    let all: Vec<char> = query.chars().collect();
    let at = column.saturating_sub(1).min(all.len());
    let start = all[..at].iter().rposition(|of| *of == '\n').map_or(0, |end| end + 1);
    let end = all[at..].iter().position(|of| *of == '\n').map_or(all.len(), |length| at + length);
    let from = start.max(at.saturating_sub(AROUND));
    let to = end.min(at + AROUND);
    let line: String = all[from..to].iter().map(|of| if of.is_control() { ' ' } else { *of }).collect();
    format!("{line}\n{}^", " ".repeat(at - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(marked("a:1 and b:", 9), "a:1 and b:\n        ^");
        assert_eq!(marked("é:1 and\nb:", 10), "b:\n ^");
        assert_eq!(marked("", 1), "\n^");
        assert_eq!(marked("a\tb", 99), "a b\n   ^");
        let long = marked(&"x".repeat(500), 400);
        assert_eq!(long.lines().map(|line| line.chars().count()).collect::<Vec<_>>(), [120, 61]);
    }

    #[test]
    fn a_query_without_a_mistake_has_none() {
        assert!(mistake("severity:5", Entity::Vulnerability).is_none());
        let error = mistake("severty:5", Entity::Vulnerability).unwrap().to_string();
        assert!(error.ends_with("severty:5\n^") && error.contains("severity"), "{error}");
    }
}
