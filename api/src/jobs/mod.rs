//! Jobs: what became of work that goes on after its request was answered.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;

use fleet::Scope;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use store::Job;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Identity;

/// A job as clients see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobView {
    uuid: Uuid,
    /// `delete-images`, `delete-containers` or `delete-sensors`.
    kind: String,
    /// `QUEUED`, `RUNNING`, `DONE`, `FAILED` or `CANCELLED`.
    state: &'static str,
    /// Records that it is about.
    total: u64,
    /// Records that it is through with, those included that were left as they are.
    done: u64,
    /// Records that were left as they are.
    kept: u64,
    /// What came of it, once it has ended.
    result: Option<String>,
    /// Milliseconds since the epoch.
    #[schema(value_type = i64)]
    created: Timestamp,
    #[schema(value_type = Option<i64>)]
    started: Option<Timestamp>,
    #[schema(value_type = Option<i64>)]
    finished: Option<Timestamp>,
}

/// What a job's payload says besides what it is about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// The account that asked for it.
    pub(crate) by: String,
}

/// Whether an account may know of a job: all of them with a view of everything, and each of its own.
fn is_visible(job: &Job, identity: &Identity) -> bool {
    let payload: Payload = serde_json::from_str(&job.payload).unwrap_or_default();
    *identity.scope() == Scope::Everything || payload.by == identity.name()
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            uuid: job.uuid,
            kind: job.kind,
            state: job.state.as_str(),
            total: job.total,
            done: job.done,
            kept: job.kept,
            result: job.result.filter(|result| !result.is_empty()),
            created: job.created,
            started: job.started,
            finished: job.finished,
        }
    }
}
