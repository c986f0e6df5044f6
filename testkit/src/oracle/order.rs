//! The order of records.

use std::cmp::Ordering;

use serde_json::Value;

use super::judge::{shown, values_of};
use super::table::{Column, Kind};

/// Brings records into the order of a column with one value a record. Records without it come last, or first if the
/// order is descending; equal ones stay as they stood.
pub fn sort(records: &mut [&Value], column: &Column, descending: bool) {
    records.sort_by(|a, b| {
        let order = match (values_of(a, column).first(), values_of(b, column).first()) {
            (Some(a), Some(b)) => compare(column.kind, a, b),
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (None, None) => Ordering::Equal,
        };
        if descending { order.reverse() } else { order }
    });
}

/// As [`sort`], equal ones by their uuid.
pub fn sort_by_uuid_too(records: &mut [&Value], column: &Column, descending: bool) {
    records.sort_by_cached_key(|record| shown(&record["uuid"]).into_owned());
    sort(records, column, descending);
}

fn compare(kind: Kind, a: &Value, b: &Value) -> Ordering {
    let (a, b) = (shown(a), shown(b));
    match kind {
        Kind::Number => {
            let number = |text: &str| text.parse::<f64>().unwrap_or_default();
            number(&a).total_cmp(&number(&b))
        }
        Kind::Date | Kind::InUse => {
            let millis = |text: &str| text.parse::<i64>().unwrap_or_default();
            millis(&a).cmp(&millis(&b))
        }
        // of two flags the one that is not set comes first, which is also their order as texts
        _ => a.as_bytes().cmp(b.as_bytes()),
    }
}
