//! What is known of cluster, node and pods at one moment.

use std::collections::HashMap;

use model::cluster::Controller;
use model::{ClusterFacts, Label};

use super::document::Metadata;

/// The annotation of a mirror pod, which stands in the API server for one that the kubelet started from a file: the uid that the
/// runtime knows it by.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Labels of nodes that run the control plane.
const MASTER: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

/// Labels and annotations of nodes by which installers tell the cluster's name.
const NAMES: [&str; 5] = [
    "cluster.x-k8s.io/cluster-name",
    "alpha.eksctl.io/cluster-name",
    "eks.amazonaws.com/cluster-name",
    "kubernetes.azure.com/cluster",
    "kops.k8s.io/cluster",
];

/// What is known.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) name: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) version: Option<String>,
    pub(super) node: Option<String>,
    pub(super) is_master: Option<bool>,
    /// By the uid that the runtime knows them by.
    pub(super) pods: HashMap<String, Pod>,
}

/// A pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Pod {
    uid: String,
    namespace: String,
    name: String,
    labels: Vec<Label>,
    controllers: Vec<Controller>,
}

impl Pod {
    pub(super) fn new(metadata: Metadata, controllers: Vec<Controller>) -> Self {
        let labels = metadata.labels.into_iter().map(|(key, value)| Label { key, value }).collect();
        let uid = metadata.annotations.get(MIRROR).cloned().unwrap_or(metadata.uid);
        Self { uid, namespace: metadata.namespace, name: metadata.name, labels, controllers }
    }
}

/// Pods by uid.
pub(super) fn index(pods: impl Iterator<Item = Pod>) -> HashMap<String, Pod> {
    pods.map(|pod| (pod.uid.clone(), pod)).collect()
}

/// The cluster's name as a node tells it.
pub(super) fn cluster_name(node: &Metadata) -> Option<String> {
    let told = |key: &&str| node.labels.get(*key).or_else(|| node.annotations.get(*key));
    NAMES.iter().find_map(|key| told(key).filter(|name| !name.is_empty()).cloned())
}

/// Whether a node runs the control plane.
pub(super) fn is_master(node: &Metadata) -> bool {
    MASTER.iter().any(|key| node.labels.contains_key(*key))
}

impl View {
    /// The pod that a runtime tells of. One of the same name that was made anew is another.
    pub(super) fn pod(&self, facts: &ClusterFacts) -> Option<&Pod> {
        match &facts.pod_uid {
            Some(uid) => self.pods.get(uid),
            None => self.pods.values().find(|pod| pod.name == facts.pod && pod.namespace == facts.namespace),
        }
    }

    /// Adds what is known. What is not known stays as it is.
    pub(super) fn complete(&self, facts: &mut ClusterFacts) {
        let put = |place: &mut Option<String>, value: &Option<String>| {
            if value.is_some() {
                place.clone_from(value);
            }
        };
        put(&mut facts.name, &self.name);
        put(&mut facts.uid, &self.uid);
        put(&mut facts.version, &self.version);
        put(&mut facts.node, &self.node);
        facts.node_is_master = self.is_master.or(facts.node_is_master);
        let Some(pod) = self.pod(facts) else { return };
        let (labels, controllers) = (pod.labels.clone(), pod.controllers.clone());
        let uid = Some(pod.uid.clone()).filter(|uid| !uid.is_empty());
        put(&mut facts.pod_uid, &uid);
        if !labels.is_empty() {
            facts.pod_labels = labels;
        }
        if !controllers.is_empty() {
            facts.controllers = controllers;
        }
    }
}
