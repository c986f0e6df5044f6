//! What the API server answers (Kubernetes API conventions, "Metadata"), as far as it is of interest.

use std::collections::BTreeMap;

use model::cluster::Controller;
use serde::{Deserialize, Deserializer};

/// A list of pods.
#[derive(Debug, Deserialize)]
pub(super) struct Pods {
    #[serde(default)]
    pub(super) metadata: ListMetadata,
    #[serde(default, deserialize_with = "nothing")]
    pub(super) items: Vec<Document>,
}

/// What a list says of itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ListMetadata {
    /// Where the next page begins.
    #[serde(default, rename = "continue")]
    pub(super) following: String,
}

/// Anything that has a name.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) metadata: Metadata,
}

/// `ObjectMeta`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) uid: String,
    #[serde(deserialize_with = "nothing")]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "nothing")]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(rename = "ownerReferences", deserialize_with = "nothing")]
    pub(super) owners: Vec<Owner>,
}

/// `OwnerReference`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Owner {
    api_version: String,
    kind: String,
    name: String,
    pub(super) uid: String,
    controller: bool,
}

/// `/version`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    #[serde(default)]
    pub(super) git_version: String,
}

/// What is missing is nothing, and so is `null`, as Go writes an empty list.
fn nothing<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Owner {
    /// In the words of reports.
    pub(super) fn controller(&self) -> Controller {
        let uid = Some(self.uid.clone()).filter(|uid| !uid.is_empty());
        Controller { name: self.name.clone(), kind: self.kind.clone(), uid }
    }

    /// Where it can be read, if something else may own it. What is not listed here either has no owner, or is of a kind that only the
    /// cluster's operator knows and gives the right to read.
    pub(super) fn path(&self, namespace: &str) -> Option<String> {
        let group = self.api_version.split('/').next().unwrap_or_default();
        let (root, plural) = match (group, self.kind.as_str()) {
            ("apps", "ReplicaSet") => ("/apis/apps/v1", "replicasets"),
            ("batch", "Job") => ("/apis/batch/v1", "jobs"),
            _ => return None,
        };
        let [namespace, name] = [namespace, self.name.as_str()].map(super::client::encode);
        Some(format!("{root}/namespaces/{namespace}/{plural}/{name}"))
    }
}

/// The owner that makes and deletes it; another owner merely keeps it alive.
pub(super) fn controller(owners: &[Owner]) -> Option<&Owner> {
    owners.iter().find(|owner| owner.controller).or(owners.first())
}
