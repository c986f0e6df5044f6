//! The cursor of bulk lists: where an export stands, as text that is a query itself.
//!
//! An export has an end, or it would never finish while writers are faster than the reader. The end is the last change
//! that the reader could see when it was fixed. It travels beside the cursor, so that the cursor keeps the documented form,
//! and is also understood inside it, as `updated<=E`. An end alone would lose the records that change while the export runs,
//! because they move behind it. So an export has two parts. First come the records up to the end, by (`updated`, `uuid`). Then come those
//! that existed at the end and have changed since: all at once if they fit the page, else by `uuid` alone, an order in which
//! nothing can run away: `uuid>U AND updated>E`. Every record that lives through the export is returned, none twice at
//! the same version (the first part shows versions up to the end, the second later ones), and the number of pages is bounded by
//! what existed at the end. All of it is in the text, so restarts and several processes change nothing.
//!
//! The first link has exactly the documented form and names no end; the end is fixed when the second page is asked for.
//! Nothing is lost by that: what changed in between has moved to a place that the second page still reads.

use std::fmt::Write as _;

use model::Timestamp;
use qql::{Expr, Op, Query, Term, Value};
use uuid::Uuid;

/// How far an export has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Nothing was returned yet.
    Start,
    /// `updated>=T AND not uuid: [U, ...]`: everything before T was returned, and those at T.
    Listed(Timestamp, Vec<Uuid>),
    /// `(updated>T or (updated:T and uuid>U))`: everything up to (T, U) was returned.
    After(Timestamp, Uuid),
    /// `uuid>U AND updated>E`: the second part, by `uuid`.
    Moved(Uuid, Timestamp),
}

/// A cursor taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) position: Position,
    /// The end of the export, if it was fixed already.
    pub(crate) end: Option<Timestamp>,
    /// Conditions that a client added or wrote instead of a cursor of ours. They go on from page to page.
    pub(crate) rest: Vec<Expr>,
}

impl Cursor {
    /// Takes the end out of the cursor, for a client that carries it beside the text. The second part names its end
    /// itself and keeps it.
    pub(crate) fn take_end(&mut self) -> Option<Timestamp> {
        if matches!(self.position, Position::Moved(..)) { None } else { self.end.take() }
    }

    /// Puts an end that came beside the text back in; one in the text itself stands.
    pub(crate) fn put_end(&mut self, end: Option<Timestamp>) {
        if matches!(self.position, Position::Listed(..) | Position::After(..)) {
            self.end = self.end.or(end);
        }
    }

    /// Takes the query of a client apart. Whatever is not one of our forms is an ordinary condition.
    pub(crate) fn of(query: Option<&Query>) -> Self {
        let conditions = match query.and_then(|query| query.root.as_ref()) {
            None => Vec::new(),
            Some(Expr::And(conditions)) => conditions.clone(),
            Some(other) => vec![other.clone()],
        };
        let (position, taken) = Self::position(&conditions).unwrap_or((Position::Start, 0));
        let mut rest = conditions.into_iter().skip(taken).peekable();
        let end = match &position {
            Position::Start => None,
            Position::Moved(_, end) => Some(*end),
            Position::Listed(..) | Position::After(..) => {
                let end = rest.peek().and_then(|condition| updated(condition, Op::LessEqual));
                end.inspect(|_| drop(rest.next()))
            }
        };
        Self { position, end, rest: rest.collect() }
    }

