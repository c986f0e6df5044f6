//! The values of rows: of images, containers and software.

use std::cmp::Ordering;

use qql::fields::FieldType;
use qql::{Array, Entity, FieldId};

use super::column::{QueryColumn, QueryOrder, QueryValue, What};
use crate::aggregate::FleetSoftware;
use crate::eval::row::{Row, Value};
use crate::eval::{ContainerRow, ImageRow, Search};

/// A value by the type of its field.
pub(super) fn value(of: Value<'_>, kind: FieldType) -> QueryValue {
    match (of, kind) {
        (Value::Text(text), _) => QueryValue::Text(text.to_owned()),
        (Value::Flag(flag), _) => QueryValue::Flag(flag),
        (Value::Number(number), FieldType::Date) => QueryValue::Time(number),
        (Value::Number(number), FieldType::Decimal) => QueryValue::Decimal(number),
        (Value::Number(number), _) => QueryValue::Number(number),
    }
}

pub(super) fn records(
    search: &Search<'_>,
    entity: Entity,
    columns: &[QueryColumn],
    positions: &[u32],
    see: &mut dyn FnMut(&[Vec<QueryValue>]),
) {
    let mut row: Vec<Vec<QueryValue>> = vec![Vec::new(); columns.len()];
    for position in positions {
        let (image, container);
        let record: &dyn Row = if entity == Entity::Container {
            container = ContainerRow::new(search, *position);
            &container
        } else {
            image = ImageRow::new(search, *position);
            &image
        };
        for (column, values) in columns.iter().zip(&mut row) {
            values.clear();
            if let What::Field(path, field) = &column.what {
                let kind = column.kind();
                gather(record, path, *field, &mut |of| values.push(value(of, kind)));
                once(values);
            }
        }
        see(&row);
    }
}

/// Calls `see` with each value of a field below arrays.
fn gather(record: &dyn Row, path: &[Array], field: FieldId, see: &mut dyn FnMut(Value<'_>)) {
    match path {
        [] => {
            record.any_value(field, &mut |value| {
                see(value);
                false
            });
        }
        [array, rest @ ..] => {
            record.any_element(*array, &mut |element| {
                gather(element, rest, field, see);
                false
            });
        }
    }
}

/// Removes values that stand before already, and keeps the order.
fn once(values: &mut Vec<QueryValue>) {
    if values.len() > 1 {
        let mut known = std::collections::HashSet::new();
        values.retain(|value| known.insert(value.clone()));
    }
}

/// The values of a field of software, ascending, each once.
fn of_software(
    search: &Search<'_>,
    software: &FleetSoftware,
    column: &What,
    kind: FieldType,
) -> Vec<QueryValue> {
    match column {
        What::Images => vec![count(software.images)],
        What::Containers => vec![count(software.containers)],
        What::Field(_, FieldId::Software(field)) => {
            let items = software.items.iter();
            let found = items.filter_map(|item| search.content.software_value(*item, *field));
            let mut values: Vec<QueryValue> = found.map(|of| value(of, kind)).collect();
            values.sort_unstable();
            values.dedup();
            values
        }
        What::Field(..) => Vec::new(),
    }
}

/// A number of records.
pub(super) fn count(records: u64) -> QueryValue {
    QueryValue::Number(i64::try_from(records).unwrap_or(i64::MAX))
}

pub(super) fn software(
    search: &Search<'_>,
    columns: &[QueryColumn],
    software: &[FleetSoftware],
    see: &mut dyn FnMut(&[Vec<QueryValue>]),
) {
    for one in software {
        let row: Vec<_> =
            columns.iter().map(|column| of_software(search, one, &column.what, column.kind())).collect();
        see(&row);
    }
}

/// The first `limit` pieces of software in an order, by the least of several values; ties by name and version.
pub(super) fn in_order(
    search: &Search<'_>,
    all: Vec<FleetSoftware>,
    order: QueryOrder,
    limit: usize,
) -> Vec<FleetSoftware> {
    let (what, kind, descending) = match order {
        QueryOrder::Field(sort) => {
            (What::Field(Vec::new(), sort.field), sort.field.field().kind, sort.descending)
        }
        QueryOrder::Images { descending } => (What::Images, FieldType::Integer, descending),
        QueryOrder::Containers { descending } => (What::Containers, FieldType::Integer, descending),
    };
    let tables = search.content.packages.tables();
    let name = |software: &FleetSoftware| {
        let item = software.items.first().copied().unwrap_or(crate::table::NONE);
        let (name, version) = search.content.name_and_version(item).unwrap_or_default();
        (tables.names.get(name).unwrap_or_default(), tables.versions.get(version).unwrap_or_default())
    };
    let key = |software: &FleetSoftware| of_software(search, software, &what, kind).into_iter().next();
    let mut keyed: Vec<_> =
        all.into_iter().map(|software| (key(&software), name(&software), software)).collect();
    keyed.sort_by(|a, b| missing_last(&a.0, &b.0, descending).then_with(|| a.1.cmp(&b.1)));
    keyed.into_iter().take(limit).map(|(_, _, software)| software).collect()
}

/// Missing values are last, or first if descending.
fn missing_last(a: &Option<QueryValue>, b: &Option<QueryValue>, descending: bool) -> Ordering {
    let ascending = (a.is_none(), a).cmp(&(b.is_none(), b));
    if descending { ascending.reverse() } else { ascending }
}
