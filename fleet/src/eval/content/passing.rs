//! Which software and vulnerabilities of one record satisfy a condition, with what they are to be sorted by.

use qql::{Condition, FieldId};

use super::PlainRecord;
use crate::eval::Key;
use crate::eval::row::{Row, holds};

impl PlainRecord<'_> {
    /// The places of software that satisfy a condition, counted as listed and in that order, each with its value of a field.
    pub(crate) fn software_passing(&self, condition: &Condition, by: Option<FieldId>) -> Vec<(u32, Key)> {
        let passing = (0..).zip(self.all_software()).filter(|(_, software)| holds(condition, software));
        passing.map(|(at, software)| (at, key(&software, by))).collect()
    }

    /// The qids of vulnerabilities that satisfy a condition, ascending, each with its value of a field.
    pub(crate) fn findings_passing(&self, condition: &Condition, by: Option<FieldId>) -> Vec<(u32, Key)> {
        let passing = self.all_findings().filter(|finding| holds(condition, finding));
        let mut passing: Vec<_> = passing.map(|finding| (finding.qid(), key(&finding, by))).collect();
        passing.sort_by_key(|(qid, _)| *qid);
        passing
    }
}

fn key(row: &dyn Row, by: Option<FieldId>) -> Key {
    let mut key = Key::Missing;
    if let Some(field) = by {
        row.any_value(field, &mut |value| {
            key = Key::of(value, false);
            true
        });
    }
    key
}
