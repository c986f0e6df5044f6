//! From what a runtime says of a container to the report that is kept of it.

use std::sync::Arc;

use model::report::limits::WORD;
use model::{ClusterFacts, ContainerDetails, ContainerReport, ContainerState, Digest, ImageId, Timestamp};

use super::queue::Pending;
use super::shared::{LiveContainer, Shared};
use super::tidy::{cut, tidy};
use super::watch::Watched;
use crate::runtime::kubernetes::pod_of;
use crate::runtime::{Inspected, RuntimeError, Told};

/// How often looking at a container is tried before what was told of it is reported.
const TRIES: u32 = 3;
/// How often it is tried before it is left to the next listing: the pauses grow to a minute.
const ALL_TRIES: u32 = 9;

/// The runtime whose users choose ids, so that one of a container that is gone may come back as another container's.
const REUSES_IDS: &str = "containerd";

/// Looks at the containers of the queue, one after the other, until the task is dropped.
pub(crate) async fn work(shared: Arc<Shared>, watched: Arc<Watched>) {
    loop {
        let pending = watched.queue.next().await;
        let id = pending.told.id.clone();
        look(&shared, &watched, pending).await;
        watched.queue.finish(&id);
    }
}

async fn look(shared: &Arc<Shared>, watched: &Arc<Watched>, pending: Pending) {
    let Ok(id) = Digest::from_hex(&pending.told.id) else {
        let id: String = pending.told.id.chars().take(80).collect();
        return tracing::debug!(
            runtime = watched.kind(),
            "{} told of a container with the id `{id}`",
            watched.kind()
        );
    };
    let is_buried = shared.spool.is_buried(&id);
    if is_buried && (pending.gone || watched.kind() != REUSES_IDS) {
        return;
    }
    if pending.gone {
        return end(shared, watched, id, &pending);
    }
    let described = watched.runtime.inspect(&pending.told.id);
    match tokio::time::timeout(watched.patience.inspect, described).await {
        Ok(Ok(Some(inspected))) if is_buried && inspected.report.state == ContainerState::Deleted => {}
        Ok(Ok(Some(mut inspected))) if inspected.report.id == id => {
            if let Some(cluster) = &shared.cluster {
                cluster.complete(&mut inspected.report).await;
            }
            see(shared, watched, inspected);
        }
        Ok(Ok(Some(_))) => {
            shared.troubles.set(
                watched.kind(),
                format!("{} describes another container than it was asked for", watched.kind()),
            );
        }
        Ok(Ok(None)) if is_buried => {}
        Ok(Ok(None)) => end(shared, watched, id, &pending),
        Ok(Err(error)) => failed(
            shared,
            watched,
            id,
            pending,
            &error.to_string(),
            matches!(error, RuntimeError::Away { .. }),
        ),
        Err(_) => {
            let words = format!(
                "{} did not describe a container within {} s",
                watched.kind(),
                watched.patience.inspect.as_secs()
            );
            failed(shared, watched, id, pending, &words, false);
        }
    }
}

/// Tries again in a moment, and in the end reports what was told if nothing else is known.
fn failed(
    shared: &Arc<Shared>,
    watched: &Arc<Watched>,
    id: Digest,
    mut pending: Pending,
    words: &str,
    is_away: bool,
) {
    tracing::debug!(runtime = watched.kind(), tries = pending.tries, "{words}");
    pending.tries += 1;
    // when a runtime comes back, all is listed anew
    if pending.tries < ALL_TRIES && !is_away {
        let (watched, pending) = (Arc::clone(watched), pending.clone());
        let wait = watched.patience.pause * (1_u32 << pending.tries.saturating_sub(TRIES - 1));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            watched.queue.put_back(pending);
        });
    }
    if pending.tries < TRIES && !is_away {
        return;
    }
    shared.troubles.set(&format!("{} inspect", watched.kind()), words);
    let excluded = shared.rules().excludes_labels(&pending.told.labels) || shared.spool.is_buried(&id);
    if shared.spool.known(&id).is_none() && pending.told.state.is_some() && !excluded {
        let at = pending.last.unwrap_or_else(|| shared.now());
        let mut report = told_report(shared, watched, id, &pending.told, pending.first.unwrap_or(at));
        (report.state_changed, report.observed_at) = (at, at);
        keep(shared, watched.kind(), &id, |known| known.is_none().then_some(report));
    }
}

