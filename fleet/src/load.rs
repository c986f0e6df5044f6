//! Building the index from nothing: reads all facts, judges all packages, records what came out otherwise than before.
//!
//! What is written to the store meanwhile is read from the change log afterwards, before anybody sees the index.

use std::collections::HashMap;
use std::sync::Arc;

use knowledge::Bundle;
use model::Timestamp;
use store::{FindingRow, PackageRow, Rejudged, Store};

use crate::error::FleetError;
use crate::fleet::Shared;
use crate::follow::{Follower, PAGE, entry, judge, record_again, record_first};
use crate::judge::Judged;

/// Fills the index of `shared` and gives the follower that keeps it up to date.
pub(crate) async fn load(
    store: &Store,
    bundle: &Arc<Bundle>,
    shared: &Shared,
) -> Result<Follower, FleetError> {
    let started = std::time::Instant::now();
    let clock = store.clock().await.map_err(FleetError::store("reading the clock"))?;
    let mut follower = Follower::new(store.clone(), Arc::clone(bundle), clock);
    let rejudged = load_packages(store, bundle, shared, &mut follower).await?;
    load_images(store, shared, &mut follower).await?;
    load_containers(store, shared).await?;
    shared.advance(clock, |index| index.clock = clock);
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
    shared: &Shared,
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
    let judged = judge(rows.iter().map(|row| row.package.clone()).collect(), Arc::clone(bundle)).await?;
    record_first(store, rows.iter().zip(&judged)).await?;
    let changed: Vec<Rejudged> = rows
        .iter()
        .zip(&judged)
        .filter(|(row, judged)| row.fingerprint.is_some_and(|known| known != judged.fingerprint))
        .map(|(row, judged)| Rejudged {
            package: row.id,
            fingerprint: judged.fingerprint,
            qids: judged.qids(),
        })
        .collect();
    let count = changed.len();
    if !changed.is_empty() {
        let cause = format!("bundle {}", bundle.id());
        for chunk in changed.chunks(PAGE * 10) {
            record_again(store, &cause, chunk.to_vec()).await?;
        }
        read_changed(store, follower.applied, &mut rows).await?;
    }
    put_packages(store, shared, rows, judged).await?;
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

async fn put_packages(
    store: &Store,
    shared: &Shared,
    rows: Vec<PackageRow>,
    judged: Vec<Judged>,
) -> Result<(), FleetError> {
    let mut first_found: HashMap<(u32, u32), Timestamp> = HashMap::new();
    let mut after = None;
    loop {
        let page =
            store.findings_after(after, PAGE * 5).await.map_err(FleetError::store("reading findings"))?;
        let Some(last) = page.last() else { break };
        after = Some((last.package, last.qid));
        first_found.extend(page.into_iter().map(|row: FindingRow| ((row.package, row.qid), row.first_found)));
    }
    let first = |package, qid| first_found.get(&(package, qid)).copied();
    let entries = rows.into_iter().zip(judged).map(|(row, judged)| Arc::new(entry(row, judged, first)));
    shared.fill(|index| index.put_packages(entries));
    Ok(())
}

async fn load_images(store: &Store, shared: &Shared, follower: &mut Follower) -> Result<(), FleetError> {
    let mut after = None;
    loop {
        let page = store.images_after(after, PAGE).await.map_err(FleetError::store("reading images"))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.customer, last.uuid));
        let inventories = follower.inventories(shared, &page, Timestamp(i64::MAX)).await?;
        shared.fill(|index| {
            for (record, inventory) in page.into_iter().zip(inventories) {
                index.put_image(Arc::new(record), inventory);
            }
        });
    }
}

async fn load_containers(store: &Store, shared: &Shared) -> Result<(), FleetError> {
    let mut after = None;
    loop {
        let page =
            store.containers_after(after, PAGE).await.map_err(FleetError::store("reading containers"))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.customer, last.uuid));
        shared.fill(|index| page.into_iter().for_each(|record| index.put_container(Arc::new(record))));
    }
}
