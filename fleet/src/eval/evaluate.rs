//! A condition over the records of a table: sets of positions joined by `and`, `or` and `not`.
//!
//! Operands are asked in the order of what they cost, and each is asked only of the records that the ones before left open.
//! Deep down in a tree nothing is held back for that: there each level would keep sets of its own, and a query may have a
//! thousand levels.

use qql::{Array, Condition, FieldId};

use super::column::Column;
use crate::table::Bits;

/// Levels down to which operands are asked only of what is still open.
const NARROWED: usize = 24;

/// Records that fields can be asked of.
pub(crate) trait Table {
    /// The values of a field of the records.
    fn column(&self, field: FieldId) -> Column<'_>;

    /// The candidates of which an element of an array satisfies a condition.
    fn with_element(&self, array: Array, inner: &Condition, candidates: &Bits) -> Bits;

    /// The candidates for which a test on a field holds that is no column; `None` for all other fields.
    fn special(&self, condition: &Condition, candidates: &Bits) -> Option<Bits>;
}

/// The candidates for which a condition holds.
pub(crate) fn evaluate(table: &dyn Table, condition: &Condition, candidates: &Bits) -> Bits {
    at_level(table, condition, candidates, 0)
}

fn at_level(table: &dyn Table, condition: &Condition, candidates: &Bits, level: usize) -> Bits {
    match condition {
        Condition::All => candidates.clone(),
        Condition::And(operands) if level < NARROWED => {
            let mut open = candidates.clone();
            for operand in by_cost(operands) {
                open = at_level(table, operand, &open, level + 1);
                if open.is_empty() {
                    break;
                }
            }
            open
        }
        Condition::Or(operands) if level < NARROWED => {
            let (mut found, mut open) = (Bits::none(candidates.len()), candidates.clone());
            for operand in by_cost(operands) {
                let new = at_level(table, operand, &open, level + 1);
                open.subtract(&new);
                found.or(&new);
                if open.is_empty() {
                    break;
                }
            }
            found
        }
        Condition::And(operands) => joined(table, operands, candidates, level, Bits::and),
        Condition::Or(operands) => joined(table, operands, candidates, level, Bits::or),
        Condition::Not(inner) => {
            let mut rest = candidates.clone();
            rest.subtract(&at_level(table, inner, candidates, level + 1));
            rest
        }
        leaf => self::leaf(table, leaf, candidates),
    }
}

/// The deepest operand first, so that nothing is held while the way goes down.
fn joined(
    table: &dyn Table,
    operands: &[Condition],
    candidates: &Bits,
    level: usize,
    join: fn(&mut Bits, &Bits),
) -> Bits {
    let mut operands: Vec<&Condition> = operands.iter().collect();
    operands.sort_by_cached_key(|operand| std::cmp::Reverse(height(operand)));
    let mut operands = operands.into_iter().map(|operand| at_level(table, operand, candidates, level + 1));
    let mut all = operands.next().unwrap_or_else(|| Bits::none(candidates.len()));
    operands.for_each(|set| join(&mut all, &set));
    all
}

#[inline(never)]
fn leaf(table: &dyn Table, leaf: &Condition, candidates: &Bits) -> Bits {
    if candidates.is_empty() {
        return candidates.clone();
    }
    if let Some(found) = table.special(leaf, candidates) {
        return found;
    }
    match leaf {
        Condition::Test { field, test } => table.column(*field).find(test, candidates),
        Condition::IsNull(field) => {
            let mut rest = candidates.clone();
            rest.subtract(&table.column(*field).present(candidates));
            rest
        }
        Condition::Any { array, inner } => table.with_element(*array, inner, candidates),
        _ => candidates.clone(),
    }
}

fn by_cost(operands: &[Condition]) -> Vec<&Condition> {
    let mut operands: Vec<&Condition> = operands.iter().collect();
    operands.sort_by_cached_key(|operand| cost(operand));
    operands
}

/// What it costs to answer, roughly in milliseconds for five million records. Trees deeper than what is narrowed count as
/// dear: to look into them at every level would cost more than the order is worth.
fn cost(condition: &Condition) -> u32 {
    fn within(condition: &Condition, depth: u32) -> u32 {
        let sum = |operands: &[Condition]| {
            operands.iter().fold(0_u32, |sum, operand| sum.saturating_add(within(operand, depth - 1)))
        };
        match condition {
            _ if depth == 0 => 1_000,
            Condition::All => 0,
            Condition::And(operands) | Condition::Or(operands) => sum(operands),
            Condition::Not(inner) => within(inner, depth - 1),
            Condition::Test { field, .. } | Condition::IsNull(field) => match field.field().kind {
                qql::fields::FieldType::Keyword => 2,
                qql::fields::FieldType::Text | qql::fields::FieldType::Ip => 8,
                _ => 4,
            },
            Condition::Any { array: Array::Softwares | Array::Vulnerabilities, .. } => 40,
            Condition::Any { .. } => 15,
        }
    }
    within(condition, 6)
}

fn height(condition: &Condition) -> usize {
    match condition {
        Condition::And(operands) | Condition::Or(operands) => {
            1 + operands.iter().map(height).max().unwrap_or_default()
        }
        Condition::Not(inner) => 1 + height(inner),
        _ => 0,
    }
}
