//! Keeping the index up to date: reads the change log, fetches what changed, judges new packages, applies in order.
//!
//! One task does all of it, so that a change of judgements made here cannot overtake the facts that were committed before it.
//! The index moves from one clock value to a later one in a single step under the write lock: readers see
//! all of a transaction or nothing.
//!
//! A record that was fetched may be newer than the part of the log that was read. It is left for the step that reads its own
//! change: were it shown at once, a reader could take its clock value for its place and miss what lies before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use knowledge::{Bundle, Changes};
use model::{Digest, Package, Timestamp};
use store::{Change, ChangeKind, ContainerRecord, ImageRecord, Inventory, PackageRow, Rejudged, Store};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::dictionary::{Fragments, PackageEntry};
use crate::error::FleetError;
use crate::fleet::Shared;
use crate::judge::{Judged, count, judge_all};

/// Rows of one question to the store.
pub(crate) const PAGE: usize = 2_000;

/// Packages whose new judgement is recorded in one transaction.
const RECORDED: usize = 20_000;

/// How long to wait for writers of other processes before looking.
const POLL: Duration = Duration::from_millis(500);

/// What the follower can be told.
pub(crate) enum Command {
    /// Judge by this bundle from now on; `judged` holds what was judged by it already.
    Adopt {
        bundle: Arc<Bundle>,
        judged: HashMap<u32, Option<Judged>>,
        done: oneshot::Sender<Result<usize, FleetError>>,
    },
}

/// What a step will do to the index.
#[derive(Default)]
struct Step {
    judgements: Vec<Arc<PackageEntry>>,
    images: Vec<(Arc<ImageRecord>, Arc<Inventory>)>,
    containers: Vec<Arc<ContainerRecord>>,
    deleted: Vec<Change>,
}

/// Follows the store.
pub(crate) struct Follower {
    store: Store,
    bundle: Arc<Bundle>,
    /// The index holds everything up to here.
    pub(crate) applied: Timestamp,
    /// The highest package number that was read.
    pub(crate) last_package: Option<u32>,
    /// Changes that were read while a newer version of the record was there already: their clock values.
    held: BTreeMap<(Uuid, Uuid), Timestamp>,
    /// Judgements that were recorded and wait for their change to be read.
    staged: HashMap<u32, Judged>,
    inventories: HashMap<Digest, Weak<Inventory>>,
}

impl Follower {
    pub(crate) fn new(store: Store, bundle: Arc<Bundle>, applied: Timestamp) -> Self {
        Self {
            store,
            bundle,
            applied,
            last_package: None,
            held: BTreeMap::new(),
            staged: HashMap::new(),
            inventories: HashMap::new(),
        }
    }

