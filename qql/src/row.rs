//! Single records: whether a condition holds for one, and which of two comes first.
//!
//! What it is for: lists that are short enough to be gone through one by one (sensors, registries). What it is not for:
//! images and containers, which an index answers for by the million. Both mean the same; the tests of the language's laws
//! run on what is here.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::condition::{Condition, Test};
use crate::fields::{Array, FieldId};
use crate::resolve::Sort;

/// A value as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<'a> {
    /// A name, id, word or address.
    Text(Cow<'a, str>),
    /// A whole number; decimals in thousandths, times in milliseconds.
    Number(i64),
    /// True or false.
    Flag(bool),
}

impl<'a> From<&'a str> for Shown<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

/// A record, or an element of one of its arrays.
pub trait Row {
    /// The values of a field: none if it is missing, several if the field may have several.
    fn values(&self, field: FieldId) -> Vec<Shown<'_>>;

    /// Calls `see` with the elements of an array, in their order, until it answers true; gives whether it did.
    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool;
}

/// Whether a condition holds for a record, as [`Condition`] says.
///
/// Goes as deep as the condition is nested, which is bounded by [`crate::MAX_DEPTH`]. A value of another type than the field has
/// matches nothing.
pub fn holds(condition: &Condition, row: &dyn Row) -> bool {
    match condition {
        Condition::All => true,
        Condition::And(operands) => operands.iter().all(|operand| holds(operand, row)),
        Condition::Or(operands) => operands.iter().any(|operand| holds(operand, row)),
        Condition::Not(inner) => !holds(inner, row),
        Condition::Test { field, test } => row.values(*field).iter().any(|value| passes(value, test)),
        Condition::IsNull(field) => row.values(*field).is_empty(),
        Condition::Any { array, inner } => row.any_element(*array, &mut |element| holds(inner, element)),
    }
}

fn passes(value: &Shown<'_>, test: &Test) -> bool {
    match (value, test) {
        (Shown::Text(value), Test::Text(test)) => test.matches(value),
        (Shown::Text(value), Test::Keyword(test)) => test.matches(value),
        (Shown::Text(value), Test::Ip(test)) => test.matches_text(value),
        (Shown::Number(value), Test::Number(test)) => test.matches(*value),
        (Shown::Number(value), Test::Date(test)) => test.matches(*value),
        (Shown::Flag(value), Test::Bool(wanted)) => value == wanted,
        _ => false,
    }
}

/// The order of two records: text byte by byte as shown, `false` before `true`; missing values last, or first if descending. Equal
/// ones are for the caller to tell apart.
pub fn compare(one: &dyn Row, two: &dyn Row, sort: Sort) -> Ordering {
    let (one, two) = (key(one, sort.field), key(two, sort.field));
    let ascending = (one.is_none(), one).cmp(&(two.is_none(), two));
    if sort.descending { ascending.reverse() } else { ascending }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Number(i64),
    Text(Cow<'a, str>),
}

fn key(row: &dyn Row, field: FieldId) -> Option<Key<'_>> {
    row.values(field).into_iter().next().map(|value| match value {
        Shown::Number(number) => Key::Number(number),
        Shown::Flag(flag) => Key::Number(flag.into()),
        Shown::Text(text) => Key::Text(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{SensorField, SmallEntity};
    use crate::resolve::{resolve_small, resolve_small_sort};

    /// A sensor with a name, perhaps an address, and labels.
    struct Plain(&'static str, Option<&'static str>, &'static [&'static str]);

    impl Row for Plain {
        fn values(&self, field: FieldId) -> Vec<Shown<'_>> {
            match field {
                FieldId::Sensor(SensorField::Name) => vec![self.0.into()],
                FieldId::Sensor(SensorField::Ipv4) => self.1.map(Shown::from).into_iter().collect(),
                FieldId::Label(crate::fields::LabelField::Key) => vec![self.0.into()],
                _ => Vec::new(),
            }
        }

        fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
            array == Array::Label && self.2.iter().any(|label| see(&Self(label, None, &[])))
        }
    }

    fn finds(text: &str, row: &Plain) -> bool {
        let query = crate::parse(text).unwrap();
        holds(&resolve_small(&query, SmallEntity::Sensor, model::Timestamp(0)).unwrap(), row)
    }

    #[test]
    fn a_record_of_a_small_list_is_found_by_the_rules_of_the_language() {
        let row = Plain("node-a docker", Some("10.0.0.8"), &["team", "zone"]);
        for text in [
            "",
            "name:dock",
            "sensor.name:`node-a docker`",
            "ipv4:10.0.0.0/8",
            "label.key:zone",
            "ipv6 is null",
        ] {
            assert!(finds(text, &row), "{text}");
        }
        for text in [
            "name:ocker",
            "ipv4>10.0.0.8",
            "label:(key:team and not key:team)",
            "status:RUNNING",
            "not name:node",
        ] {
            assert!(!finds(text, &row), "{text}");
        }
    }

    #[test]
    fn missing_values_are_last_and_first_if_descending() {
        let (a, b) = (Plain("a", Some("10.0.0.8"), &[]), Plain("b", None, &[]));
        let order = |text: &str| compare(&a, &b, resolve_small_sort(text, SmallEntity::Sensor).unwrap());
        assert_eq!(["name", "name:desc", "ipv4", "ipv4:desc", "os"].map(order), {
            use Ordering::{Equal, Greater, Less};
            [Less, Greater, Less, Greater, Equal]
        });
        assert!(resolve_small_sort("label.key", SmallEntity::Sensor).is_err());
    }
}
