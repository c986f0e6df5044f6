//! Values of terms, read by the type of their field.

use std::net::IpAddr;
use std::ops::Bound;

use model::Timestamp;

use crate::MAX_LIST;
use crate::ast::{Op, Quote, Range, Scalar, Term, Value};
use crate::condition::{Condition, Test};
use crate::date::parse_date;
use crate::error::{QueryError, shorten};
use crate::fields::{Field, FieldId, FieldType, Form, ImageField};
use crate::test::{DateTest, IpRange, IpTest, KeywordTest, NumberTest, TextTest, ip_number};
use crate::value::quoted_range;

use super::misused;

/// The condition on a field that a term states, and whether its negation is meant (`!=`).
pub(super) fn condition(term: &Term, field: &Field, now: Timestamp) -> Result<(Condition, bool), QueryError> {
    let reader = Reader { term, field, now };
    if let Value::List(items) = &term.value
        && items.len() > MAX_LIST
    {
        return Err(QueryError::TooMany {
            token: shorten(&term.token.name),
            column: term.token.place.0,
            length: items.len(),
            limit: MAX_LIST,
        });
    }
    let condition = match field.kind {
        FieldType::Text => reader.test(Test::Text(reader.text()?)),
        FieldType::Keyword => reader.test(Test::Keyword(reader.keyword()?)),
        FieldType::Integer | FieldType::Decimal => reader.test(Test::Number(NumberTest::new(reader.ranges()?))),
        FieldType::Date => reader.date()?,
        FieldType::Bool => reader.boolean()?,
        FieldType::Ip => reader.test(Test::Ip(reader.addresses()?)),
    };
    Ok((condition, term.op == Op::NotEqual))
}

/// Adds what a scalar asks of text.
pub(super) fn add_text(test: &mut TextTest, scalar: &Scalar) {
    match scalar.quote {
        Quote::Bare => test.or_words(&scalar.text),
        Quote::Double => test.or_phrase(&scalar.text),
        Quote::Back | Quote::Single => test.or_exact(&scalar.text),
    }
}

/// A value between the least number not below it and the greatest one not above it; both are the same if it is exact.
#[derive(Clone, Copy)]
struct Span {
    /// What is not below the value.
    first: i128,
    /// What is not above the value.
    last: i128,
}

struct Reader<'a> {
    term: &'a Term,
    field: &'a Field,
    now: Timestamp,
}