/// A container is there.
fn see(shared: &Shared, watched: &Watched, inspected: Inspected) {
    let Inspected { mut report, layer, process, image } = inspected;
    let id = report.id;
    shared.troubles.clear(&format!("{} inspect", watched.kind()));
    let rules = shared.rules();
    let cluster = report.details.as_ref().and_then(|details| details.cluster.as_ref());
    let is_excluded = cluster.is_some_and(|cluster| rules.excludes_namespace(&cluster.namespace));
    if is_excluded || rules.excludes_labels(&report.labels) {
        shared.live().remove(&id);
        return shared.spool.forget_container(&id);
    }
    if shared.live().get(&id).is_some_and(|live| live.rank < watched.rank) {
        // two runtimes show it, as containerd shows Docker's: the first one of the list speaks for it
        return;
    }
    tidy(&mut report, &shared.host_facts());
    let live = LiveContainer {
        rank: watched.rank,
        state: report.state,
        layer,
        process,
        image: report.image_id,
        source: image.clone(),
        since: report.state_changed,
    };
    let told = (report.image_id, report.image_name.clone());
    let mut is_gone = false;
    keep(shared, watched.kind(), &id, |known| {
        let Some(known) = known else { return Some(report) };
        report.observed_at = report.observed_at.max(known.observed_at);
        if known.state == ContainerState::Deleted && report.created > known.created {
            // another container with the id of one that is gone
            return Some(report);
        }
        // the answer was on its way while the event came
        is_gone = known.state == ContainerState::Deleted;
        date(&known, &mut report);
        carry(&known, &mut report);
        (!is_gone).then_some(report)
    });
    if is_gone {
        return;
    }
    shared.live().insert(id, live);
    if let ((Some(id), name), Some(source)) = (told, image) {
        shared.offer_image_of_container(id, name, source);
    }
}

/// Dates a change of state that the runtime does not date: it says when a container was started, also of one that was paused since.
fn date(known: &ContainerReport, report: &mut ContainerReport) {
    if report.state_changed > known.state_changed {
        return;
    }
    let is_same = report.state == known.state;
    report.state_changed = if is_same { known.state_changed } else { report.observed_at };
}

/// Hands on what a look into the container has told, which the runtime does not know.
fn carry(known: &ContainerReport, report: &mut ContainerReport) {
    let Some(known) = &known.details else { return };
    let details = report.details.get_or_insert_default();
    details.drift = details.drift.take().or_else(|| known.drift.clone());
    details.in_use = details.in_use.take().or_else(|| known.in_use.clone());
    if details.users.is_empty() {
        details.users.clone_from(&known.users);
    }
}

/// A container is gone.
fn end(shared: &Shared, watched: &Watched, id: Digest, pending: &Pending) {
    shared.live().remove(&id);
    let was_told = pending.first.is_some() && (pending.told.name.is_some() || pending.told.image.is_some());
    let may_tell = was_told && !shared.rules().excludes_labels(&pending.told.labels);
    let at = pending.last.unwrap_or_else(|| shared.now());
    keep(shared, watched.kind(), &id, |known| {
        if known.as_ref().is_some_and(|known| known.state == ContainerState::Deleted) {
            return None;
        }
        let told = || told_report(shared, watched, id, &pending.told, pending.first.unwrap_or(at));
        let mut report = known.or_else(|| may_tell.then(told))?;
        let at = at.max(Timestamp(report.observed_at.0.saturating_add(1)));
        report.state = ContainerState::Deleted;
        (report.state_changed, report.observed_at) = (at, at);
        Some(report)
    });
}

/// The report of a container that was gone before anybody could ask for it.
fn told_report(
    shared: &Shared,
    watched: &Watched,
    id: Digest,
    told: &Told,
    first: Timestamp,
) -> ContainerReport {
    let image_name = told.image.clone();
    let bare = image_name.as_deref().map(|name| name.strip_prefix("sha256:").unwrap_or(name));
    let cluster: Option<ClusterFacts> = pod_of(&told.labels);
    let details =
        ContainerDetails { runtime: Some(watched.kind().to_owned()), cluster, ..ContainerDetails::default() };
    let mut report = ContainerReport {
        id,
        name: told.name.clone().unwrap_or_default(),
        image_id: bare.and_then(|bare| Digest::from_hex(bare).ok()).map(ImageId),
        image_digest: image_name.as_deref().and_then(|name| name.split_once('@')?.1.parse().ok()),
        image_name: image_name.filter(|name| !name.starts_with("sha256:")),
        host: shared.host_facts(),
        state: told.state.unwrap_or(ContainerState::Unknown),
        created: first,
        state_changed: first,
        observed_at: first,
        path: None,
        arguments: Vec::new(),
        environment: Vec::new(),
        labels: told.labels.clone(),
        ports: Vec::new(),
        privileged: None,
        root: None,
        mac_address: String::new(),
        ipv4: None,
        ipv6: None,
        source: String::new(),
        details: Some(Box::new(details)),
        tags: Vec::new(),
    };
    cut(&mut report.name, WORD);
    let host = shared.host_facts();
    tidy(&mut report, &host);
    report
}

/// Puts a report into the spool, made of the one before.
pub(crate) fn keep(
    shared: &Shared,
    kind: &str,
    id: &Digest,
    change: impl FnOnce(Option<ContainerReport>) -> Option<ContainerReport>,
) {
    match shared.spool.change_container(id, kind, change) {
        Ok(true) => shared.spooled.notify_one(),
        Ok(false) => {}
        Err(error) => {
            shared.troubles.set("spool", format!("the state of a container could not be kept: {error}"))
        }
    }
}
