//! A query resolved against the tokens of an entity: values read, types checked, ready to be asked.
//!
//! It is exact: a record is in the answer if and only if the query as written says so. The bounds that it gives for
//! `updated` only save work.

use std::collections::BTreeSet;

use model::Timestamp;
use qql::fields::{Entity, FieldType, resolve, resolve_group};
use qql::{Expr, Op, Period, QueryError, Range, Scalar, Term, Value, parse_date, quoted_range};
use uuid::Uuid;

use crate::column::Scalars;

/// A resolved condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    /// `updated` lies within both ends, both included.
    Updated(Timestamp, Timestamp),
    /// `uuid` is one of them.
    UuidIn(BTreeSet<Uuid>),
    /// `uuid` compares so.
    UuidIs(Op, Uuid),
    Constant(bool),
}

const ALWAYS: (Timestamp, Timestamp) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
const NEVER: (Timestamp, Timestamp) = (Timestamp(i64::MAX), Timestamp(i64::MIN));

impl Predicate {
    /// Resolves a whole query; none and the empty one hold for everything.
    pub(crate) fn of(entity: Entity, query: Option<&qql::Query>, now: Timestamp) -> Result<Self, QueryError> {
        let root = query.and_then(|query| query.root.as_ref());
        root.map_or(Ok(Self::Constant(true)), |root| Resolver { entity, now }.expr(root))
    }

    /// Resolves conditions that must all hold.
    pub(crate) fn of_all(entity: Entity, conditions: &[Expr], now: Timestamp) -> Result<Self, QueryError> {
        let resolver = Resolver { entity, now };
        Ok(Self::All(conditions.iter().map(|condition| resolver.expr(condition)).collect::<Result<_, _>>()?))
    }

    /// Whether the condition holds for a record.
    pub(crate) fn holds(&self, record: &Scalars) -> bool {
        match self {
            Self::All(operands) => operands.iter().all(|operand| operand.holds(record)),
            Self::Any(operands) => operands.iter().any(|operand| operand.holds(record)),
            Self::Not(inner) => !inner.holds(record),
            Self::Updated(from, to) => (*from..=*to).contains(&record.updated),
            Self::UuidIn(uuids) => uuids.contains(&record.uuid),
            Self::UuidIs(op, uuid) => match op {
                Op::Less => record.uuid < *uuid,
                Op::LessEqual => record.uuid <= *uuid,
                Op::Greater => record.uuid > *uuid,
                Op::GreaterEqual => record.uuid >= *uuid,
                Op::NotEqual => record.uuid != *uuid,
                Op::Equal | Op::Match => record.uuid == *uuid,
            },
            Self::Constant(holds) => *holds,
        }
    }

    /// The least and the greatest `updated` that a record for which it holds can have.
    pub(crate) fn updated_bounds(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::All(operands) => operands.iter().fold(ALWAYS, |bounds, operand| {
                let (from, to) = operand.updated_bounds();
                (bounds.0.max(from), bounds.1.min(to))
            }),
            Self::Any(operands) => operands.iter().fold(NEVER, |bounds, operand| {
                let (from, to) = operand.updated_bounds();
                (bounds.0.min(from), bounds.1.max(to))
            }),
            Self::Updated(from, to) => (*from, *to),
            Self::Constant(false) => NEVER,
            Self::Not(_) | Self::UuidIn(_) | Self::UuidIs(..) | Self::Constant(true) => ALWAYS,
        }
    }
}

struct Resolver {
    entity: Entity,
    now: Timestamp,
}

impl Resolver {
    fn expr(&self, expr: &Expr) -> Result<Predicate, QueryError> {
        let all =
            |operands: &[Expr]| operands.iter().map(|operand| self.expr(operand)).collect::<Result<_, _>>();
        match expr {
            Expr::And(operands) => Ok(Predicate::All(all(operands)?)),
            Expr::Or(operands) => Ok(Predicate::Any(all(operands)?)),
            Expr::Not(inner) => Ok(Predicate::Not(Box::new(self.expr(inner)?))),
            Expr::Term(term) => self.term(term),
            Expr::Nested { token, .. } => Err(resolve_group(self.entity, token)),
            // every searchable token has a value in every record
            Expr::IsNull(token) => resolve(self.entity, token).map(|_| Predicate::Constant(false)),
            Expr::FreeText(text) => Err(QueryError::ConstructNotSupportedYet {
                what: "a search for words without a token".to_owned(),
                column: text.place.0,
            }),
        }
    }

