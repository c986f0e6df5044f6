//! Alternatives on the same field become one test, so that a thousand of them cost no more than one.
//!
//! `a:1 or a:2` is `a:[1, 2]`, also where a record has several values, and `x:(p) or x:(q)` is `x:(p or q)`: "some value"
//! and "some element" may be said once for all alternatives. The same is not true of `and`, which is left alone.

use std::collections::HashMap;

use crate::condition::{Condition, Test};
use crate::fields::{Array, FieldId};
use crate::test::{DateTest, IpTest, KeywordTest, NumberTest, TextTest};

/// What stands in one place of an alternative.
enum Slot {
    Other(Condition),
    Tests(FieldId, Vec<Test>),
    Elements(Array, Vec<Condition>),
}

/// One of the operands holds. The first of those that are merged gives the place.
pub(crate) fn one_of(operands: Vec<Condition>) -> Condition {
    let mut slots = Vec::new();
    let mut fields: HashMap<FieldId, usize> = HashMap::new();
    let mut arrays: HashMap<Array, usize> = HashMap::new();
    for operand in operands {
        match operand {
            Condition::All => return Condition::All,
            Condition::Test { field, test } => {
                let place = *fields.entry(field).or_insert(slots.len());
                match slots.get_mut(place) {
                    Some(Slot::Tests(_, tests)) => tests.push(test),
                    _ => slots.push(Slot::Tests(field, vec![test])),
                }
            }
            Condition::Any { array, inner } => {
                let place = *arrays.entry(array).or_insert(slots.len());
                match slots.get_mut(place) {
                    Some(Slot::Elements(_, inners)) => inners.push(*inner),
                    _ => slots.push(Slot::Elements(array, vec![*inner])),
                }
            }
            other => slots.push(Slot::Other(other)),
        }
    }
    let mut merged = Vec::with_capacity(slots.len());
    for slot in slots {
        match slot {
            Slot::Other(condition) => merged.push(condition),
            Slot::Tests(field, tests) => {
                merged.extend(tests_of(tests).into_iter().map(|test| Condition::Test { field, test }));
            }
            Slot::Elements(array, inners) => {
                merged.push(Condition::Any { array, inner: Box::new(one_of(inners)) });
            }
        }
    }
    if merged.len() == 1 { merged.swap_remove(0) } else { Condition::Or(merged) }
}

/// Tests on one field, merged by kind.
fn tests_of(tests: Vec<Test>) -> Vec<Test> {
    if tests.len() == 1 {
        return tests;
    }
    let (mut texts, mut keywords, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut dates, mut addresses, mut rest) = (Vec::new(), Vec::new(), Vec::new());
    for test in tests {
        match test {
            Test::Text(test) => texts.push(test),
            Test::Keyword(test) if test.range().is_none() => keywords.push(test),
            Test::Number(test) => numbers.extend_from_slice(test.ranges()),
            Test::Date(test) => dates.push(test),
            Test::Ip(test) => addresses.extend_from_slice(test.ranges()),
            other if rest.contains(&other) => {}
            other => rest.push(other),
        }
    }
    let mut merged = Vec::new();
    merged.extend((!texts.is_empty()).then(|| Test::Text(TextTest::merged(texts))));
    merged.extend((!keywords.is_empty()).then(|| Test::Keyword(KeywordTest::merged(keywords))));
    merged.extend((!numbers.is_empty()).then(|| Test::Number(NumberTest::new(numbers))));
    merged.extend((!dates.is_empty()).then(|| Test::Date(DateTest::merged(&dates))));
    merged.extend((!addresses.is_empty()).then(|| Test::Ip(IpTest::new(addresses))));
    merged.extend(rest);
    merged
}