    /// Follows until the last handle of the fleet is gone.
    pub(crate) async fn run(mut self, shared: Weak<Shared>, mut commands: mpsc::Receiver<Command>) {
        let mut committed = self.store.subscribe();
        loop {
            let Some(alive) = shared.upgrade() else { return };
            if let Err(error) = self.catch_up(&alive, &commands).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the index could not follow the store, trying again"
                );
            }
            drop(alive);
            tokio::select! {
                command = commands.recv() => match command {
                    None => return,
                    Some(Command::Adopt { bundle, judged, done }) => {
                        let Some(alive) = shared.upgrade() else { return };
                        let outcome = self.adopt(&alive, bundle, judged).await;
                        // nobody waits any more if the caller was cancelled
                        let _ = done.send(outcome);
                    }
                },
                moved = committed.changed() => if moved.is_err() {
                    tokio::time::sleep(POLL).await;
                },
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Applies all changes that there are, unless somebody wants something else done.
    async fn catch_up(
        &mut self,
        shared: &Shared,
        commands: &mpsc::Receiver<Command>,
    ) -> Result<(), FleetError> {
        while self.step(shared).await? && commands.is_empty() {}
        Ok(())
    }

    /// Applies changes until everything up to `clock` is in the index; the store must have reached it.
    pub(crate) async fn reach(&mut self, shared: &Shared, clock: Timestamp) -> Result<(), FleetError> {
        while self.applied < clock {
            self.step(shared).await?;
        }
        Ok(())
    }

    /// Applies the next part of the change log; `false` if there was nothing left.
    async fn step(&mut self, shared: &Shared) -> Result<bool, FleetError> {
        let now = self.store.clock().await.map_err(FleetError::store("reading the clock"))?;
        if now <= self.applied && self.held.is_empty() {
            return Ok(false);
        }
        let changes = self.store.changes_after(self.applied, PAGE).await;
        let changes = changes.map_err(FleetError::store("reading the change log"))?;
        // with nothing left, everything up to the clock that was read before is in the index
        let upto = changes.last().map_or(now.max(self.applied), |change| change.clock);
        let step = self.prepare(shared, &changes, upto).await?;
        self.applied = upto;
        for entry in &step.judgements {
            self.staged.remove(&entry.id);
        }
        let complete = self.held.values().min().map_or(upto, |held| Timestamp(held.0 - 1));
        shared.advance(complete, |index| {
            step.apply(index);
            index.clock = upto;
        });
        Ok(!changes.is_empty())
    }

    async fn prepare(
        &mut self,
        shared: &Shared,
        changes: &[Change],
        upto: Timestamp,
    ) -> Result<Step, FleetError> {
        let mut step = Step::default();
        let mut images = Vec::new();
        for change in changes {
            let key = (change.customer, change.key);
            self.held.remove(&key);
            match change.kind {
                ChangeKind::Judgement => {}
                ChangeKind::Image | ChangeKind::Container if change.deleted => {
                    step.deleted.push(change.clone())
                }
                ChangeKind::Image => match self.image(change).await?.filter(|image| image.updated <= upto) {
                    Some(image) => images.push(image),
                    None => drop(self.held.insert(key, change.clock)),
                },
                ChangeKind::Container => {
                    match self.container(change).await?.filter(|record| record.updated <= upto) {
                        Some(record) => step.containers.push(Arc::new(record)),
                        None => drop(self.held.insert(key, change.clock)),
                    }
                }
            }
        }
        let inventories = self.inventories(shared, &images, upto).await?;
        if changes.iter().any(|change| change.kind == ChangeKind::Judgement) {
            step.judgements = self.judgements(shared, upto).await?;
        }
        step.images = images.into_iter().map(Arc::new).zip(inventories).collect();
        Ok(step)
    }

    async fn image(&self, change: &Change) -> Result<Option<ImageRecord>, FleetError> {
        self.store.image(change.customer, change.key).await.map_err(FleetError::store("reading an image"))
    }

    async fn container(&self, change: &Change) -> Result<Option<ContainerRecord>, FleetError> {
        self.store
            .container(change.customer, change.key)
            .await
            .map_err(FleetError::store("reading a container"))
    }

    /// The inventories of `images`, in their order, with all their packages in the index; images with equal content
    /// share one.
    ///
    /// Entries are sorted by package and path. The store sorts by package number, and numbers tell which packages
    /// other images, even other customers', brought first.
    pub(crate) async fn inventories(
        &mut self,
        shared: &Shared,
        images: &[ImageRecord],
        upto: Timestamp,
    ) -> Result<Vec<Arc<Inventory>>, FleetError> {
        let mut found: HashMap<Digest, Arc<Inventory>> = HashMap::new();
        let mut missing = BTreeSet::new();
        for digest in images.iter().map(|image| image.inventory) {
            match self.inventories.get(&digest).and_then(Weak::upgrade) {
                Some(inventory) => drop(found.insert(digest, inventory)),
                None => drop(missing.insert(digest)),
            }
        }
        let missing: Vec<Digest> = missing.into_iter().collect();
        if !missing.is_empty() {
            let mut read =
                self.store.inventories(&missing).await.map_err(FleetError::store("reading inventories"))?;
            self.new_packages(shared, &read, upto).await?;
            shared.read().sort(&mut read)?;
            if self.inventories.len() >= 1_024 && self.inventories.len().is_power_of_two() {
                self.inventories.retain(|_, inventory| inventory.strong_count() > 0);
            }
            for (digest, inventory) in missing.into_iter().zip(read) {
                let inventory = Arc::new(inventory);
                self.inventories.insert(digest, Arc::downgrade(&inventory));
                found.insert(digest, inventory);
            }
        }
        Ok(images.iter().map(|image| Arc::clone(&found[&image.inventory])).collect())
    }

    /// Reads and judges packages that the inventories name and the index does not know yet.
    ///
    /// They are put in at once: nobody sees them before an image holds them.
    async fn new_packages(
        &mut self,
        shared: &Shared,
        inventories: &[Inventory],
        upto: Timestamp,
    ) -> Result<(), FleetError> {
        let needed =
            inventories.iter().flat_map(|inventory| &inventory.entries).map(|entry| entry.package).max();
        while needed > self.last_package {
            let rows = self.store.packages_after(self.last_package, PAGE).await;
            let rows = rows.map_err(FleetError::store("reading packages"))?;
            let Some(last) = rows.last().map(|row| row.id) else {
                return Err(FleetError::UnknownPackage { package: needed.unwrap_or_default() });
            };
            let entries = self.judge_new(rows, upto).await?;
            shared.fill(|index| index.put_packages(entries));
            self.last_package = Some(last);
        }
        Ok(())
    }

    async fn judge_new(
        &self,
        rows: Vec<PackageRow>,
        upto: Timestamp,
    ) -> Result<Vec<Arc<PackageEntry>>, FleetError> {
        let packages = rows.iter().map(|row| row.package.clone()).collect();
        let judged = judge(packages, Arc::clone(&self.bundle)).await?;
        record_first(&self.store, rows.iter().zip(&judged)).await?;
        let rows = rows.into_iter().zip(judged).map(|(mut row, judged)| {
            // a judgement that was recorded later than the log was read is shown when its change is read
            if row.changed > upto {
                row.changed = row.created;
            }
            (row, judged)
        });
        entries(&self.store, rows.collect()).await
    }

    /// New entries for the packages whose findings changed since the log was last read.
    async fn judgements(
        &mut self,
        shared: &Shared,
        upto: Timestamp,
    ) -> Result<Vec<Arc<PackageEntry>>, FleetError> {
        let mut changed = Vec::new();
        let mut after = None;
        loop {
            let rows = self.store.packages_changed_after(self.applied, after, PAGE).await;
            let rows = rows.map_err(FleetError::store("reading changed packages"))?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            for row in rows.into_iter().filter(|row| row.changed > row.created && row.changed <= upto) {
                let Some(entry) = shared.read().package(row.id).cloned() else { continue };
                let is_ours =
                    self.staged.get(&row.id).is_some_and(|own| Some(own.fingerprint) == row.fingerprint);
                let judged = match self.staged.remove(&row.id).filter(|_| is_ours) {
                    Some(judged) => judged,
                    // another process judged by a bundle that this one has not been given yet
                    None => judged_of(&entry),
                };
                if entry.changed != row.changed || is_ours {
                    changed.push((row, judged));
                }
            }
        }
        entries(&self.store, changed).await
    }

    /// Takes over a new bundle; gives the number of packages that come out otherwise.
    async fn adopt(
        &mut self,
        shared: &Shared,
        bundle: Arc<Bundle>,
        mut judged: HashMap<u32, Option<Judged>>,
    ) -> Result<usize, FleetError> {
        self.bundle = Arc::clone(&bundle);
        let known: Vec<Arc<PackageEntry>> = shared.read().packages().cloned().collect();
        let late: Vec<_> = known.iter().filter(|entry| !judged.contains_key(&entry.id)).collect();
        let again =
            judge(late.iter().map(|entry| entry.package.clone()).collect(), Arc::clone(&bundle)).await?;
        judged.extend(late.iter().map(|entry| entry.id).zip(again.into_iter().map(Some)));

        let mut refreshed = Vec::new();
        let mut changed = Vec::new();
        for entry in &known {
            // nothing for one that the new bundle does not touch
            let Some(new) = judged.remove(&entry.id).flatten() else { continue };
            if new.fingerprint == entry.fingerprint {
                refreshed.push(Arc::new(renewed(entry, new)));
            } else {
                changed.push((entry.id, new));
            }
        }
        shared.advance(Timestamp(i64::MIN), |index| index.put_packages(refreshed));
        let count = changed.len();
        let cause = format!("bundle {}", bundle.id());
        let mut chunk = Vec::new();
        let mut clock = self.applied;
        for (id, new) in changed {
            chunk.push(Rejudged { package: id, fingerprint: new.fingerprint, qids: new.qids() });
            self.staged.insert(id, new);
            if chunk.len() == RECORDED {
                clock = record_again(&self.store, &cause, std::mem::take(&mut chunk)).await?;
            }
        }
        if !chunk.is_empty() {
            clock = record_again(&self.store, &cause, chunk).await?;
        }
        self.reach(shared, clock).await?;
        shared.set_bundle(bundle);
        Ok(count)
    }
}

impl Step {
    fn apply(self, index: &mut crate::index::Index) {
        index.put_judgements(self.judgements);
        for change in &self.deleted {
            match change.kind {
                ChangeKind::Image => index.remove_image(change.customer, change.key),
                ChangeKind::Container => index.remove_container(change.customer, change.key),
                ChangeKind::Judgement => {}
            }
        }
        for (record, inventory) in self.images {
            index.put_image(record, inventory);
        }
        for record in self.containers {
            index.put_container(record);
        }
    }
}

/// Judges on a thread of its own, so that the runtime goes on.
pub(crate) async fn judge(packages: Vec<Package>, bundle: Arc<Bundle>) -> Result<Vec<Judged>, FleetError> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    let task = tokio::task::spawn_blocking(move || {
        let packages: Vec<&Package> = packages.iter().collect();
        judge_all(&packages, &bundle, Timestamp::now())
    });
    task.await.map_err(|_| FleetError::Stopped)
}

