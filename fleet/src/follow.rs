//! Keeping the index up to date: reads the change log, fetches what changed, judges new packages, applies in order.
//!
//! One task does all of it, so that a change of judgements made here cannot overtake the facts that were committed before it.
//! The index moves from one clock value to a later one in a single step: the next state is made beside the present one, which
//! readers go on with, and then takes its place. Readers see all of a transaction or nothing.
//!
//! A record that was fetched may be newer than the part of the log that was read. It is left for the step that reads its own
//! change: were it shown at once, a reader could take its clock value for its place and miss what lies before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};
use std::time::Duration;

use knowledge::Bundle;
use model::{Digest, Timestamp};
use store::{Change, ChangeKind, ContainerRecord, Rejudged, Store};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::error::FleetError;
use crate::facts::{Index, Packages, Step, StoredContainer, StoredImage, Verdict, cause_number};
use crate::fleet::Shared;
use crate::judge::Judged;
use crate::rejudge::{first_judgements, judge, puts, record_again};
use crate::table::Bits;
use recording::Recording;

mod read;
mod recording;
mod resume;

/// Rows of one question to the store.
pub(crate) const PAGE: usize = 2_000;

/// Packages whose new judgement is recorded in one transaction.
const RECORDED: usize = 20_000;

/// How long to wait for writers of other processes before looking.
const POLL: Duration = Duration::from_millis(500);

/// What the follower can be told.
pub(crate) enum Command {
    /// Keep these judgements of packages, made by a bundle that is to be adopted.
    Stage { bundle: Digest, judged: Vec<(u32, Judged)> },
    /// Judge by this bundle from now on. Of the packages `known` those were staged that it touches.
    Adopt { bundle: Arc<Bundle>, known: Bits, done: oneshot::Sender<Result<usize, FleetError>> },
}

/// Follows the store.
pub(crate) struct Follower {
    store: Store,
    bundle: Arc<Bundle>,
    /// The newest state: what readers see, and packages and inventories that no image in it holds yet.
    pub(crate) index: Index,
    /// Whether nobody sees the index yet. Then there is only one state of it, which is changed instead of a clone.
    pub(crate) is_loading: bool,
    /// The index holds everything up to here.
    pub(crate) applied: Timestamp,
    /// The highest package number that was read.
    pub(crate) last_package: Option<u32>,
    /// Changes that were read while a newer version of the record was there already: their clock values.
    held: BTreeMap<(Uuid, Uuid), Timestamp>,
    /// Judgements by a bundle that is to be adopted.
    pending: Option<(Digest, HashMap<u32, Verdict>)>,
    /// Judgements that were recorded and wait for their change to be read.
    staged: HashMap<u32, Verdict>,
    /// Whether another process has judged since the bundle was taken over.
    has_others: bool,
    /// First judgements that are on their way into the store.
    recording: Option<Recording>,
    /// Where states are shown that wait for these.
    shared: Weak<Shared>,
}

impl Follower {
    pub(crate) fn new(store: Store, bundle: Arc<Bundle>, applied: Timestamp) -> Self {
        Self {
            store,
            bundle,
            index: Index::default(),
            is_loading: true,
            applied,
            last_package: None,
            held: BTreeMap::new(),
            pending: None,
            staged: HashMap::new(),
            has_others: false,
            recording: None,
            shared: Weak::new(),
        }
    }

