//! The change feed: what changed in the fleet, in the order of the clock, to be gone on with from any place.
//!
//! One path answers in two ways: a page that may be waited for (`wait`), and a stream of server-sent events that does not
//! end. Both go on from a place that the client keeps, so a lost connection loses nothing.

pub(crate) mod list;
mod stream;

use fleet::FeedChange;
use model::{Digest, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A change of one record: its latest one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeView {
    /// The clock value, in milliseconds since the epoch: the record's `updated`.
    #[schema(value_type = i64)]
    clock: Timestamp,
    /// `image` or `container`.
    kind: &'static str,
    uuid: Uuid,
    /// The image's or container's own id, 64 hex digits.
    #[schema(value_type = Option<String>)]
    id: Option<String>,
    deleted: bool,
    /// Why: `report`, `container report`, `tag`, `deletion`, `deletion of its image`, or `bundle ` with the id of the
    /// vulnerability data by which packages came out otherwise.
    cause: String,
    /// The place behind this change, for `after`.
    place: String,
}

impl From<FeedChange> for ChangeView {
    fn from(change: FeedChange) -> Self {
        Self {
            clock: change.place.clock,
            kind: if change.is_container { "container" } else { "image" },
            uuid: change.place.uuid,
            id: change.id.as_ref().map(Digest::to_hex),
            deleted: change.deleted,
            cause: change.cause,
            place: change.place.to_string(),
        }
    }
}

/// The view of an account on the feed.
#[derive(Clone)]
struct Reader {
    fleet: fleet::Fleet,
    customer: Uuid,
    scope: fleet::Scope,
}

impl Reader {
    fn page(&self, after: fleet::FeedPlace, limit: usize) -> Vec<FeedChange> {
        self.fleet.changes(self.customer, &self.scope, after, limit)
    }
}
