//! Pages of lists that stand in the database alone: sensors, registries. They are short enough to be read whole, gone through one by
//! one and put in order for every request.

use axum::http::Uri;
use axum::response::Response;
use model::Timestamp;
use qql::{Condition, Row, SmallEntity, Sort};
use serde::Serialize;
use uuid::Uuid;

use crate::body;
use crate::error::ApiError;
use crate::paging::{PagePlace, Parameters};
use crate::wire::{Page, Version};

/// What is asked for: a page of what a filter admits, in an order.
#[derive(Debug)]
pub(crate) struct SmallList {
    place: PagePlace,
    condition: Condition,
    sort: Option<Sort>,
}

impl SmallList {
    /// Reads the parameters of a plain list.
    pub(crate) fn of(uri: &Uri, entity: SmallEntity) -> Result<Self, ApiError> {
        let all = Parameters::of(uri);
        let place = PagePlace::of(&all, "narrow the filter")?;
        let condition = condition(all.query("filter")?.as_ref(), entity)?;
        all.refuse_broken("sort")?;
        let sort = all.get("sort").map(|text| qql::resolve_small_sort(text, entity)).transpose();
        let sort = sort.map_err(|error| {
            ApiError::bad_request(error.to_string().replacen("filter token", "sort token", 1))
        })?;
        Ok(Self { place, condition, sort })
    }

    /// The page of `rows`, and how many there are on all pages; ties and lists without an order by `uuid`.
    pub(crate) fn page<R: Row>(&self, mut rows: Vec<R>, uuid: impl Fn(&R) -> Uuid) -> (Vec<R>, u64) {
        rows.retain(|row| qql::holds(&self.condition, row));
        rows.sort_by(|one, two| {
            let by_field = self.sort.map_or(std::cmp::Ordering::Equal, |sort| qql::compare(one, two, sort));
            by_field.then_with(|| uuid(one).cmp(&uuid(two)))
        });
        let count = rows.len() as u64;
        (rows.into_iter().skip(self.place.start()).take(self.place.room).collect(), count)
    }

    /// The same as an answer.
    pub(crate) fn answer<R: Row + Serialize>(
        &self,
        version: Version,
        rows: Vec<R>,
        uuid: impl Fn(&R) -> Uuid,
    ) -> Response {
        let (items, count) = self.page(rows, uuid);
        match items.is_empty() && !version.empty_list_has_body() {
            true => body::no_content(),
            false => body::json(&Page::new(items, count)),
        }
    }
}

/// What a filter comes to; everything without one.
pub(crate) fn condition(filter: Option<&qql::Query>, entity: SmallEntity) -> Result<Condition, ApiError> {
    let Some(filter) = filter else { return Ok(Condition::All) };
    qql::resolve_small(filter, entity, Timestamp::now())
        .map_err(|error| ApiError::bad_request(error.to_string()))
}
