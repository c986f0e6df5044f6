//! Going on from an index that was saved: what changed since is read from the log, and what may have come out otherwise is
//! judged again.
//!
//! The judgements in the index were made by the bundle of that time. Judged again is what the bundle in force may judge
//! otherwise, what time alone has changed, and whatever the log tells of: another bundle may have been in force meanwhile.

use knowledge::Changes;
use model::Package;

use super::*;
use crate::rejudge::{judge, puts};

/// Packages that are judged before their judgements are put under numbers, which take less room.
const JUDGED: usize = 16_384;

impl Follower {
    /// A follower that has brought a saved index up to date, and how many packages came out otherwise. `old` is the bundle that
    /// its packages were judged by; without it all are judged again.
    pub(crate) async fn resume(
        store: &Store,
        bundle: &Arc<Bundle>,
        (index, old): (Index, Option<Arc<Bundle>>),
        shared: &Shared,
    ) -> Result<(Self, usize), FleetError> {
        let saved = index.packages.clone();
        let mut follower = Self::new(store.clone(), Arc::clone(bundle), index.clock);
        follower.last_package = saved.entries().map(|entry| entry.id).max();
        (follower.index, follower.is_loading) = (index, false);
        let since = follower.applied;
        let clock = store.clock().await.map_err(FleetError::store("reading the clock"))?;
        follower.reach(shared, clock).await?;

        let packages = follower.doubtful(saved, old, since).await?;
        let mut verdicts = Vec::with_capacity(packages.len());
        for part in packages.chunks(JUDGED) {
            let judged =
                judge(part.iter().map(|(_, package)| package.clone()).collect(), Arc::clone(bundle)).await?;
            let judged = judged.into_iter().map(|judged| follower.index.packages.verdict(judged));
            verdicts.extend(part.iter().map(|(id, _)| *id).zip(judged.collect::<Vec<_>>()));
        }
        let count = follower.take_over(shared, verdicts, since).await?;
        // what was written meanwhile is there for the first reader
        let clock = store.clock().await.map_err(FleetError::store("reading the clock"))?;
        follower.reach(shared, clock).await?;
        if !follower.has_others {
            follower.index.judged_by = Some(bundle.id());
        }
        shared.advance(follower.applied, follower.index.clone());
        Ok((follower, count))
    }

    /// The packages that are to be judged again.
    async fn doubtful(
        &self,
        saved: crate::facts::Packages,
        old: Option<Arc<Bundle>>,
        since: Timestamp,
    ) -> Result<Vec<(u32, Package)>, FleetError> {
        let (known, new) = (self.index.packages.clone(), Arc::clone(&self.bundle));
        on_a_thread(move || {
            let now = Timestamp::now();
            let is_same = old.as_ref().is_some_and(|old| old.id() == new.id());
            let changes = old.filter(|_| !is_same).map(|old| Changes::between(&old, &new));
            let mut doubtful = Vec::new();
            for entry in known.entries() {
                let is_late = || entry.changed > since || saved.entry(entry.id).is_none();
                let package = (!is_same || is_late()).then(|| entry.package.package());
                let is_touched = |package: &Package| match &changes {
                    Some(changes) => changes.touches(package) || is_late(),
                    None => true,
                };
                match package.filter(is_touched) {
                    Some(package) => doubtful.push((entry.id, package)),
                    None if known.is_outdated(entry, Some(&new), now) => {
                        doubtful.push((entry.id, entry.package.package()));
                    }
                    None => {}
                }
            }
            doubtful
        })
        .await
    }

    /// Puts judgements of equal content in and records the others; gives the number of these.
    async fn take_over(
        &mut self,
        shared: &Shared,
        verdicts: Vec<(u32, Verdict)>,
        since: Timestamp,
    ) -> Result<usize, FleetError> {
        let (mut renewed, mut unsure, mut changed) = (Vec::new(), Vec::new(), Vec::new());
        for (package, verdict) in verdicts {
            let Some(entry) = self.index.packages.entry(package) else { continue };
            if verdict.fingerprint != entry.fingerprint {
                changed.push((package, verdict));
                continue;
            }
            let put = self.index.packages.renewed(entry, verdict);
            // the rows in the index may be older than what the store knows
            if entry.changed > since || put.first_found.iter().any(Option::is_none) {
                unsure.push((put.row, put.verdict));
            } else {
                renewed.push(put);
            }
        }
        renewed.extend(puts(&self.store, unsure).await?);
        let mut index = self.index.clone();
        self.index = on_a_thread(move || {
            index.put_packages(renewed);
            index
        })
        .await?;
        let count = changed.len();
        self.has_others = false;
        let bundle = Arc::clone(&self.bundle);
        let clock = self.record(&bundle, changed).await?;
        self.reach(shared, clock).await?;
        self.put_left().await?;
        Ok(count)
    }
}