/// Those of `known` whose judgement may be another one by the new bundle, or that time alone has changed.
pub(crate) async fn touched(
    known: Vec<Arc<PackageEntry>>,
    old: Arc<Bundle>,
    new: Arc<Bundle>,
) -> Result<Vec<Arc<PackageEntry>>, FleetError> {
    let task = tokio::task::spawn_blocking(move || {
        let (changes, now) = (Changes::between(&old, &new), Timestamp::now());
        let is_touched = |entry: &Arc<PackageEntry>| {
            changes.touches(&entry.package) || matcher::is_outdated(&entry.judgement, entry.stage, &new, now)
        };
        known.into_iter().filter(is_touched).collect()
    });
    task.await.map_err(|_| FleetError::Stopped)
}

/// Records the judgements of packages that were never judged.
pub(crate) async fn record_first<'a>(
    store: &Store,
    judged: impl Iterator<Item = (&'a PackageRow, &'a Judged)>,
) -> Result<(), FleetError> {
    let first: Vec<_> = judged
        .filter(|(row, _)| row.fingerprint.is_none())
        .map(|(row, judged)| (row.id, judged.fingerprint, judged.qids()))
        .collect();
    for chunk in first.chunks(RECORDED) {
        let recorded = store.record_first_judgement(chunk.to_vec()).await;
        recorded.map_err(FleetError::store("recording first judgements"))?;
    }
    Ok(())
}

