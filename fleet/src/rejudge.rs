//! Judging and what belongs to it: who is judged again by a new bundle, and how judgements are recorded.

use std::collections::HashMap;
use std::sync::Arc;

use knowledge::{Bundle, Changes};
use model::{Digest, Package, Timestamp};
use store::{PackageRow, Rejudged, Store};

use crate::error::FleetError;
use crate::facts::{PackageEntry, Packages, Put, Verdict};
use crate::follow::{PAGE, on_a_thread};
use crate::judge::{Judged, in_shares, judge_all};

/// First judgements that are recorded in one transaction.
const RECORDED: usize = 20_000;

/// Judges on a thread of its own, so that the runtime goes on.
pub(crate) async fn judge(packages: Vec<Package>, bundle: Arc<Bundle>) -> Result<Vec<Judged>, FleetError> {
    if packages.is_empty() {
        return Ok(Vec::new());
    }
    on_a_thread(move || {
        let packages: Vec<&Package> = packages.iter().collect();
        judge_all(&packages, &bundle, Timestamp::now())
    })
    .await
}

/// The numbers of those of the known packages whose judgement may be another one by the new bundle, or that time alone has
/// changed; ascending. `judged_by` is the bundle that judged all of them, if it was one.
pub(crate) async fn touched(
    (known, judged_by): (Packages, Option<Digest>),
    old: Arc<Bundle>,
    new: Arc<Bundle>,
) -> Result<Vec<u32>, FleetError> {
    on_a_thread(move || {
        let (changes, now) = (Changes::between(&old, &new), Timestamp::now());
        let is_of_another_day = judged_by != Some(old.id()) || old.date() != new.date();
        let dated = is_of_another_day.then_some(&*new);
        let is_touched = |entry: &PackageEntry| {
            let (package, source) = (&entry.package, entry.package.source().map(|(name, _)| name));
            changes.may_touch(package.ecosystem(), package.name(), source)
                && changes.touches(&package.package())
                || known.is_outdated(entry, dated, now)
        };
        let entries: Vec<&Arc<PackageEntry>> = known.entries().collect();
        in_shares(&entries, |share| {
            share.iter().filter(|entry| is_touched(entry)).map(|entry| entry.id).collect()
        })
    })
    .await
}

/// The judgements of packages that were never judged: number, fingerprint, qids.
pub(crate) type FirstJudgements = Vec<(u32, u64, Vec<u32>)>;

/// The judgements of those packages that were never judged.
pub(crate) fn first_judgements<'a>(
    judged: impl Iterator<Item = (&'a PackageRow, &'a Judged)>,
) -> FirstJudgements {
    judged
        .filter(|(row, _)| row.fingerprint.is_none())
        .map(|(row, judged)| (row.id, judged.fingerprint, judged.qids()))
        .collect()
}

/// Records the judgements of packages that were never judged.
pub(crate) async fn record_first(store: &Store, first: &FirstJudgements) -> Result<(), FleetError> {
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

/// Packages with their judgements and the times at which their findings were first made.
pub(crate) async fn puts(store: &Store, judged: Vec<(PackageRow, Verdict)>) -> Result<Vec<Put>, FleetError> {
    let (mut all, mut judged) = (Vec::with_capacity(judged.len()), judged.into_iter().peekable());
    while judged.peek().is_some() {
        let part: Vec<_> = judged.by_ref().take(PAGE).collect();
        // what is found in a package that was never judged was first found when the package was first seen
        let known = part.iter().filter(|(row, _)| row.fingerprint.is_some());
        let ids: Vec<u32> = known.map(|(row, _)| row.id).collect();
        let mut first_found = HashMap::new();
        if !ids.is_empty() {
            let rows = store.findings_of(&ids).await.map_err(FleetError::store("reading findings"))?;
            first_found.extend(rows.into_iter().map(|row| ((row.package, row.qid), row.first_found)));
        }
        all.extend(part.into_iter().map(|(row, verdict)| put(row, verdict, &first_found)));
    }
    Ok(all)
}

/// One package with its judgement.
pub(crate) fn put(row: PackageRow, verdict: Verdict, first_found: &HashMap<(u32, u32), Timestamp>) -> Put {
    let first = |qid| match row.fingerprint {
        Some(_) => first_found.get(&(row.id, qid)).copied(),
        None => Some(row.created),
    };
    let first_found = verdict.qids().into_iter().map(first).collect();
    Put { row, verdict, first_found }
}
