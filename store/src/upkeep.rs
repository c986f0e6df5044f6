//! The store as those see it who look after it: deletion, jobs, the days of the fleet, and proving that all is right.

use std::time::Duration;

use model::Timestamp;
use uuid::Uuid;

use crate::change::{self, Change, ChangeKind};
use crate::deletion::{self, Deletion, Kept};
use crate::error::Result;
use crate::job::{self, Job, JobState, NewJob, PART, Step};
use crate::store::Store;
use crate::verify::{self, Problem, Verified};
use crate::{day, shared, validate};

/// The longest document or payload, in bytes.
const MAX_DOCUMENT: usize = 16 << 20;

impl Store {
    // ---- deletion

    /// Deletes images, some hundred in each transaction. Durable when this returns.
    ///
    /// One with a container that is CREATED, RUNNING, PAUSED or STOPPED is kept, which is looked at in the same
    /// transaction. Other containers of a deleted image stay and change: they lose it. All tags of it are taken off.
    /// What is reported again afterwards is a new record.
    pub async fn delete_images(&self, customer: Uuid, uuids: &[Uuid]) -> Result<Deletion> {
        self.delete(customer, uuids, deletion::images).await
    }

    /// Deletes containers in whatever state, some hundred in each transaction. Durable when this returns.
    pub async fn delete_containers(&self, customer: Uuid, uuids: &[Uuid]) -> Result<Deletion> {
        self.delete(customer, uuids, deletion::containers).await
    }

    async fn delete(&self, customer: Uuid, uuids: &[Uuid], run: DeleteFn) -> Result<Deletion> {
        let mut whole = Deletion::default();
        for part in uuids.chunks(PART) {
            let uuids = part.to_vec();
            let outcome = self.write(part.len() * 64, move |work| {
                let mut outcome = Deletion::default();
                run(work, customer, &uuids, &mut outcome)?;
                Ok(outcome)
            });
            whole.add(outcome.await?);
        }
        if whole.deleted.is_empty() {
            whole.updated = self.clock().await?;
        }
        Ok(whole)
    }

    /// Deletes inventories that no image or container names, at most `limit`; gives how many. There may be more if it is `limit`.
    pub async fn collect_inventories(&self, limit: usize) -> Result<u64> {
        // looked for without keeping writers out, and looked at again when they are
        let digests = self.read(move |connection, _| deletion::orphans(connection, limit)).await?;
        let mut collected = 0;
        for part in digests.chunks(PART) {
            let part = part.to_vec();
            let size = part.len() * 64;
            collected += self.write(size, move |work| deletion::inventories(work, &part)).await?;
        }
        Ok(collected)
    }

    /// Deletes what containers of an image shared, when no container is left that does; at most `limit`, and gives how
    /// many.
    pub async fn collect_container_images(&self, limit: usize) -> Result<u64> {
        let rows = self.read(move |connection, _| shared::orphans(connection, limit)).await?;
        let mut collected = 0;
        for part in rows.chunks(PART) {
            let part = part.to_vec();
            let size = part.len() * 32;
            collected += self.write(size, move |work| shared::collect(work, &part)).await?;
        }
        Ok(collected)
    }

    /// What is left of those of the records (customer, uuid) that were deleted and are not there again, in no order.
    pub async fn tombstones_of(&self, kind: ChangeKind, keys: &[(Uuid, Uuid)]) -> Result<Vec<Change>> {
        let keys = keys.to_vec();
        self.read(move |connection, _| change::of_deleted(connection, kind, &keys)).await
    }

    // ---- jobs

    /// Makes a job. Durable when this returns.
    pub async fn enqueue_job(&self, job: NewJob) -> Result<Job> {
        validate::document("payload", &job.payload, MAX_DOCUMENT)?;
        let size = job.payload.len() + job.items.len() * 16;
        self.write(size, move |work| job::enqueue(work, &job)).await
    }

    /// Claims the oldest job of one of `kinds` (at most 8) that waits or whose worker's lease has ended. `by` names
    /// the worker, and differently after each start of it.
    pub async fn claim_job(&self, by: &str, kinds: &[&str], lease: Duration) -> Result<Option<Job>> {
        let (by, kinds) = (by.to_owned(), kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>());
        self.write(64, move |work| job::claim(work, &by, &kinds, lease)).await
    }

    /// Renews the lease of a job and notes how many records are done and, of these, left as they are; `false` if
    /// the job is not this worker's any more, which then stops.
    pub async fn heartbeat_job(
        &self,
        (customer, uuid): (Uuid, Uuid),
        by: &str,
        (done, kept): (u64, u64),
        lease: Duration,
    ) -> Result<bool> {
        let by = by.to_owned();
        self.write(64, move |work| job::heartbeat(work, (customer, uuid), &by, (done, kept), lease)).await
    }

