//! Building the index from nothing: reads all facts, judges all packages, records what came out otherwise than before.
//!
//! What is written to the store meanwhile is read from the change log afterwards, before anybody sees the index. Records are
//! read by two tasks, each from its half of the keys: to decode them is what takes the time.

use std::collections::HashMap;
use std::sync::Arc;

use knowledge::Bundle;
use model::Timestamp;
use store::{ContainerRecord, DEFAULT_CUSTOMER, FindingRow, ImageRecord, PackageRow, Rejudged, Store};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::error::FleetError;
use crate::facts::{StoredContainer, StoredImage};
use crate::fleet::Shared;
use crate::follow::{Follower, PAGE, on_a_thread};
use crate::rejudge::{first_judgements, judge, put, record_again, record_first};

/// Packages that are judged before their judgements are put under numbers, which take less room.
const JUDGED: usize = 16_384;

/// Where the keys are parted: in the middle of the customer that nearly everything belongs to.
const MIDDLE: (Uuid, Uuid) = (DEFAULT_CUSTOMER, Uuid::from_u128(1 << 127));

/// Fills the index of `shared` and gives the follower that keeps it up to date.
pub(crate) async fn load(
    store: &Store,
    bundle: &Arc<Bundle>,
    shared: &Shared,
) -> Result<Follower, FleetError> {
    let started = std::time::Instant::now();
    let clock = store.clock().await.map_err(FleetError::store("reading the clock"))?;
    let mut follower = Follower::new(store.clone(), Arc::clone(bundle), clock);
    let rejudged = load_packages(store, bundle, &mut follower).await?;
    load_images(store, &mut follower).await?;
    load_containers(store, &mut follower).await?;
    load_changes(store, &mut follower).await?;
    let judged_by = bundle.id();
    let mut index = std::mem::take(&mut follower.index);
    follower.index = on_a_thread(move || {
        index.finish_load();
        (index.clock, index.judged_by) = (clock, Some(judged_by));
        index
    })
    .await?;
    follower.is_loading = false;
    shared.advance(clock, follower.index.clone());
    // a record that was read late may be newer than others that were read early; so go on to where the store is now
    let clock = store.clock().await.map_err(FleetError::store("reading the clock"))?;
    follower.reach(shared, clock).await?;
    let stats = shared.stats();
    tracing::info!(
        images = stats.images,
        containers = stats.containers,
        packages = stats.packages,
        rejudged,
        bundle = %stats.bundle,
        seconds = started.elapsed().as_secs_f32(),
        "the fleet index is loaded"
    );
    Ok(follower)
}

/// Reads and judges all packages; gives how many came out otherwise than at their last judgement.
async fn load_packages(
    store: &Store,
    bundle: &Arc<Bundle>,
    follower: &mut Follower,
) -> Result<usize, FleetError> {
    let mut rows = Vec::new();
    loop {
        let page = store.packages_after(follower.last_package, PAGE).await;
        let page = page.map_err(FleetError::store("reading packages"))?;
        let Some(last) = page.last() else { break };
        follower.last_package = Some(last.id);
        rows.extend(page);
    }
    let mut verdicts = Vec::with_capacity(rows.len());
    let mut changed: Vec<Rejudged> = Vec::new();
    for part in rows.chunks(JUDGED) {
        let packages = part.iter().map(|row| row.package.clone()).collect();
        let judged = judge(packages, Arc::clone(bundle)).await?;
        record_first(store, &first_judgements(part.iter().zip(&judged))).await?;
        let differs = |(row, judged): &(&PackageRow, &crate::judge::Judged)| {
            row.fingerprint.is_some_and(|known| known != judged.fingerprint)
        };
        changed.extend(part.iter().zip(&judged).filter(differs).map(|(row, judged)| Rejudged {
            package: row.id,
            fingerprint: judged.fingerprint,
            qids: judged.qids(),
        }));
        verdicts.extend(judged.into_iter().map(|judged| follower.index.packages.verdict(judged)));
    }
    let count = changed.len();
    if !changed.is_empty() {
        let cause = format!("bundle {}", bundle.id());
        for chunk in changed.chunks(PAGE * 10) {
            record_again(store, &cause, chunk.to_vec()).await?;
        }
        read_changed(store, follower.applied, &mut rows).await?;
    }
    let first_found = first_found(store).await?;
    let puts = rows.into_iter().zip(verdicts).map(|(row, verdict)| put(row, verdict, &first_found));
    follower.index.put_packages(puts);
    follower.index.packages.give_places();
    Ok(count)
}