    fn term(&self, term: &Term) -> Result<Predicate, QueryError> {
        let field = resolve(self.entity, &term.token)?;
        match (field.name, field.kind) {
            ("updated", FieldType::Date) => self.date(term),
            ("uuid", FieldType::Keyword) => uuid(term),
            _ => Err(QueryError::NotSupportedYet {
                token: term.token.name.clone(),
                column: term.token.place.0,
            }),
        }
    }

    fn date(&self, term: &Term) -> Result<Predicate, QueryError> {
        match &term.value {
            Value::List(items) => {
                let days = items.iter().map(|item| Ok(within(self.period(term, item)?)));
                Ok(Predicate::Any(days.collect::<Result<_, _>>()?))
            }
            Value::Range(range) => self.date_range(term, range),
            Value::Scalar(scalar) => {
                if let Some(range) = quoted_range(scalar).filter(|_| term.op == Op::Match) {
                    return self.date_range(term, &range);
                }
                let period = self.period(term, scalar)?;
                Ok(match term.op {
                    Op::Match | Op::Equal => within(period),
                    Op::NotEqual => Predicate::Not(Box::new(within(period))),
                    Op::Less => before(period.start),
                    Op::LessEqual => Predicate::Updated(ALWAYS.0, period.end),
                    Op::Greater => after(period.end),
                    Op::GreaterEqual => Predicate::Updated(period.start, ALWAYS.1),
                })
            }
        }
    }

    fn date_range(&self, term: &Term, range: &Range) -> Result<Predicate, QueryError> {
        let mut ends = Vec::new();
        if let Some(lower) = &range.lower {
            let period = self.period(term, lower)?;
            ends.push(if range.lower_inclusive {
                Predicate::Updated(period.start, ALWAYS.1)
            } else {
                after(period.end)
            });
        }
        if let Some(upper) = &range.upper {
            let period = self.period(term, upper)?;
            ends.push(if range.upper_inclusive {
                Predicate::Updated(ALWAYS.0, period.end)
            } else {
                before(period.start)
            });
        }
        Ok(Predicate::All(ends))
    }

    fn period(&self, term: &Term, scalar: &Scalar) -> Result<Period, QueryError> {
        parse_date(&scalar.text, self.now).ok_or_else(|| wrong_type(term, scalar, "a date"))
    }
}

fn within(period: Period) -> Predicate {
    Predicate::Updated(period.start, period.end)
}

fn before(moment: Timestamp) -> Predicate {
    match moment.0.checked_sub(1) {
        Some(last) => Predicate::Updated(ALWAYS.0, Timestamp(last)),
        None => Predicate::Constant(false),
    }
}

fn after(moment: Timestamp) -> Predicate {
    match moment.0.checked_add(1) {
        Some(first) => Predicate::Updated(Timestamp(first), ALWAYS.1),
        None => Predicate::Constant(false),
    }
}

/// A uuid is a keyword: text that is no uuid equals none, and only an order needs it to be one.
fn uuid(term: &Term) -> Result<Predicate, QueryError> {
    let one = |scalar: &Scalar| scalar.text.trim().parse::<Uuid>().ok();
    match (&term.value, term.op) {
        (Value::List(items), _) => Ok(Predicate::UuidIn(items.iter().filter_map(one).collect())),
        (Value::Scalar(scalar), Op::Match | Op::Equal) => {
            Ok(one(scalar).map_or(Predicate::Constant(false), |uuid| Predicate::UuidIs(Op::Equal, uuid)))
        }
        (Value::Scalar(scalar), Op::NotEqual) => {
            Ok(one(scalar).map_or(Predicate::Constant(true), |uuid| Predicate::UuidIs(Op::NotEqual, uuid)))
        }
        (Value::Scalar(scalar), op) => one(scalar)
            .map(|uuid| Predicate::UuidIs(op, uuid))
            .ok_or_else(|| wrong_type(term, scalar, "a uuid")),
        (Value::Range(range), _) => {
            let Some(end) = range.lower.as_ref().or(range.upper.as_ref()) else {
                return Ok(Predicate::Constant(true));
            };
            Err(wrong_type(term, end, "a uuid or a list of them"))
        }
    }
}

