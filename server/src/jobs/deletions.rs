//! Carries out deletions that were asked for, also those that an earlier process left unfinished.
//!
//! Afterwards it removes what nobody needs any more: inventories that no image names, and jobs that ended long ago.

use std::time::Duration;

use model::Timestamp;
use store::{DELETE_CONTAINERS, DELETE_IMAGES, DELETE_SENSORS, Job, Step, Store, StoreError};
use tokio::sync::watch;
use tracing::{info, warn};

/// How long to wait before looking for new jobs.
const POLL: Duration = Duration::from_millis(250);

/// How long a job is this worker's without a sign of life. Steps take milliseconds.
const LEASE: Duration = Duration::from_secs(30);

/// Inventories that are removed in one go.
const INVENTORIES: usize = 2_000;

/// How long the record of an ended job is kept, in milliseconds.
const KEPT: i64 = 30 * 86_400_000;

/// Works until `stop` is set.
pub async fn run(store: Store, mut stop: watch::Receiver<bool>) {
    // another name after each start, so that a job of an earlier process is never taken for one's own
    let name = format!("deletions {}", uuid::Uuid::new_v4());
    let mut is_tidy = false;
    let kinds = [DELETE_IMAGES, DELETE_CONTAINERS, DELETE_SENSORS];
    loop {
        let outcome = match store.claim_job(&name, &kinds, LEASE).await {
            Ok(Some(job)) => {
                is_tidy = false;
                delete(&store, &name, job, &stop).await
            }
            Ok(None) if !is_tidy => tidy(&store).await.map(|left| is_tidy = !left),
            Ok(None) => {
                tokio::select! {
                    () = tokio::time::sleep(POLL) => Ok(()),
                    _ = stop.wait_for(|stopping| *stopping) => return,
                }
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            warn!("a deletion could not go on and is tried again: {error}");
            tokio::time::sleep(POLL * 8).await;
        }
        if *stop.borrow() {
            return;
        }
    }
}

async fn delete(store: &Store, name: &str, job: Job, stop: &watch::Receiver<bool>) -> Result<(), StoreError> {
    while !*stop.borrow() {
        match store.delete_step(job.customer, job.uuid, name, LEASE).await? {
            Step::Lost => return Ok(()),
            Step::Made(now, _) if now.done < now.total => {}
            Step::Made(now, _) => {
                let (gone, kept) = (now.done - now.kept, now.kept);
                let result = format!("{gone} deleted, {kept} kept");
                info!(job = %job.uuid, kind = job.kind, "deletion ended: {result}");
                store.finish_job((job.customer, job.uuid), name, Ok(&result)).await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Removes a part of what is not needed; gives whether there may be more.
async fn tidy(store: &Store) -> Result<bool, StoreError> {
    let collected = store.collect_inventories(INVENTORIES).await?;
    store.collect_container_images(INVENTORIES).await?;
    store.forget_jobs(Timestamp(Timestamp::now().0 - KEPT), INVENTORIES).await?;
    Ok(collected as usize == INVENTORIES)
}