/// Brings rows up to date with what was recorded since `clock`.
async fn read_changed(store: &Store, clock: Timestamp, rows: &mut [PackageRow]) -> Result<(), FleetError> {
    let places: HashMap<u32, usize> = rows.iter().enumerate().map(|(place, row)| (row.id, place)).collect();
    let mut after = None;
    loop {
        let page = store.packages_changed_after(clock, after, PAGE).await;
        let page = page.map_err(FleetError::store("reading changed packages"))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        for row in page {
            if let Some(place) = places.get(&row.id) {
                rows[*place] = row;
            }
        }
    }
}

/// When each finding was first made.
async fn first_found(store: &Store) -> Result<HashMap<(u32, u32), Timestamp>, FleetError> {
    let mut first_found = HashMap::new();
    let mut after = None;
    loop {
        let page =
            store.findings_after(after, PAGE * 5).await.map_err(FleetError::store("reading findings"))?;
        let Some(last) = page.last() else { return Ok(first_found) };
        after = Some((last.package, last.qid));
        first_found.extend(page.into_iter().map(|row: FindingRow| ((row.package, row.qid), row.first_found)));
    }
}

async fn load_images(store: &Store, follower: &mut Follower) -> Result<(), FleetError> {
    let read = |store: Store, after| async move {
        store.images_after(after, PAGE).await.map_err(FleetError::store("reading images"))
    };
    let mut pages = in_halves(store, read, |record: &ImageRecord| (record.customer, record.uuid));
    while let Some(page) = pages.recv().await {
        let page = page?;
        let digests = page.iter().map(|record| record.inventory);
        let numbers = follower.inventories(digests, Timestamp(i64::MAX)).await?;
        let stored = |(record, inventory)| StoredImage { record, inventory, cause: 0 };
        follower.index.load(page.into_iter().zip(numbers).map(stored).collect(), Vec::new());
    }
    Ok(())
}

async fn load_containers(store: &Store, follower: &mut Follower) -> Result<(), FleetError> {
    let read = |store: Store, after| async move {
        store.containers_after(after, PAGE).await.map_err(FleetError::store("reading containers"))
    };
    let mut pages = in_halves(store, read, |record: &ContainerRecord| (record.customer, record.uuid));
    while let Some(page) = pages.recv().await {
        let page = page?;
        let numbers = follower.own_inventories(&page, Timestamp(i64::MAX)).await?;
        let stored = |(record, inventory)| StoredContainer { record, inventory, cause: 0 };
        follower.index.load(Vec::new(), page.into_iter().zip(numbers).map(stored).collect());
    }
    Ok(())
}

/// Reads why records changed last, what is left of deleted ones, and why packages were judged anew.
async fn load_changes(store: &Store, follower: &mut Follower) -> Result<(), FleetError> {
    let mut after = Timestamp(i64::MIN);
    loop {
        let changes = store.changes_after(after, PAGE * 5).await;
        let mut changes = changes.map_err(FleetError::store("reading the change log"))?;
        let Some(last) = changes.last().map(|change| change.clock) else { return Ok(()) };
        // what came later is read when the log is followed
        changes.retain(|change| change.clock <= follower.applied);
        follower.index.load_changes(changes);
        if last >= follower.applied {
            return Ok(());
        }
        after = last;
    }
}

/// The pages of a table, read by two tasks.
fn in_halves<R, F>(
    store: &Store,
    read: impl Fn(Store, Option<(Uuid, Uuid)>) -> F + Copy + Send + 'static,
    key: impl Fn(&R) -> (Uuid, Uuid) + Copy + Send + 'static,
) -> mpsc::Receiver<Result<Vec<R>, FleetError>>
where
    R: Send + 'static,
    F: Future<Output = Result<Vec<R>, FleetError>> + Send,
{
    let (sender, pages) = mpsc::channel(2);
    for (mut after, end) in [(None, Some(MIDDLE)), (Some(MIDDLE), None)] {
        let (store, sender) = (store.clone(), sender.clone());
        tokio::spawn(async move {
            loop {
                let mut page = match read(store.clone(), after).await {
                    Ok(page) => page,
                    Err(error) => {
                        // nobody listens any more if the other half has failed
                        let _ = sender.send(Err(error)).await;
                        return;
                    }
                };
                after = page.last().map(key);
                page.retain(|record| end.is_none_or(|end| key(record) <= end));
                let is_last = after.is_none_or(|after| end.is_some_and(|end| after > end));
                if !page.is_empty() && sender.send(Ok(page)).await.is_err() || is_last {
                    return;
                }
            }
        });
    }
    pages
}