/// Records that packages came out otherwise than before.
pub(crate) async fn record_again(
    store: &Store,
    cause: &str,
    judged: Vec<Rejudged>,
) -> Result<Timestamp, FleetError> {
    store.record_rejudgement(cause, judged).await.map_err(FleetError::store("recording new judgements"))
}

/// Entries for packages with the times at which their findings were first made.
pub(crate) async fn entries(
    store: &Store,
    judged: Vec<(PackageRow, Judged)>,
) -> Result<Vec<Arc<PackageEntry>>, FleetError> {
    let ids: Vec<u32> = judged.iter().map(|(row, _)| row.id).collect();
    let mut first_found = HashMap::new();
    for chunk in ids.chunks(PAGE) {
        let rows = store.findings_of(chunk).await.map_err(FleetError::store("reading findings"))?;
        first_found.extend(rows.into_iter().map(|row| ((row.package, row.qid), row.first_found)));
    }
    let first = |package, qid| first_found.get(&(package, qid)).copied();
    Ok(judged.into_iter().map(|(row, judged)| Arc::new(entry(row, judged, first))).collect())
}

/// One entry. A finding that the store does not know stands since the package's findings last changed.
pub(crate) fn entry(
    row: PackageRow,
    judged: Judged,
    first_found: impl Fn(u32, u32) -> Option<Timestamp>,
) -> PackageEntry {
    let Judged { judgement, stage, fingerprint } = judged;
    let first_found = judgement
        .findings
        .iter()
        .map(|finding| first_found(row.id, finding.vulnerability.qid).unwrap_or(row.changed));
    PackageEntry {
        id: row.id,
        purl: model::purl::purl_of(&row.package).into_boxed_str(),
        package: row.package,
        created: row.created,
        changed: row.changed,
        fingerprint: row.fingerprint.unwrap_or(fingerprint),
        first_found: first_found.collect(),
        counts: count(judgement.findings.iter().map(|finding| finding.severity)),
        judgement: Arc::new(judgement),
        stage,
        fragments: Fragments::default(),
    }
}

/// The judgement that an entry shows.
fn judged_of(entry: &PackageEntry) -> Judged {
    Judged { judgement: (*entry.judgement).clone(), stage: entry.stage, fingerprint: entry.fingerprint }
}

/// The same package with a judgement of equal content, which may differ in what no client is shown.
fn renewed(known: &PackageEntry, judged: Judged) -> PackageEntry {
    let row = PackageRow {
        id: known.id,
        package: known.package.clone(),
        created: known.created,
        changed: known.changed,
        fingerprint: Some(known.fingerprint),
    };
    let times: HashMap<u32, Timestamp> =
        known.findings().map(|(finding, time)| (finding.vulnerability.qid, time)).collect();
    entry(row, judged, |_, qid| times.get(&qid).copied())
}
