//! The state of a fleet day by day, for time series: one document for each customer, scope and day.

use uuid::Uuid;

use crate::driver::{Connection, Value};
use crate::error::Result;
use crate::sql::sql;
use crate::work::Work;

/// Writes the document of a day, in place of an older one.
pub(crate) fn put(work: &mut Work<'_>, customer: Uuid, scope: &str, day: i32, document: &str) -> Result<()> {
    work.know_customer(customer)?;
    let values = [Value::from(customer), scope.into(), Value::Int(day.into()), document.into()];
    work.connection.execute_later(sql!("day/put"), &values)?;
    Ok(())
}

/// The documents of the days from `first` to `last`, both included, in their order.
pub(crate) fn range(
    connection: &mut dyn Connection,
    customer: Uuid,
    scope: &str,
    first: i32,
    last: i32,
) -> Result<Vec<(i32, String)>> {
    let values = [customer.into(), scope.into(), Value::Int(first.into()), Value::Int(last.into())];
    let rows = connection.query(sql!("day/range"), &values)?;
    let day = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    rows.into_iter().map(|mut row| Ok((day(row.int(0)?), row.text(1)?))).collect()
}
