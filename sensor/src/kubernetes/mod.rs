//! What the API server of a Kubernetes cluster adds to what a runtime knows of its pods: labels, who made them, the node and the cluster.
//!
//! What it is for: completing [`ClusterFacts`]. What it is not for: finding containers, which the runtime does, and watching; the
//! pods of one node are listed when somebody asks and the last list is old, which costs a few kilobytes a minute.
//!
//! The decision a reader may doubt: a question of the sensor never fails because of the API server. What it refuses or does not answer
//! stays as the runtime knows it, and `deduce.rs` tells controllers by the names that they give to their pods.

mod client;
mod deduce;
mod document;
mod place;
mod view;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use model::{ClusterFacts, ContainerReport};
use tokio::sync::Mutex;

pub use self::client::KubernetesError;
use self::client::{ApiServer, Document};
use self::document::{Metadata, Owner, Pods, Version};
pub use self::place::{Place, PlaceError};
use self::view::{Pod, View};

/// When the API server is asked again.
#[derive(Clone, Copy, Debug)]
struct Ages {
    /// How old the list of pods may be.
    fresh: Duration,
    /// How old it must be at least when a pod is not in it: one that was just made.
    young: Duration,
    /// How long an API server that did not answer is left alone.
    rest: Duration,
}

const AGES: Ages =
    Ages { fresh: Duration::from_secs(60), young: Duration::from_secs(5), rest: Duration::from_secs(30) };

/// How long reports wait for all that is asked in one go.
const PATIENCE: Duration = Duration::from_secs(10);

/// How old what is known of cluster and node may be.
const LASTING: Duration = Duration::from_secs(600);

/// Controllers of controllers that are asked for in one go; the rest follows with the next list.
const MOST_OWNERS: usize = 100;

/// A controller has a controller, and that may have one.
const MAX_DEPTH: usize = 4;

/// The cluster that this node belongs to.
#[derive(Debug)]
pub struct Cluster {
    server: ApiServer,
    place: Place,
    ages: Ages,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    view: View,
    /// Owners of what owns pods, by the uid of the latter.
    owners: HashMap<String, Vec<Owner>>,
    /// When pods were listed last, with or without an answer.
    asked: Option<Instant>,
    /// Whether that had an answer.
    answered: bool,
    /// When cluster and node were last asked about.
    described: Option<Instant>,
    /// What was refused, so that it is logged once.
    refused: Vec<&'static str>,
}

impl Cluster {
    /// The cluster of a place; its API server is not asked anything yet.
    ///
    /// # Errors
    /// An address that is none, and certificates that cannot be read.
    pub fn new(place: Place) -> Result<Self, KubernetesError> {
        let server = ApiServer::new(&place)?;
        Ok(Self { server, place, ages: AGES, known: Mutex::default() })
    }

    /// Completes a report of a container that runs in a pod; any other stays as it is.
    pub async fn complete(&self, report: &mut ContainerReport) {
        if let Some(facts) = report.details.as_mut().and_then(|details| details.cluster.as_mut()) {
            self.fill(facts).await;
        }
    }

    /// Completes what is known of a pod.
    pub async fn fill(&self, facts: &mut ClusterFacts) {
        // One asks, the others wait for the same answer.
        let mut known = self.known.lock().await;
        self.keep_fresh(&mut known, self.ages.fresh).await;
        if known.view.pod(facts).is_none() {
            self.keep_fresh(&mut known, self.ages.young).await;
        }
        known.view.complete(facts);
        drop(known);
        deduce::controllers(facts);
    }

