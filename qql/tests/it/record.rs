//! A naive record and a naive evaluator, to see what a condition means.

use std::collections::BTreeMap;

use model::Timestamp;
use qql::{Array, Condition, DateTest, Entity, FieldId, Test, parse, resolve, resolve_sort};

/// The moment of `now` in these tests: 2024-05-01T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp(1_714_564_800_000);

/// A value as the API shows it.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    Text(String),
    /// Decimals in thousandths, times in milliseconds.
    Number(i64),
    Bool(bool),
}

/// A record or an element of an array.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) values: BTreeMap<FieldId, Vec<Shown>>,
    pub(crate) arrays: BTreeMap<Array, Vec<Record>>,
}

impl Record {
    /// Reads `name=value` lines; `repo{registry=a;tag=b}` adds an element to an array.
    pub(crate) fn of(entity: Entity, lines: &[&str]) -> Self {
        let mut record = Self::default();
        for line in lines {
            match line.split_once('{') {
                Some((array, rest)) => {
                    let (_, _, array) =
                        entity.level().arrays().iter().find(|(name, _, _)| *name == array).unwrap();
                    let mut element = Self::default();
                    for part in rest.trim_end_matches('}').split(';').filter(|part| !part.is_empty()) {
                        element.add(array.level().fields(), part);
                    }
                    record.arrays.entry(*array).or_default().push(element);
                }
                None => record.add(entity.level().fields(), line),
            }
        }
        record
    }

    fn add(&mut self, fields: &[qql::fields::Field], line: &str) {
        use qql::fields::FieldType::{Bool, Date, Decimal, Integer};
        let (name, value) = line.split_once('=').unwrap();
        let field = fields.iter().find(|field| field.name == name).unwrap();
        let shown = match field.kind {
            Integer | Date => Shown::Number(value.parse().unwrap()),
            Decimal => Shown::Number((value.parse::<f64>().unwrap() * 1000.0).round() as i64),
            Bool => Shown::Bool(value.parse().unwrap()),
            _ => Shown::Text(value.to_owned()),
        };
        self.values.entry(field.id).or_default().push(shown);
    }

    /// Whether a condition holds.
    pub(crate) fn satisfies(&self, condition: &Condition) -> bool {
        let values = |field: &FieldId| self.values.get(field).map_or(&[][..], Vec::as_slice);
        match condition {
            Condition::All => true,
            Condition::And(operands) => operands.iter().all(|operand| self.satisfies(operand)),
            Condition::Or(operands) => operands.iter().any(|operand| self.satisfies(operand)),
            Condition::Not(inner) => !self.satisfies(inner),
            Condition::Test { field, test } => values(field).iter().any(|value| passes(value, test)),
            Condition::IsNull(field) => values(field).is_empty(),
            Condition::Any { array, inner } => {
                self.arrays.get(array).is_some_and(|elements| elements.iter().any(|one| one.satisfies(inner)))
            }
        }
    }
}

fn passes(value: &Shown, test: &Test) -> bool {
    match (value, test) {
        (Shown::Text(value), Test::Text(test)) => test.matches(value),
        (Shown::Text(value), Test::Keyword(test)) => test.matches(value),
        (Shown::Text(value), Test::Ip(test)) => test.matches_text(value),
        (Shown::Number(value), Test::Number(test)) => test.matches(*value),
        (Shown::Number(value), Test::Date(test)) => DateTest::matches(test, *value),
        (Shown::Bool(value), Test::Bool(wanted)) => value == wanted,
        (value, test) => panic!("{value:?} cannot be asked for {test:?}"),
    }
}

/// The condition of a text.
pub(crate) fn condition(entity: Entity, text: &str) -> Condition {
    resolve(&parse(text).unwrap(), entity, NOW).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The mistake in a text.
pub(crate) fn mistake(entity: Entity, text: &str) -> String {
    match parse(text).and_then(|query| resolve(&query, entity, NOW)) {
        Ok(condition) => format!("accepted as {condition:?}"),
        Err(error) => error.to_string(),
    }
}

/// The mistake in a sort parameter, or what it means.
pub(crate) fn sorted(entity: Entity, text: &str) -> String {
    match resolve_sort(text, entity) {
        Ok(sort) => format!("{:?} {}", sort.field, if sort.descending { "desc" } else { "asc" }),
        Err(error) => error.to_string(),
    }
}
