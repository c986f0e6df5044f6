//! A record as plain as can be, to see what a condition means.

use std::collections::BTreeMap;

use model::Timestamp;
use qql::{Array, Condition, Entity, FieldId, Row, parse, resolve, resolve_sort};

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
        qql::holds(condition, self)
    }
}

impl Row for Record {
    fn values(&self, field: FieldId) -> Vec<qql::Shown<'_>> {
        let shown = |value: &'_ Shown| match value {
            Shown::Text(text) => qql::Shown::Text(text.clone().into()),
            Shown::Number(number) => qql::Shown::Number(*number),
            Shown::Bool(flag) => qql::Shown::Flag(*flag),
        };
        self.values.get(&field).into_iter().flatten().map(shown).collect()
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        self.arrays.get(&array).into_iter().flatten().any(|element| see(element))
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