    fn position(conditions: &[Expr]) -> Option<(Position, usize)> {
        match conditions {
            [first, Expr::Not(second), ..] if updated(first, Op::GreaterEqual).is_some() => {
                Some((Position::Listed(updated(first, Op::GreaterEqual)?, uuids(second)?), 2))
            }
            [first, second, ..] if uuid(first, Op::Greater).is_some() => {
                Some((Position::Moved(uuid(first, Op::Greater)?, updated(second, Op::Greater)?), 2))
            }
            [Expr::Or(either), ..] => match either.as_slice() {
                [later, Expr::And(same)] => match same.as_slice() {
                    [at, beyond] => {
                        let time = updated(later, Op::Greater)?;
                        let same_time = updated(at, Op::Match)? == time;
                        same_time.then_some((Position::After(time, uuid(beyond, Op::Greater)?), 1))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}

impl std::fmt::Display for Cursor {
    /// The text of the cursor, as it stands decoded in a link.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        match &self.position {
            Position::Start => {}
            Position::Listed(time, uuids) => {
                let uuids: Vec<String> = uuids.iter().map(Uuid::to_string).collect();
                let _ = write!(text, "updated>={} AND not uuid: [{}]", time.0, uuids.join(","));
            }
            Position::After(time, uuid) => {
                let _ = write!(text, "(updated>{0} or (updated:{0} and uuid>{uuid}))", time.0);
            }
            Position::Moved(uuid, end) => {
                let _ = write!(text, "uuid>{uuid} AND updated>{}", end.0);
            }
        }
        if let Some(end) = self.end.filter(|_| !matches!(self.position, Position::Moved(..))) {
            let _ = write!(text, " AND updated<={}", end.0);
        }
        for condition in &self.rest {
            let _ = write!(text, " AND ({condition})");
        }
        f.write_str(text.trim_start_matches(" AND "))
    }
}

fn scalar<'a>(condition: &'a Expr, name: &str, op: Op) -> Option<&'a str> {
    match condition {
        Expr::Term(Term { token, op: own, value: Value::Scalar(scalar) })
            if token.name == name && *own == op =>
        {
            Some(scalar.text.trim())
        }
        _ => None,
    }
}

/// The milliseconds of `updated OP n`; dates of other forms are not ours.
fn updated(condition: &Expr, op: Op) -> Option<Timestamp> {
    scalar(condition, "updated", op)?.parse().ok().map(Timestamp)
}

fn uuid(condition: &Expr, op: Op) -> Option<Uuid> {
    scalar(condition, "uuid", op)?.parse().ok()
}

/// The items of `uuid:[...]`; `None` if one of them is no uuid.
fn uuids(condition: &Expr) -> Option<Vec<Uuid>> {
    match condition {
        Expr::Term(Term { token, op: Op::Match, value: Value::List(items) }) if token.name == "uuid" => {
            items.iter().map(|item| item.text.trim().parse().ok()).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: &str = "0b1c2d3e-1111-3222-8333-444455556666";

    fn cursor(text: &str) -> Cursor {
        Cursor::of(Some(&qql::parse(text).unwrap()))
    }

    #[test]
    fn our_own_forms_are_recognised_and_printed_back() {
        for text in [
            format!("updated>=1700000000123 AND not uuid: [{U}]"),
            format!("updated>=1700000000123 AND not uuid: [{U},{U}] AND updated<=5"),
            format!("(updated>1000 or (updated:1000 and uuid>{U}))"),
            format!("(updated>1000 or (updated:1000 and uuid>{U})) AND updated<=5 AND (uuid:x)"),
            format!("uuid>{U} AND updated>7"),
        ] {
            let cursor = cursor(&text);
            assert_ne!(cursor.position, Position::Start, "{text}");
            assert_eq!(cursor.to_string(), text);
        }
    }

    #[test]
    fn spelling_does_not_matter() {
        let own = cursor(&format!("updated>=5 AND not uuid: [{U}] AND updated<=9"));
        assert_eq!(cursor(&format!("updated >= 5 and NOT uuid:[`{U}`] and updated<='9'")), own);
        assert_eq!((own.end, own.rest.len()), (Some(Timestamp(9)), 0));
    }

    #[test]
    fn anything_else_is_an_ordinary_condition() {
        for text in [
            "updated>=now-7d AND not uuid: [x]",
            "updated<=5",
            "(updated>5 or (updated:6 and uuid>0b1c2d3e-1111-3222-8333-444455556666))",
            "uuid:x or updated>5",
        ] {
            let cursor = cursor(text);
            assert_eq!((cursor.position, cursor.end), (Position::Start, None), "{text}");
            assert!(!cursor.rest.is_empty());
        }
        assert_eq!(Cursor::of(None).to_string(), "");
    }
}
