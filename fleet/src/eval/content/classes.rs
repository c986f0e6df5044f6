//! Records told apart by where their own times lie among the ends of a query's ranges.

use qql::fields::{FieldId, FindingField};
use qql::{Condition, Test};

use super::{Own, Records};
use crate::table::Bits;

/// The moments at which an answer may change with a record's time: within each stretch between two of them it is one.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// Of the time at which a record was first stored.
    first_stored: Vec<i64>,
    /// Of the later of that and the last scan.
    latest: Vec<i64>,
}

impl Classes {
    /// The moments that a condition on elements names.
    pub(super) fn of(condition: &Condition) -> Self {
        let mut classes = Self::default();
        classes.gather(condition);
        for moments in [&mut classes.first_stored, &mut classes.latest] {
            moments.sort_unstable();
            moments.dedup();
        }
        classes
    }

    fn gather(&mut self, condition: &Condition) {
        match condition {
            Condition::And(operands) | Condition::Or(operands) => {
                operands.iter().for_each(|operand| self.gather(operand));
            }
            Condition::Not(inner) | Condition::Any { inner, .. } => self.gather(inner),
            Condition::Test { field: FieldId::Finding(field), test: Test::Date(test) } => {
                let moments = match field {
                    FindingField::FirstFound => &mut self.first_stored,
                    FindingField::LastFound => &mut self.latest,
                    _ => return,
                };
                for (from, to) in test.ranges() {
                    moments.push(*from);
                    moments.extend(to.checked_add(1));
                }
            }
            Condition::Test { .. } | Condition::IsNull(_) | Condition::All => {}
        }
    }

    /// The candidates by class, each with times that stand for all of its members.
    pub(super) fn split(&self, records: &Records<'_>, candidates: &Bits) -> Vec<(Own, Bits)> {
        if self.first_stored.is_empty() && self.latest.is_empty() {
            return vec![(Own::NONE, candidates.clone())];
        }
        let mut known: Vec<((usize, usize), Own, Bits)> = Vec::new();
        let mut last = 0;
        for position in candidates.iter() {
            let own = records.own(position);
            let class = (
                self.first_stored.partition_point(|moment| *moment <= own.first_stored),
                self.latest.partition_point(|moment| *moment <= own.latest),
            );
            if known.get(last).is_none_or(|(of, ..)| *of != class) {
                last = known.iter().position(|(of, ..)| *of == class).unwrap_or(known.len());
                if last == known.len() {
                    known.push((class, own, Bits::none(candidates.len())));
                }
            }
            known[last].2.insert(position);
        }
        known.into_iter().map(|(_, own, members)| (own, members)).collect()
    }
}
