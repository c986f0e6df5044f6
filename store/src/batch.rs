//! Asking for many rows by their keys in few statements.
//!
//! Keys are asked for in batches of one size, filled up with nulls, so that one statement stays prepared. All keys of a
//! batch belong to one customer: a distributed database answers it from one machine.

use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::Result;

/// Keys in one statement.
const BATCH: usize = 50;

/// Rows of the records `keys`, given as (customer, uuid), in no order.
///
/// In `sql` the customer is the first parameter, `fixed` are the next ones and `{list}` stands for the keys.
pub(crate) fn rows_of(
    connection: &mut dyn Connection,
    sql: &str,
    fixed: &[Value],
    keys: &[(Uuid, Uuid)],
) -> Result<Vec<Row>> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let before = 1 + fixed.len();
    let (one, many) = (with_list_after(sql, before, 1), with_list_after(sql, before, BATCH));
    let mut rows = Vec::with_capacity(keys.len());
    for of_customer in keys.chunk_by(|a, b| a.0 == b.0) {
        for batch in of_customer.chunks(BATCH) {
            let (sql, size) = if batch.len() == 1 { (&one, 1) } else { (&many, BATCH) };
            let mut values = Vec::with_capacity(before + size);
            values.push(Value::from(batch[0].0));
            values.extend_from_slice(fixed);
            values.extend(batch.iter().map(|key| Value::from(key.1)));
            values.resize(before + size, Value::Null);
            rows.extend(connection.query(sql, &values)?);
        }
    }
    Ok(rows)
}

/// A statement whose placeholder `{list}` becomes `count` parameters, numbered on after `before` others.
pub(crate) fn with_list_after(sql: &str, before: usize, count: usize) -> String {
    let names: Vec<String> = (1..=count).map(|index| format!("${}", before + index)).collect();
    sql.replace("{list}", &names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_list_are_numbered_on() {
        assert_eq!(with_list_after("a = $1 AND b IN ({list})", 1, 3), "a = $1 AND b IN ($2, $3, $4)");
    }
}
