//! The software list and the vulnerabilities of one record: filtered and put in order.
//!
//! Answers are places in the lists that a view of the record has, so that whoever renders needs no other rows.

use std::cmp::Ordering;

use qql::{Condition, FieldId, Sort};

use super::plain::{PlainFinding, PlainRecord};
use crate::eval::row::{Row, Value, holds};

/// A value to sort by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

impl PlainRecord<'_> {
    /// The places in the software list of what satisfies a condition on software, in order; without one as listed.
    pub(crate) fn software_list(&self, condition: &Condition, sort: Option<Sort>) -> Vec<usize> {
        let software: Vec<_> = self.all_software().collect();
        let rows: Vec<&dyn Row> = software.iter().map(|software| software as &dyn Row).collect();
        listed(&rows, condition, sort)
    }

    /// The places in the list of vulnerabilities, which is sorted by qid, of those that satisfy a condition on
    /// vulnerabilities, in order; without one as listed.
    pub(crate) fn vulnerability_list(&self, condition: &Condition, sort: Option<Sort>) -> Vec<usize> {
        let mut findings: Vec<PlainFinding<'_>> = self.all_findings().collect();
        findings.sort_by_key(PlainFinding::qid);
        let rows: Vec<&dyn Row> = findings.iter().map(|finding| finding as &dyn Row).collect();
        listed(&rows, condition, sort)
    }
}

fn listed(rows: &[&dyn Row], condition: &Condition, sort: Option<Sort>) -> Vec<usize> {
    let mut found: Vec<usize> = (0..rows.len()).filter(|row| holds(condition, rows[*row])).collect();
    if let Some(sort) = sort {
        let keys: Vec<Option<Key>> = rows.iter().map(|row| key(*row, sort.field)).collect();
        found.sort_by(|a, b| order(&keys[*a], &keys[*b], sort.descending));
    }
    found
}

fn key(row: &dyn Row, field: FieldId) -> Option<Key> {
    let mut key = None;
    row.any_value(field, &mut |value| {
        key = Some(match value {
            Value::Text(text) => Key::Text(text.to_owned()),
            Value::Number(number) => Key::Number(number),
            Value::Flag(flag) => Key::Number(i64::from(flag)),
        });
        true
    });
    key
}

/// Missing values are last, or first if descending.
fn order(a: &Option<Key>, b: &Option<Key>, descending: bool) -> Ordering {
    let ascending = (a.is_none(), a).cmp(&(b.is_none(), b));
    if descending { ascending.reverse() } else { ascending }
}
