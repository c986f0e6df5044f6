//! Numbers and times: comparisons and ranges become ranges with both ends included.
//!
//! Ends are reckoned wider than values are, so that nothing overflows, and cut to what values can be at the end.

use crate::ast::{Op, Range, Scalar, Value};
use crate::date::parse_date;
use crate::error::QueryError;
use crate::fields::FieldType;
use crate::value::quoted_range;

use super::value::Reader;

/// A value between the least number not below it and the greatest one not above it; both are the same if it is exact.
#[derive(Clone, Copy)]
struct Span {
    /// What is not below the value.
    first: i128,
    /// What is not above the value.
    last: i128,
}

impl Reader<'_> {
    /// The ranges of numbers or times that a term asks for.
    pub(super) fn ranges(&self) -> Result<Vec<(i64, i64)>, QueryError> {
        let all = match &self.term.value {
            Value::List(items) => items.iter().map(|item| self.list_item(item)).collect::<Result<_, _>>()?,
            Value::Range(range) => vec![self.range(range)?],
            Value::Scalar(scalar) => match quoted_range(scalar).filter(|_| self.term.op == Op::Match) {
                Some(range) => vec![self.range(&range)?],
                None => vec![compared(self.term.op, self.span(scalar)?)],
            },
        };
        Ok(all.into_iter().filter_map(clamped).collect())
    }

    /// An item of a list: a value, or `a-b` for numbers.
    fn list_item(&self, item: &Scalar) -> Result<(i128, i128), QueryError> {
        let read = |text: &str| self.read(text);
        if self.field.kind != FieldType::Date
            && read(&item.text).is_none()
            && let Some((lower, upper)) = item.text.split_once('-')
            && let (Some(lower), Some(upper)) = (read(lower), read(upper))
        {
            return Ok((lower.first, upper.last));
        }
        self.span(item).map(|span| (span.first, span.last))
    }

    fn range(&self, range: &Range) -> Result<(i128, i128), QueryError> {
        let lower = match &range.lower {
            None => i128::MIN,
            Some(end) if range.lower_inclusive => self.span(end)?.first,
            Some(end) => self.span(end)?.last.saturating_add(1),
        };
        let upper = match &range.upper {
            None => i128::MAX,
            Some(end) if range.upper_inclusive => self.span(end)?.last,
            Some(end) => self.span(end)?.first.saturating_sub(1),
        };
        Ok((lower, upper))
    }

    fn span(&self, scalar: &Scalar) -> Result<Span, QueryError> {
        self.read(&scalar.text).ok_or_else(|| {
            let expected = match self.field.kind {
                FieldType::Date => "a date, such as `now-7d`, `2024-05-01` or milliseconds",
                FieldType::Decimal => "a number, such as `7.5`",
                _ => "a whole number, such as `5`",
            };
            self.wrong_type(scalar, expected)
        })
    }

    fn read(&self, text: &str) -> Option<Span> {
        match self.field.kind {
            FieldType::Date => {
                let period = parse_date(text, self.now)?;
                Some(Span { first: i128::from(period.start.0), last: i128::from(period.end.0) })
            }
            FieldType::Decimal => read_decimal(text.trim()),
            _ => text.trim().parse().ok().map(|number: i128| Span { first: number, last: number }),
        }
    }
}

/// The numbers that compare so with a value.
fn compared(op: Op, value: Span) -> (i128, i128) {
    match op {
        Op::Match | Op::Equal | Op::NotEqual => (value.first, value.last),
        Op::Less => (i128::MIN, value.first.saturating_sub(1)),
        Op::LessEqual => (i128::MIN, value.last),
        Op::Greater => (value.last.saturating_add(1), i128::MAX),
        Op::GreaterEqual => (value.first, i128::MAX),
    }
}

/// What of a range values can have.
fn clamped((lower, upper): (i128, i128)) -> Option<(i64, i64)> {
    if lower > upper || lower > i128::from(i64::MAX) || upper < i128::from(i64::MIN) {
        return None;
    }
    Some((i64::try_from(lower).unwrap_or(i64::MIN), i64::try_from(upper).unwrap_or(i64::MAX)))
}

/// A decimal number in thousandths; one with more places lies between two of them, and equals none.
fn read_decimal(text: &str) -> Option<Span> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(places) || whole.len() > 20 || whole.len() + places.len() == 0 {
        return None;
    }
    let cut = places.len().min(3);
    let thousandths = format!("0{whole}{:0<3}", &places[..cut]).parse::<i128>().ok()?;
    let rest = i128::from(places[cut..].bytes().any(|byte| byte != b'0'));
    Some(if negative {
        Span { first: -thousandths, last: -thousandths - rest }
    } else {
        Span { first: thousandths + rest, last: thousandths }
    })
}
