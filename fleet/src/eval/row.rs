//! A condition asked of one record or element: where there is no column to pass over, and where it is not worth one.

use qql::{
    Condition, Test,
    fields::{Array, FieldId},
};

/// One value of a field, as the API shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'v> {
    /// Names, ids, words and addresses.
    Text(&'v str),
    /// Whole numbers, decimals in thousandths, times in milliseconds.
    Number(i64),
    Flag(bool),
}

/// Something that fields can be asked of.
pub(crate) trait Row {
    /// Calls `see` for each value of a field until it says that it has seen enough; whether it did.
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool;

    /// Calls `see` for each element of an array until it says that it has seen enough; whether it did.
    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool;
}

/// Whether a condition holds for a row.
pub(crate) fn holds(condition: &Condition, row: &dyn Row) -> bool {
    match condition {
        Condition::All => true,
        Condition::And(operands) => operands.iter().all(|operand| holds(operand, row)),
        Condition::Or(operands) => operands.iter().any(|operand| holds(operand, row)),
        Condition::Not(inner) => !holds(inner, row),
        Condition::Test { field, test } => row.any_value(*field, &mut |value| passes(test, value)),
        Condition::IsNull(field) => !row.any_value(*field, &mut |_| true),
        Condition::Any { array, inner } => row.any_element(*array, &mut |element| holds(inner, element)),
    }
}

/// Whether a value passes a test; one of another type never does.
pub(crate) fn passes(test: &Test, value: Value<'_>) -> bool {
    match (test, value) {
        (Test::Text(test), Value::Text(text)) => test.matches(text),
        (Test::Keyword(test), Value::Text(text)) => test.matches(text),
        (Test::Ip(test), Value::Text(text)) => test.matches_text(text),
        (Test::Number(test), Value::Number(number)) => test.matches(number),
        (Test::Date(test), Value::Number(millis)) => test.matches(millis),
        (Test::Bool(wanted), Value::Flag(flag)) => *wanted == flag,
        _ => false,
    }
}
