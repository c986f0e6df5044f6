//! Results: some columns of all records that a filter admits, in an order, to be read row by row.
//!
//! A result holds the state of the index that it was made from: its count and all of its rows, however slowly somebody reads
//! them, are those of one moment. It keeps positions and no values, so that five million rows take twenty megabytes.
//!
//! Software and vulnerabilities are those of the whole fleet, each once, with the images and containers that have it.

mod column;
mod rows;
mod vulnerability;

use std::sync::Arc;

use model::Timestamp;
use qql::{Entity, Sort};
use uuid::Uuid;

pub use column::{QueryColumn, QueryOrder, QueryValue};

use crate::aggregate::{self, FleetSoftware, FleetVulnerability};
use crate::ask::search;
use crate::error::FleetError;
use crate::fleet::Fleet;
use crate::lists::{resolved, sorted};
use crate::request::Scope;
use crate::state::State;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct QueryRequest {
    /// Whose records.
    pub customer: Uuid,
    /// Which of them may be seen.
    pub scope: Scope,
    /// What the rows are, and whose tokens the filter has.
    pub entity: Entity,
    /// The client's filter.
    pub filter: Option<qql::Query>,
    /// What of each record; those of [`QueryColumn::defaults`] if there are none.
    pub columns: Vec<QueryColumn>,
    /// The order, [`QueryOrder::default_of`] if there is none; ties by uuid, by name and version, or by qid.
    pub order: Option<QueryOrder>,
    /// Rows of the result at most.
    pub limit: Option<usize>,
}

/// The answer, see [`Fleet::query`].
#[derive(Debug)]
pub struct QueryResult {
    /// All records that the filter admits, exactly; the rows may be fewer.
    pub count: u64,
    columns: Vec<QueryColumn>,
    entity: Entity,
    state: Arc<State>,
    customer: Uuid,
    scope: Scope,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    /// Positions of images or containers.
    Records(Vec<u32>),
    Software(Vec<FleetSoftware>),
    Vulnerabilities(Vec<FleetVulnerability>),
}

impl QueryResult {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Records(rows) => rows.len(),
            Rows::Software(rows) => rows.len(),
            Rows::Vulnerabilities(rows) => rows.len(),
        }
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns, in the order of the values of a row.
    pub fn columns(&self) -> &[QueryColumn] {
        &self.columns
    }

    /// Calls `see` with each row from `start` on, at most `count` of them: the values of each column, none where there are
    /// none.
    pub fn each_row(&self, start: usize, count: usize, see: &mut dyn FnMut(&[Vec<QueryValue>])) {
        let end = start.saturating_add(count).min(self.len());
        if start >= end {
            return;
        }
        let Some(search) = search(&self.state, self.customer, &self.scope) else { return };
        match &self.rows {
            Rows::Records(positions) => {
                rows::records(&search, self.entity, &self.columns, &positions[start..end], see);
            }
            Rows::Software(software) => rows::software(&search, &self.columns, &software[start..end], see),
            Rows::Vulnerabilities(found) => vulnerability::rows(&self.columns, &found[start..end], see),
        }
    }
}

impl Fleet {
    /// All records that a scope shows and a filter admits, as rows; count and rows are of one state of the index.
    ///
    /// # Errors
    /// The filter asks for something that the entity does not have.
    pub fn query(&self, request: QueryRequest) -> Result<QueryResult, FleetError> {
        let QueryRequest { customer, scope, entity, filter, columns, order, limit } = request;
        let columns = if columns.is_empty() { QueryColumn::defaults(entity) } else { columns };
        let order = order.unwrap_or_else(|| QueryOrder::default_of(entity));
        let limit = limit.unwrap_or(usize::MAX);
        let condition = resolved(filter.as_ref(), entity, Timestamp::now())?;
        let state = self.state();
        let (count, rows) = match entity {
            Entity::Image | Entity::Container => {
                records(&state, (customer, &scope), entity, condition, order, limit)
            }
            Entity::Software => {
                let all = all_software(&state, (customer, &scope), &condition)?;
                let count = all.len() as u64;
                let rows = search(&state, customer, &scope)
                    .map_or(Vec::new(), |search| rows::in_order(&search, all, order, limit));
                (count, Rows::Software(rows))
            }
            Entity::Vulnerability => {
                let mut all = all_vulnerabilities(&state, (customer, &scope), &condition, order);
                let count = all.len() as u64;
                vulnerability::put_in_order(&mut all, order);
                all.truncate(limit);
                (count, Rows::Vulnerabilities(all))
            }
        };
        Ok(QueryResult { count, columns, entity, state, customer, scope, rows })
    }

    /// The customers that have images or containers.
    pub fn customers(&self) -> Vec<Uuid> {
        self.state().index.tenants().map(|tenant| tenant.customer).collect()
    }
}

type Reader<'s> = (Uuid, &'s Scope);

fn records(
    state: &State,
    (customer, scope): Reader<'_>,
    entity: Entity,
    condition: qql::Condition,
    order: QueryOrder,
    limit: usize,
) -> (u64, Rows) {
    let Some(view) = state.view(customer, scope, entity) else { return (0, Rows::Records(Vec::new())) };
    let listed = view.listed(condition);
    let count = listed.count();
    let window = usize::try_from(count).unwrap_or(usize::MAX).min(limit);
    // only fields can be given for these entities
    let sort = order.field().or(QueryOrder::default_of(entity).field());
    let rows = sort.map(|sort: Sort| sorted(&view, &listed, sort, window)).unwrap_or_default();
    (count, Rows::Records(rows))
}

fn all_software(
    state: &State,
    (customer, scope): Reader<'_>,
    condition: &qql::Condition,
) -> Result<Vec<FleetSoftware>, FleetError> {
    let Some(search) = search(state, customer, scope) else { return Ok(Vec::new()) };
    let found = aggregate::software(&search, condition, &search.visible.images, &search.visible.containers);
    found.ok_or_else(|| {
        let what =
            "asking the software of a whole fleet for times of findings, layers or phrases of evidence"
                .to_owned();
        FleetError::Query(qql::QueryError::ConstructNotSupportedYet { what, column: 1 })
    })
}

fn all_vulnerabilities(
    state: &State,
    (customer, scope): Reader<'_>,
    condition: &qql::Condition,
    order: QueryOrder,
) -> Vec<FleetVulnerability> {
    let Some(search) = search(state, customer, scope) else { return Vec::new() };
    let records = (&*search.visible.images, &*search.visible.containers);
    aggregate::vulnerabilities(&search, condition, order.field(), records, (0, usize::MAX)).items
}
