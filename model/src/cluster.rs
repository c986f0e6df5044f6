//! Where in a Kubernetes cluster a container runs (`csapi.md` §9.5).

use serde::{Deserialize, Serialize};

use crate::image::Label;

/// A container's place in its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClusterFacts {
    /// The cluster's name, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its identity: the uid of the namespace `kube-system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Version of its API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Its uid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_uid: Option<String>,
    /// Its labels, sorted by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pod_labels: Vec<Label>,
    /// Who made the pod, nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub controllers: Vec<Controller>,
    /// Name of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Whether the node runs the control plane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_is_master: Option<bool>,
}

/// What makes pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Controller {
    /// Its name.
    pub name: String,
    /// `Deployment`, `ReplicaSet`, `DaemonSet`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Its uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}