    /// Follows until the last handle of the fleet is gone.
    pub(crate) async fn run(mut self, shared: Weak<Shared>, mut commands: mpsc::Receiver<Command>) {
        let mut committed = self.store.subscribe();
        self.store.keep_recent();
        self.show_to(&shared);
        loop {
            let Some(alive) = shared.upgrade() else { return };
            if let Err(error) = self.catch_up(&alive, &commands).await {
                if matches!(error, FleetError::Stopped) {
                    tracing::error!("a step of the index failed for good, it is not followed any more");
                    return;
                }
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the index could not follow the store, trying again"
                );
            }
            drop(alive);
            tokio::select! {
                command = commands.recv() => match command {
                    None => return,
                    Some(command) => {
                        let Some(alive) = shared.upgrade() else { return };
                        self.obey(&alive, command).await;
                    }
                },
                moved = committed.changed() => if moved.is_err() {
                    tokio::time::sleep(POLL).await;
                },
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    async fn obey(&mut self, shared: &Shared, command: Command) {
        match command {
            Command::Stage { bundle, judged } => self.stage(bundle, judged),
            Command::Adopt { bundle, known, done } => {
                let outcome = match self.recorded().await {
                    Ok(()) => self.adopt(shared, bundle, &known).await,
                    Err(error) => Err(error),
                };
                // nobody waits any more if the caller was cancelled
                let _ = done.send(outcome);
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
        self.recorded().await
    }

    /// Applies the next part of the change log; `false` if there was nothing left.
    async fn step(&mut self, shared: &Shared) -> Result<bool, FleetError> {
        self.recorded_at_last().await?;
        let now = self.store.clock().await.map_err(FleetError::store("reading the clock"))?;
        if now <= self.applied && self.held.is_empty() {
            return Ok(false);
        }
        let changes = self.store.changes_after(self.applied, PAGE).await;
        let changes = changes.map_err(FleetError::store("reading the change log"))?;
        // with nothing left, everything up to the clock that was read before is in the index
        let upto = changes.last().map_or(now.max(self.applied), |change| change.clock);
        let is_last = changes.is_empty();
        let step = self.prepare(changes, upto).await?;
        let judged: Vec<u32> =
            step.judgements.as_ref().map(|(_, judged)| judged.iter().collect()).unwrap_or_default();
        shared.count(judged.len() + step.images.len() + step.containers.len() + step.changes.len());
        let mut next = self.index.clone();
        next.clock = upto;
        self.index = on_a_thread(move || {
            next.apply(step);
            next
        })
        .await?;
        self.applied = upto;
        self.store.forget_recent(upto);
        judged.iter().for_each(|package| drop(self.staged.remove(package)));
        if self.staged.is_empty() {
            // after a judgement of everything it would keep room for everything
            self.staged = HashMap::new();
        }
        let complete = self.held.values().min().map_or(upto, |held| Timestamp(held.0 - 1));
        self.show(shared, complete).await;
        Ok(!is_last)
    }

    async fn prepare(&mut self, changes: Vec<Change>, upto: Timestamp) -> Result<Step, FleetError> {
        let mut step = Step::default();
        let (mut images, mut containers) = (BTreeMap::new(), BTreeMap::new());
        for change in changes {
            let key = (change.customer, change.key);
            self.held.remove(&key);
            match change.kind {
                ChangeKind::Image if !change.deleted => drop(images.insert(key, change)),
                ChangeKind::Container if !change.deleted => drop(containers.insert(key, change)),
                _ => step.changes.push(change),
            }
        }
        step.containers = self.containers(containers, upto).await?;
        step.images = self.images(images, upto).await?;
        if step.changes.iter().any(|change| change.kind == ChangeKind::Judgement) {
            step.judgements = Some(self.judgements(upto).await?);
        }
        Ok(step)
    }

    /// The containers of changes, as far as they have not changed again since; those wait for their next change.
    async fn containers(
        &mut self,
        mut changes: BTreeMap<(Uuid, Uuid), Change>,
        upto: Timestamp,
    ) -> Result<Vec<StoredContainer>, FleetError> {
        let keys: Vec<(Uuid, Uuid)> = changes.keys().copied().collect();
        let mut stored = Vec::with_capacity(keys.len());
        for part in keys.chunks(PAGE) {
            let records =
                self.store.containers_of(part).await.map_err(FleetError::store("reading containers"))?;
            let records: Vec<_> = records.into_iter().filter(|record| record.updated <= upto).collect();
            let numbers = self.own_inventories(&records, upto).await?;
            for (record, inventory) in records.into_iter().zip(numbers) {
                let change = changes.remove(&(record.customer, record.uuid));
                let cause = change.map_or(0, |change| cause_number(&change.cause));
                stored.push(StoredContainer { record, inventory, cause });
            }
        }
        self.held.extend(changes.into_iter().map(|(key, change)| (key, change.clock)));
        Ok(stored)
    }

    /// The images of changes in the same way, with their inventories and packages in the index.
    async fn images(
        &mut self,
        mut changes: BTreeMap<(Uuid, Uuid), Change>,
        upto: Timestamp,
    ) -> Result<Vec<StoredImage>, FleetError> {
        let keys: Vec<(Uuid, Uuid)> = changes.keys().copied().collect();
        let mut stored = Vec::with_capacity(keys.len());
        for part in keys.chunks(PAGE) {
            let mut records = self.image_records(part, &changes).await?;
            records.retain(|record| record.updated <= upto);
            let numbers = self.inventories(records.iter().map(|record| record.inventory), upto).await?;
            for (record, inventory) in records.into_iter().zip(numbers) {
                let change = changes.remove(&(record.customer, record.uuid));
                let cause = change.map_or(0, |change| cause_number(&change.cause));
                stored.push(StoredImage { record, inventory, cause });
            }
        }
        self.held.extend(changes.into_iter().map(|(key, change)| (key, change.clock)));
        Ok(stored)
    }

    /// The numbers of inventories, in their order, with all their packages in the index; images with equal content
    /// share one.
    pub(crate) async fn inventories(
        &mut self,
        digests: impl Iterator<Item = Digest>,
        upto: Timestamp,
    ) -> Result<Vec<u32>, FleetError> {
        let digests: Vec<Digest> = digests.collect();
        let unknown = digests.iter().filter(|digest| self.index.inventories.number(digest).is_none());
        let missing: Vec<Digest> = unknown.copied().collect::<BTreeSet<_>>().into_iter().collect();
        for part in missing.chunks(PAGE / 4) {
            let content = self.contents(part).await?;
            let needed = content.iter().filter_map(|(_, content)| content.last_package()).max();
            self.new_packages(needed, upto).await?;
            let mut index = self.index.clone();
            if self.is_loading {
                self.index = Index::default();
            }
            let (index, outcome) = on_a_thread(move || {
                let outcome = index.inventories.intern(&index.packages, content);
                (index, outcome)
            })
            .await?;
            self.index = index;
            outcome?;
        }
        let lost = |digest: &Digest| FleetError::UnknownInventory { inventory: *digest };
        digests
            .iter()
            .map(|digest| self.index.inventories.number(digest).ok_or_else(|| lost(digest)))
            .collect()
    }

    /// The numbers of the inventories that containers have in place of their images', in the order of the containers.
    pub(crate) async fn own_inventories(
        &mut self,
        records: &[ContainerRecord],
        upto: Timestamp,
    ) -> Result<Vec<Option<u32>>, FleetError> {
        let own = records.iter().filter_map(|record| record.inventory);
        let mut numbers = self.inventories(own, upto).await?.into_iter();
        Ok(records.iter().map(|record| record.inventory.and_then(|_| numbers.next())).collect())
    }

    /// Reads and judges the packages up to a number that the index does not know yet.
    ///
    /// They are put in at once: nobody sees them before an image holds them.
    async fn new_packages(&mut self, needed: Option<u32>, upto: Timestamp) -> Result<(), FleetError> {
        while needed > self.last_package {
            let rows = self.store.packages_after(self.last_package, PAGE).await;
            let mut rows = rows.map_err(FleetError::store("reading packages"))?;
            let Some(last) = rows.last().map(|row| row.id) else {
                return Err(FleetError::UnknownPackage { package: needed.unwrap_or_default() });
            };
            let packages = rows.iter().map(|row| row.package.clone()).collect();
            let judged = judge(packages, Arc::clone(&self.bundle)).await?;
            self.record_first(first_judgements(rows.iter().zip(&judged))).await?;
            let is_other = |(row, own): (&store::PackageRow, &Judged)| {
                row.fingerprint.is_some_and(|known| known != own.fingerprint)
            };
            if rows.iter().zip(&judged).any(is_other) {
                (self.has_others, self.index.judged_by) = (true, None);
            }
            // a judgement that was recorded later than the log was read is shown when its change is read
            rows.iter_mut().filter(|row| row.changed > upto).for_each(|row| row.changed = row.created);
            let verdicts = judged.into_iter().map(|judged| self.index.packages.verdict(judged));
            let verdicts = rows.into_iter().zip(verdicts.collect::<Vec<_>>()).collect();
            let puts = puts(&self.store, verdicts).await?;
            self.index.put_packages(puts);
            self.last_package = Some(last);
        }
        Ok(())
    }

    /// All packages with new judgements of those whose findings changed since the log was last read, and which these are.
    async fn judgements(&mut self, upto: Timestamp) -> Result<(Packages, Bits), FleetError> {
        let mut packages = self.index.packages.clone();
        let mut judged = Bits::none(packages.end());
        let mut after = None;
        loop {
            let mut changed = Vec::new();
            let rows = self.store.packages_changed_after(self.applied, after, PAGE).await;
            let rows = rows.map_err(FleetError::store("reading changed packages"))?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            for row in rows.into_iter().filter(|row| row.changed > row.created && row.changed <= upto) {
                let Some(entry) = self.index.packages.entry(row.id) else { continue };
                let own = self.staged.get(&row.id).filter(|own| Some(own.fingerprint) == row.fingerprint);
                let is_ours = own.is_some();
                // else another process judged by a bundle that this one has not been given yet
                self.has_others |= !is_ours;
                let verdict = own.cloned().unwrap_or_else(|| self.index.packages.verdict_of(entry));
                if entry.changed != row.changed || is_ours {
                    judged.insert(row.id);
                    changed.push((row, verdict));
                }
            }
            if !changed.is_empty() {
                packages.put(puts(&self.store, changed).await?);
            }
        }
        if self.has_others {
            self.index.judged_by = None;
        }
        Ok((packages, judged))
    }

    /// Puts judgements by a coming bundle under numbers.
    fn stage(&mut self, bundle: Digest, judged: Vec<(u32, Judged)>) {
        if self.pending.as_ref().is_none_or(|(known, _)| *known != bundle) {
            self.pending = Some((bundle, HashMap::new()));
        }
        let Some((_, pending)) = &mut self.pending else { return };
        for (package, judged) in judged {
            pending.insert(package, self.index.packages.verdict(judged));
        }
    }

    /// Takes over a new bundle; gives the number of packages that come out otherwise.
    async fn adopt(
        &mut self,
        shared: &Shared,
        bundle: Arc<Bundle>,
        known: &Bits,
    ) -> Result<usize, FleetError> {
        self.bundle = Arc::clone(&bundle);
        self.index.judged_by = None;
        let late: Vec<_> = self.index.packages.entries().filter(|entry| !known.contains(entry.id)).collect();
        let (ids, packages): (Vec<u32>, Vec<_>) =
            late.into_iter().map(|entry| (entry.id, entry.package.package())).unzip();
        let again = judge(packages, Arc::clone(&bundle)).await?;
        self.stage(bundle.id(), ids.into_iter().zip(again).collect());
        let judged = self.pending.take().map(|(_, judged)| judged).unwrap_or_default();
        let mut judged: Vec<(u32, Verdict)> = judged.into_iter().collect();
        judged.sort_unstable_by_key(|(package, _)| *package);
        let mut index = self.index.clone();
        let (index, changed) = on_a_thread(move || {
            let changed = index.renew(judged);
            (index, changed)
        })
        .await?;
        self.index = index;
        shared.advance(Timestamp(i64::MIN), self.index.clone());
        let count = changed.len();
        self.has_others = false;
        let clock = self.record(&bundle, changed).await?;
        self.reach(shared, clock).await?;
        self.put_left().await?;
        if !self.has_others {
            self.index.judged_by = Some(bundle.id());
        }
        shared.advance(Timestamp(i64::MIN), self.index.clone());
        shared.set_bundle(bundle);
        Ok(count)
    }

    /// Records new judgements, which then come in as changes of the log; gives the clock value of the last one.
    async fn record(
        &mut self,
        bundle: &Bundle,
        changed: Vec<(u32, Verdict)>,
    ) -> Result<Timestamp, FleetError> {
        let cause = format!("bundle {}", bundle.id());
        let mut clock = self.applied;
        let mut changed = changed.into_iter().peekable();
        while changed.peek().is_some() {
            let mut part = Vec::new();
            for (package, verdict) in changed.by_ref().take(RECORDED) {
                part.push(Rejudged { package, fingerprint: verdict.fingerprint, qids: verdict.qids() });
                self.staged.insert(package, verdict);
            }
            clock = record_again(&self.store, &cause, part).await?;
        }
        Ok(clock)
    }

    /// Puts judgements in that were recorded and brought no change: the store had them already, from another process that
    /// judged a new package first, by another bundle than the one that it was shown by here.
    async fn put_left(&mut self) -> Result<(), FleetError> {
        let mut left = Vec::new();
        for (package, verdict) in std::mem::take(&mut self.staged) {
            let Some(entry) = self.index.packages.entry(package) else { continue };
            let row = store::PackageRow {
                id: entry.id,
                package: entry.package.package(),
                created: entry.created,
                changed: entry.changed,
                fingerprint: Some(verdict.fingerprint),
            };
            left.push((row, verdict));
        }
        if !left.is_empty() {
            let left = puts(&self.store, left).await?;
            self.index.put_packages(left);
        }
        Ok(())
    }
}

/// Runs what takes long on a thread of its own, so that the runtime goes on.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FleetError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FleetError::Stopped)
}
