//! The wrappers of lists.

use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::Null;

/// A page of a plain list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    data: Vec<T>,
    /// All matches, not only those of the page.
    count: u64,
    #[schema(value_type = Option<Vec<String>>)]
    groups: Null,
}

impl<T> Page<T> {
    pub(crate) fn new(data: Vec<T>, count: u64) -> Self {
        Self { data, count, groups: Null }
    }
}

/// A page of a bulk list, as the API document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes in the API document what is streamed")]
pub(crate) struct BulkPage<T> {
    data: Vec<T>,
    /// The limit of the request.
    limit: usize,
}
