//! What can be asked of the fleet, and the frames of the answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::Timestamp;
use qql::Sort;
use uuid::Uuid;

/// What an account may see. Records out of scope influence no byte of any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All records of the customer.
    Everything,
    /// Images having one of the tags; containers having one of them, themselves or through their image.
    /// An empty set sees nothing.
    Tags(BTreeSet<String>),
}

/// A page of a bulk list: by (`updated`, `uuid`) ascending, continued by a cursor.
#[derive(Clone, Debug)]
pub struct BulkRequest {
    /// Whose records.
    pub customer: Uuid,
    /// Which of them may be seen.
    pub scope: Scope,
    /// The client's filter.
    pub filter: Option<qql::Query>,
    /// The `paginationQuery` of the page before, as the client sent it back.
    pub cursor: Option<qql::Query>,
    /// The [`BulkPage::end`] of the page before, if the client sent it back; without it the end is fixed anew.
    pub end: Option<Timestamp>,
    /// Records of a page, at least 1.
    pub limit: usize,
}

/// A page of a bulk list.
#[derive(Clone, Debug)]
pub struct BulkPage<V> {
    /// At most `limit` records.
    pub items: Vec<Arc<V>>,
    /// The text of the next `paginationQuery` (not percent-encoded); `None` if nothing follows.
    pub next: Option<String>,
    /// Where the export ends, from its second page on. It travels beside the cursor, so that the text of the cursor keeps
    /// the documented form on every page.
    pub end: Option<Timestamp>,
}

/// A page of a plain list.
#[derive(Clone, Debug)]
pub struct ListRequest {
    /// Whose records.
    pub customer: Uuid,
    /// Which of them may be seen.
    pub scope: Scope,
    /// The client's filter.
    pub filter: Option<qql::Query>,
    /// The order; ties are broken by `uuid` ascending.
    pub sort: Sort,
    /// 1 is the first page; 0 is taken for 1.
    pub page: usize,
    /// Records of a page.
    pub page_size: usize,
}

/// A page of a plain list.
#[derive(Clone, Debug)]
pub struct ListPage<V> {
    /// At most `page_size` records.
    pub items: Vec<Arc<V>>,
    /// All matching records, exactly.
    pub count: u64,
}

/// The answer to a question for one record.
#[derive(Clone, Debug)]
pub enum Lookup<V> {
    /// Here it is.
    Found(Arc<V>),
    /// The customer has it, the scope does not.
    OutOfScope,
    /// The customer has none like it.
    Unknown,
}

impl<V> Lookup<V> {
    /// The record, if it was found.
    pub fn found(self) -> Option<Arc<V>> {
        match self {
            Self::Found(view) => Some(view),
            Self::OutOfScope | Self::Unknown => None,
        }
    }
}
