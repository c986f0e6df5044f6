//! The cluster that a container runs in (`csapi.md` §9.5).

use model::ClusterFacts;
use serde::Serialize;
use utoipa::ToSchema;

use super::label::{self, Label};
use super::scalar::Null;

/// A cluster with the container's place in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cluster<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: Option<&'a str>,
    uid: Option<&'a str>,
    version: Option<&'a str>,
    k8s: Place<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Place<'a> {
    #[schema(value_type = Option<String>)]
    project: Null,
    pod: Pod<'a>,
    node: Option<Node<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Pod<'a> {
    name: &'a str,
    uuid: Option<&'a str>,
    namespace: &'a str,
    label: Option<Vec<Label<'a>>>,
    controller: Vec<Controller<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Controller<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    uuid: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    name: &'a str,
    is_master: Option<bool>,
}

/// A text that says something.
fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl<'a> Cluster<'a> {
    pub(crate) fn of(facts: &'a ClusterFacts) -> Self {
        let controller = |controller: &'a model::cluster::Controller| Controller {
            name: &controller.name,
            kind: &controller.kind,
            uuid: controller.uid.as_deref(),
        };
        Self {
            kind: "KUBERNETES",
            name: filled(&facts.name),
            uid: filled(&facts.uid),
            version: filled(&facts.version),
            k8s: Place {
                project: Null,
                pod: Pod {
                    name: &facts.pod,
                    uuid: filled(&facts.pod_uid),
                    namespace: &facts.namespace,
                    label: label::labels(&facts.pod_labels),
                    controller: facts.controllers.iter().map(controller).collect(),
                },
                node: filled(&facts.node).map(|name| Node { name, is_master: facts.node_is_master }),
            },
        }
    }
}
