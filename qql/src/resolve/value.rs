//! Values of terms, read by the type of their field.

use std::ops::Bound;

use model::Timestamp;

use crate::MAX_LIST;
use crate::ast::{Op, Quote, Scalar, Term, Value};
use crate::condition::{Condition, Test};
use crate::error::{QueryError, shorten};
use crate::fields::{Field, FieldId, FieldType, Form, ImageField};
use crate::merge;
use crate::test::{DateTest, KeywordTest, NumberTest, TextTest};

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
        FieldType::Integer | FieldType::Decimal => {
            reader.test(Test::Number(NumberTest::new(reader.ranges()?)))
        }
        FieldType::Date => reader.date()?,
        FieldType::Bool => reader.boolean()?,
        FieldType::Ip => reader.test(Test::Ip(reader.addresses()?)),
    };
    Ok((condition, term.op == Op::NotEqual))
}

/// What scalars ask of text, one of them sufficing; exactly them if that was said by the operator.
pub(super) fn text_test(scalars: &[Scalar], exactly: bool) -> TextTest {
    let mut test = TextTest::default();
    for scalar in scalars {
        match scalar.quote {
            _ if exactly => test.push_exact(&scalar.text),
            Quote::Bare => test.push_words(&scalar.text),
            Quote::Double => test.or_phrase(&scalar.text),
            Quote::Back | Quote::Single => test.push_exact(&scalar.text),
        }
    }
    test.tidy();
    test
}

/// Reads the value of one term for one field.
pub(super) struct Reader<'a> {
    pub(super) term: &'a Term,
    pub(super) field: &'a Field,
    pub(super) now: Timestamp,
}

impl Reader<'_> {
    fn test(&self, test: Test) -> Condition {
        Condition::Test { field: self.field.id, test }
    }

    pub(super) fn misused(&self, problem: &str) -> QueryError {
        misused(&self.term.token, problem.to_owned())
    }

    pub(super) fn wrong_type(&self, scalar: &Scalar, expected: &'static str) -> QueryError {
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
        let scalars = self.scalars("is text, which has no order; use `:`, `=` or `!=`")?;
        Ok(text_test(scalars, self.term.op != Op::Match))
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
                Some(prefix) if self.term.op == Op::Match && scalar.quote == Quote::Bare => {
                    prefixes.push(prefix)
                }
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
        Ok(merge::one_of(alternatives))
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