    /// Deletes the next few hundred records of a claimed job of the kind [`crate::DELETE_IMAGES`],
    /// [`crate::DELETE_CONTAINERS`] or [`crate::DELETE_SENSORS`] and renews its lease, in one transaction: a job whose worker is killed goes
    /// on without a gap and without counting anything twice.
    pub async fn delete_step(&self, customer: Uuid, job: Uuid, by: &str, lease: Duration) -> Result<Step> {
        let by = by.to_owned();
        self.write(PART * 64, move |work| job::delete_step(work, (customer, job), &by, lease)).await
    }

    /// Ends a claimed job, well or badly; `false` if it is not this worker's any more.
    pub async fn finish_job(
        &self,
        (customer, uuid): (Uuid, Uuid),
        by: &str,
        outcome: std::result::Result<&str, &str>,
    ) -> Result<bool> {
        let (state, result) = match outcome {
            Ok(result) => (JobState::Done, result.to_owned()),
            Err(reason) => (JobState::Failed, reason.to_owned()),
        };
        let by = by.to_owned();
        self.write(64, move |work| job::end(work, (customer, uuid), Some(&by), state, &result)).await
    }

    /// Calls a job off; its worker learns of it at its next step. `false` if it has ended already.
    pub async fn cancel_job(&self, customer: Uuid, uuid: Uuid) -> Result<bool> {
        self.write(64, move |work| job::end(work, (customer, uuid), None, JobState::Cancelled, "")).await
    }

    /// One job; `None` if this customer has none of that uuid.
    pub async fn job(&self, customer: Uuid, uuid: Uuid) -> Result<Option<Job>> {
        self.read(move |connection, _| job::one(connection, customer, uuid)).await
    }

    /// Jobs of a customer made before the job `before`, the latest first.
    pub async fn jobs(&self, customer: Uuid, before: Option<Uuid>, limit: usize) -> Result<Vec<Job>> {
        self.read(move |connection, _| job::latest(connection, customer, before, limit)).await
    }

    /// The records that a job of deletion left as they are, at most `limit`, in its order.
    pub async fn kept_of_job(&self, customer: Uuid, uuid: Uuid, limit: usize) -> Result<Vec<Kept>> {
        self.read(move |connection, _| job::kept(connection, customer, uuid, limit)).await
    }

    /// Removes jobs that ended before a time of the wall clock, at most `limit`; gives how many.
    pub async fn forget_jobs(&self, before: Timestamp, limit: usize) -> Result<u64> {
        self.write(64, move |work| job::forget(work, before, limit)).await
    }

    // ---- days

    /// Notes the state of a customer's fleet on a day (counted from 1970-01-01 UTC) as JSON, in place of an older
    /// note. `scope` is a key of the caller's for the part of the fleet that it is about; empty for all of it.
    pub async fn put_day(&self, customer: Uuid, scope: &str, day: i32, document: &str) -> Result<()> {
        validate::document("scope", scope, 4_096)?;
        validate::document("document", document, MAX_DOCUMENT)?;
        let (scope, document) = (scope.to_owned(), document.to_owned());
        self.write(document.len(), move |work| day::put(work, customer, &scope, day, &document)).await
    }

    /// The notes of the days from `first` to `last`, both included, in their order. Days without one are left out.
    pub async fn days(
        &self,
        customer: Uuid,
        scope: &str,
        first: i32,
        last: i32,
    ) -> Result<Vec<(i32, String)>> {
        let scope = scope.to_owned();
        self.read(move |connection, _| day::range(connection, customer, &scope, first, last)).await
    }

    // ---- proof

    /// Reads the whole database in one snapshot and tells `tell` of everything that does not hold together, as it is
    /// found; gives what was looked at. An error means that the database could not be read to its end.
    ///
    /// Takes minutes on a large database and about 40 bytes of memory for each inventory.
    pub async fn verify(&self, tell: &mut (dyn FnMut(Problem) + Send)) -> Result<Verified> {
        let (sender, mut problems) = tokio::sync::mpsc::channel(1_024);
        let work = self.read(move |connection, codec| {
            // a caller that went away does not want to know
            verify::verify(connection, codec, &mut |problem| drop(sender.blocking_send(problem)))
        });
        let telling = async {
            while let Some(problem) = problems.recv().await {
                tell(problem);
            }
        };
        let (outcome, ()) = tokio::join!(work, telling);
        outcome
    }
}

type DeleteFn = fn(&mut crate::work::Work<'_>, Uuid, &[Uuid], &mut Deletion) -> Result<()>;