fn wrong_type(term: &Term, scalar: &Scalar, expected: &'static str) -> QueryError {
    QueryError::WrongType {
        token: term.token.name.clone(),
        value: scalar.text.chars().take(60).collect(),
        expected,
        column: scalar.place.0,
    }
}

#[cfg(test)]
mod tests {
    use model::Digest;

    use super::*;

    const U1: &str = "0b1c2d3e-1111-3222-8333-444455556666";

    fn predicate(text: &str) -> Result<Predicate, QueryError> {
        Predicate::of(Entity::Image, Some(&qql::parse(text)?), Timestamp(100_000_000))
    }

    fn holds(text: &str, updated: i64) -> bool {
        predicate(text).unwrap().holds(&Scalars {
            customer: Uuid::nil(),
            uuid: U1.parse().unwrap(),
            id: Digest::from_bytes([0; 32]),
            created: None,
            first_stored: Timestamp(0),
            updated: Timestamp(updated),
            tags: Vec::new(),
        })
    }

    #[test]
    fn every_form_of_comparison_means_what_it_says() {
        for (text, below, at, above) in [
            ("updated>=50", false, true, true),
            ("updated>50", false, false, true),
            ("updated<=50", true, true, false),
            ("updated<50", true, false, false),
            ("updated:50", false, true, false),
            ("updated=50", false, true, false),
            ("updated!=50", true, false, true),
            ("updated:[50 ... 50]", false, true, false),
            ("updated:(49 .. 51)", false, true, false),
            ("updated:(50 .. 51]", false, false, true),
            ("updated:[50 ..]", false, true, true),
            ("updated:`[.. 50)`", true, false, false),
            ("updated:[49, 51]", true, false, true),
            ("updated:[]", false, false, false),
            ("not updated:50", true, false, true),
            ("updated is null", false, false, false),
            ("image.updated>50 or updated<50", true, false, true),
        ] {
            let seen = (holds(text, 49), holds(text, 50), holds(text, 51));
            assert_eq!(seen, (below, at, above), "{text}");
        }
    }

    #[test]
    fn uuids_are_equal_in_any_case_and_ordered() {
        assert!(holds(&format!("uuid:{}", U1.to_uppercase()), 0));
        assert!(holds(&format!("uuid: [x, `{U1}`]"), 0));
        assert!(!holds("uuid:0b1c2d3e", 0));
        assert!(holds("uuid!=nonsense", 0));
        assert!(holds("uuid>00000000-0000-0000-0000-000000000000", 0));
        assert!(!holds(&format!("uuid<{U1}"), 0));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_its_column() {
        let error = predicate("uuid:a and updated>=soon").unwrap_err();
        assert_eq!(error.to_string(), "value `soon` (column 21) of filter token `updated` is not a date");
        assert!(matches!(predicate("uuid>x"), Err(QueryError::WrongType { .. })));
        assert!(matches!(predicate("hello"), Err(QueryError::ConstructNotSupportedYet { column: 1, .. })));
        assert!(matches!(predicate("vulnerabilities:(severity:5)"), Err(QueryError::NotSupportedYet { .. })));
        assert!(matches!(predicate("foo is null"), Err(QueryError::UnknownToken { .. })));
    }

    #[test]
    fn bounds_enclose_what_can_match() {
        let bounds = |text: &str| {
            let (from, to) = predicate(text).unwrap().updated_bounds();
            (from.0, to.0)
        };
        assert_eq!(bounds("updated>=50 and updated<60"), (50, 59));
        assert_eq!(bounds("updated:[50 .. 60] or updated:70"), (50, 70));
        assert_eq!(bounds("updated>50 or uuid:x"), (51, i64::MAX));
        assert_eq!(bounds("not updated>50"), (i64::MIN, i64::MAX));
        assert_eq!(bounds(&format!("updated>={} and updated>{}", i64::MIN, i64::MAX)), (i64::MAX, i64::MIN));
    }
}