impl Reader<'_> {
    fn test(&self, test: Test) -> Condition {
        Condition::Test { field: self.field.id, test }
    }

    fn misused(&self, problem: &str) -> QueryError {
        misused(&self.term.token, problem.to_owned())
    }

    fn wrong_type(&self, scalar: &Scalar, expected: &'static str) -> QueryError {
        QueryError::WrongType {
            token: shorten(&self.term.token.name),
            value: shorten(&scalar.text),
            expected,
            column: scalar.place.0,
        }
    }

    /// The written values, for types without an order.
    fn scalars(&self, no_order: &str) -> Result<&[Scalar], QueryError> {
        match (&self.term.value, self.term.op) {
            (Value::Scalar(scalar), Op::Match | Op::Equal | Op::NotEqual) => Ok(std::slice::from_ref(scalar)),
            (Value::List(items), _) => Ok(items),
            _ => Err(self.misused(no_order)),
        }
    }

    fn text(&self) -> Result<TextTest, QueryError> {
        let mut test = TextTest::default();
        for scalar in self.scalars("is text, which has no order; use `:`, `=` or `!=`")? {
            if self.term.op == Op::Match {
                add_text(&mut test, scalar);
            } else {
                test.or_exact(&scalar.text);
            }
        }
        Ok(test)
    }

    fn keyword(&self) -> Result<KeywordTest, QueryError> {
        let form = self.field.spec.form;
        if form == Form::Uuid
            && let Some(range) = self.uuid_range()?
        {
            return Ok(range);
        }
        let mut values = Vec::new();
        let mut prefixes = Vec::new();
        for scalar in self.scalars("is a keyword, which has no order; use `:`, `=`, `!=` or a list")? {
            let text = scalar.text.as_str();
            match text.strip_suffix('*') {
                Some(prefix) if self.term.op == Op::Match && scalar.quote == Quote::Bare => prefixes.push(prefix),
                _ => {
                    self.check_exists(scalar)?;
                    values.push(text);
                }
            }
        }
        Ok(KeywordTest::new(form, values, prefixes))
    }

    /// Refuses a value that cannot exist, if all are known.
    fn check_exists(&self, scalar: &Scalar) -> Result<(), QueryError> {
        let spec = &self.field.spec;
        if !spec.closed || spec.values.iter().any(|value| value.eq_ignore_ascii_case(&scalar.text)) {
            return Ok(());
        }
        Err(QueryError::UnknownValue {
            token: shorten(&self.term.token.name),
            value: shorten(&scalar.text),
            allowed: spec.values.join(", "),
            column: scalar.place.0,
        })
    }

    /// UUIDs have an order, because exports go along it.
    fn uuid_range(&self) -> Result<Option<KeywordTest>, QueryError> {
        let read = |scalar: &Scalar| {
            let text = Form::Uuid.normalise(&scalar.text).into_owned();
            let is_uuid = crate::test::is_uuid(&text);
            if is_uuid { Ok(text) } else { Err(self.wrong_type(scalar, UUID)) }
        };
        let bounds = match (&self.term.value, self.term.op) {
            (Value::Scalar(scalar), Op::Less) => (Bound::Unbounded, Bound::Excluded(read(scalar)?)),
            (Value::Scalar(scalar), Op::LessEqual) => (Bound::Unbounded, Bound::Included(read(scalar)?)),
            (Value::Scalar(scalar), Op::Greater) => (Bound::Excluded(read(scalar)?), Bound::Unbounded),
            (Value::Scalar(scalar), Op::GreaterEqual) => (Bound::Included(read(scalar)?), Bound::Unbounded),
            (Value::Range(range), _) => {
                let bound = |end: &Option<Scalar>, inclusive: bool| match end {
                    None => Ok(Bound::Unbounded),
                    Some(end) if inclusive => read(end).map(Bound::Included),
                    Some(end) => read(end).map(Bound::Excluded),
                };
                (bound(&range.lower, range.lower_inclusive)?, bound(&range.upper, range.upper_inclusive)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(KeywordTest::between(bounds.0, bounds.1)))
    }

    fn date(&self) -> Result<Condition, QueryError> {
        if self.field.id == FieldId::Image(ImageField::ImagesInUse)
            && let Value::Scalar(scalar) = &self.term.value
            && let Some(in_use) = read_bool(scalar)
            && matches!(self.term.op, Op::Match | Op::Equal | Op::NotEqual)
        {
            return Ok(self.test(Test::Bool(in_use)));
        }
        Ok(self.test(Test::Date(DateTest::new(self.ranges()?, self.now.0))))
    }

    fn boolean(&self) -> Result<Condition, QueryError> {
        let mut alternatives = Vec::new();
        for scalar in self.scalars("is `true` or `false`; use `:`, `=` or `!=`")? {
            let value = read_bool(scalar).ok_or_else(|| self.wrong_type(scalar, "`true` or `false`"))?;
            alternatives.push(self.test(Test::Bool(value)));
        }
        Ok(Condition::one_of(alternatives))
    }

    /// The ranges of numbers or times that a term asks for.
    fn ranges(&self) -> Result<Vec<(i64, i64)>, QueryError> {
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

    fn addresses(&self) -> Result<IpTest, QueryError> {
        let ranges = match &self.term.value {
            Value::List(items) => items.iter().map(|item| self.network(item)).collect::<Result<_, _>>()?,
            Value::Range(range) => self.address_range(range)?,
            Value::Scalar(scalar) => match quoted_range(scalar).filter(|_| self.term.op == Op::Match) {
                Some(range) => self.address_range(&range)?,
                None => self.compared_address(scalar)?,
            },
        };
        Ok(IpTest::new(ranges))
    }

    fn compared_address(&self, scalar: &Scalar) -> Result<Vec<IpRange>, QueryError> {
        let network = self.network(scalar)?;
        let (lower, upper) = (network.lower, network.upper);
        let (lower, upper) = match self.term.op {
            Op::Match | Op::Equal | Op::NotEqual => (Some(lower), Some(upper)),
            Op::Less => (Some(0), lower.checked_sub(1)),
            Op::LessEqual => (Some(0), Some(upper)),
            Op::Greater => (upper.checked_add(1), Some(highest(network.v6))),
            Op::GreaterEqual => (Some(lower), Some(highest(network.v6))),
        };
        Ok(lower.zip(upper).map(|(lower, upper)| IpRange { lower, upper, ..network }).into_iter().collect())
    }

    fn address_range(&self, range: &Range) -> Result<Vec<IpRange>, QueryError> {
        let network = |end: &Option<Scalar>| end.as_ref().map(|end| self.network(end)).transpose();
        let (lower, upper) = (network(&range.lower)?, network(&range.upper)?);
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower.v6 != upper.v6
        {
            return Err(self.misused("is compared with a range whose ends are of IPv4 and of IPv6"));
        }
        let v6 = lower.or(upper).is_some_and(|network| network.v6);
        let first = match lower {
            None => Some(0),
            Some(network) if range.lower_inclusive => Some(network.lower),
            Some(network) => network.upper.checked_add(1),
        };
        let last = match upper {
            None => Some(highest(v6)),
            Some(network) if range.upper_inclusive => Some(network.upper),
            Some(network) => network.lower.checked_sub(1),
        };
        Ok(first.zip(last).map(|(lower, upper)| IpRange { v6, lower, upper }).into_iter().collect())
    }

    fn network(&self, scalar: &Scalar) -> Result<IpRange, QueryError> {
        const EXPECTED: &str = "an IP address, a network such as `10.0.0.0/8`, or a range such as `10.0.0.1-10.0.0.9`";
        read_network(scalar.text.trim()).ok_or_else(|| self.wrong_type(scalar, EXPECTED))
    }
}

const UUID: &str = "a uuid, such as `0b1c2d3e-1111-3222-8333-444455556666`";

fn read_bool(scalar: &Scalar) -> Option<bool> {
    let text = scalar.text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
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

const fn highest(v6: bool) -> u128 {
    if v6 { u128::MAX } else { u32::MAX as u128 }
}

/// `10.0.0.8`, `10.0.0.0/8` or `10.0.0.1-10.0.0.9`.
fn read_network(text: &str) -> Option<IpRange> {
    if let Some((lower, upper)) = text.split_once('-') {
        let (lower, upper) = (lower.trim().parse().ok()?, upper.trim().parse().ok()?);
        let ((v6, lower), (other, upper)) = (ip_number(lower), ip_number(upper));
        return (v6 == other).then_some(IpRange { v6, lower, upper });
    }
    let Some((address, length)) = text.split_once('/') else {
        let (v6, number) = ip_number(text.parse().ok()?);
        return Some(IpRange { v6, lower: number, upper: number });
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let mut length: u32 = length.trim().parse().ok()?;
    let (v6, number) = ip_number(address);
    if address.is_ipv6() && !v6 {
        length = length.checked_sub(96)?;
    }
    let free = if v6 { 128 } else { 32_u32 }.checked_sub(length)?;
    let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    Some(IpRange { v6, lower: number & !mask, upper: number | mask })
}