    /// Asks again for what is older than `age`, unless the API server is being left alone.
    async fn keep_fresh(&self, known: &mut Known, age: Duration) {
        let age = if known.answered { age } else { self.ages.rest };
        if known.asked.is_some_and(|asked| asked.elapsed() < age) {
            return;
        }
        let outcome = match tokio::time::timeout(PATIENCE, self.refresh(known)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.server.late(PATIENCE)),
        };
        if let Err(error) = &outcome
            && (known.answered || known.asked.is_none())
        {
            tracing::warn!(%error, "the API server is not asked about pods for {} s", self.ages.rest.as_secs());
        }
        known.asked = Some(Instant::now());
        known.answered = outcome.is_ok();
    }

    async fn refresh(&self, known: &mut Known) -> Result<(), KubernetesError> {
        if known.described.is_none_or(|described| described.elapsed() > LASTING) {
            self.describe(known).await?;
            known.described = Some(Instant::now());
        }
        let Some(node) = &self.place.node else { return Ok(()) };
        let mut pods = Vec::new();
        // Without a node's name nothing is listed: it would be every pod of the cluster.
        let selector = format!("spec.nodeName={node}");
        let mut following = String::new();
        for _ in 0..client::MAX_PAGES {
            let query = [
                ("fieldSelector", selector.as_str()),
                ("resourceVersion", if following.is_empty() { "0" } else { "" }),
                ("limit", "500"),
                ("continue", following.as_str()),
            ];
            let Some(page) = self.get::<Pods>(known, "pods", "/api/v1/pods", &query).await? else { break };
            pods.extend(page.items.into_iter().map(|item| item.metadata));
            following = page.metadata.following;
            if following.is_empty() {
                break;
            }
        }
        self.learn_owners(known, &pods).await?;
        known.view.pods = view::index(pods.into_iter().map(|pod| self.pod(known, pod)));
        Ok(())
    }

    /// Asks what the cluster and the node are.
    async fn describe(&self, known: &mut Known) -> Result<(), KubernetesError> {
        let version = self.get::<Version>(known, "version", "/version", &[]).await?;
        let system = self.get::<Document>(known, "namespaces", "/api/v1/namespaces/kube-system", &[]).await?;
        let node = match &self.place.node {
            Some(node) => {
                let path = format!("/api/v1/nodes/{}", client::encode(node));
                self.get::<Document>(known, "nodes", &path, &[]).await?
            }
            None => None,
        };
        let node = node.map(|node| node.metadata);
        known.view.name = self.place.cluster.clone().or_else(|| node.as_ref().and_then(view::cluster_name));
        known.view.uid = system.map(|system| system.metadata.uid).filter(|uid| !uid.is_empty());
        known.view.version = version.map(|version| version.git_version).filter(|text| !text.is_empty());
        known.view.node = self.place.node.clone();
        known.view.is_master = node.as_ref().map(view::is_master);
        Ok(())
    }

    /// A document; `None` if it is not there or may not be read, which is logged once.
    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        known: &mut Known,
        what: &'static str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, KubernetesError> {
        match self.server.get(path, query).await {
            Err(KubernetesError::Denied { reason, .. }) => {
                if !known.refused.contains(&what) {
                    known.refused.push(what);
                    tracing::info!(
                        reason,
                        "the service account may not read {what} of the API server; its containers are reported \
                         without what they would tell"
                    );
                }
                Ok(None)
            }
            answer => answer,
        }
    }

    /// Asks who made the controllers of pods, as far as that is not known.
    async fn learn_owners(&self, known: &mut Known, pods: &[Metadata]) -> Result<(), KubernetesError> {
        let mut current: Vec<String> = Vec::new();
        let mut waiting: Vec<(String, Owner)> = Vec::new();
        for pod in pods {
            waiting.extend(pod.owners.iter().map(|owner| (pod.namespace.clone(), owner.clone())));
        }
        let mut asked = 0;
        for _ in 0..MAX_DEPTH {
            let mut next = Vec::new();
            for (namespace, owner) in waiting {
                current.push(owner.uid.clone());
                let Some(path) = owner.path(&namespace) else { continue };
                if !known.owners.contains_key(&owner.uid) {
                    if asked == MOST_OWNERS {
                        continue;
                    }
                    asked += 1;
                    let found = self.get::<Document>(known, "controllers", &path, &[]).await?;
                    // A controller of the same name that was made anew is another.
                    let found = found.filter(|found| found.metadata.uid == owner.uid);
                    let owners = found.map(|found| found.metadata.owners).unwrap_or_default();
                    known.owners.insert(owner.uid.clone(), owners);
                }
                let above = known.owners.get(&owner.uid).into_iter().flatten();
                next.extend(above.map(|above| (namespace.clone(), above.clone())));
            }
            waiting = next;
        }
        known.owners.retain(|uid, _| current.contains(uid));
        Ok(())
    }

    /// A pod with all its controllers, nearest first.
    fn pod(&self, known: &Known, pod: Metadata) -> Pod {
        let mut controllers = Vec::new();
        let mut owner = document::controller(&pod.owners);
        while let Some(found) = owner.filter(|_| controllers.len() < MAX_DEPTH) {
            controllers.push(found.controller());
            owner = known.owners.get(&found.uid).and_then(|above| document::controller(above));
        }
        Pod::new(pod, controllers)
    }
}

/// Reads bytes as a list of pods and completes what a runtime knows by it.
#[cfg(any(fuzzing, test))]
pub fn fuzz(bytes: &[u8]) {
    let Ok(pods) = serde_json::from_slice::<Pods>(bytes) else { return };
    for pod in pods.items.into_iter().map(|item| item.metadata) {
        let paths = pod.owners.iter().filter_map(|owner| owner.path(&pod.namespace));
        let _ = (paths.count(), view::cluster_name(&pod), view::is_master(&pod));
        let mut facts = ClusterFacts { pod: pod.name.clone(), ..ClusterFacts::default() };
        facts.namespace.clone_from(&pod.namespace);
        let controllers = document::controller(&pod.owners).map(Owner::controller).into_iter().collect();
        let pods = view::index(std::iter::once(Pod::new(pod, controllers)));
        View { pods, ..View::default() }.complete(&mut facts);
        deduce::controllers(&mut facts);
    }
}

#[cfg(test)]
mod odd_bytes {
    use proptest::prelude::*;

    /// What was sent once, to be changed.
    const SEEDS: [&[u8]; 1] = [include_bytes!("../../../fuzz/corpus/kubernetes-metadata/seed")];

    proptest! {
        #[test]
        fn nothing_that_is_sent_makes_a_reader_panic(
            seed in 0..SEEDS.len(),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            end in any::<prop::sample::Index>(),
        ) {
            let mut bytes = SEEDS[seed].to_vec();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            super::fuzz(&bytes);
            super::fuzz(&bytes[..end.index(bytes.len() + 1)]);
        }
    }
}
