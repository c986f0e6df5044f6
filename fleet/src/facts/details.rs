//! What sensors tell of containers, for those of which one does: columns by *slot*, a number that such a container has.
//!
//! A fleet that was imported has none of it, and one with sensors has it for running containers only; so it is kept apart from
//! the columns that every container has.

use std::sync::Arc;

use model::cluster::Controller;
use model::{ClusterFacts, ContainerDetails, DriftReason};

use super::columns::{LabelsColumn, TextColumn, TextsColumn, TuplesColumn};
use crate::persist::persist;
use crate::table::{Bytes, Chunked, Dictionary, NONE};

/// Nobody has looked, nothing differs, something differs.
const DRIFT: [Option<bool>; 3] = [None, Some(false), Some(true)];

/// What sensors tell of containers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    /// The slot of a container; [`NONE`] if no sensor tells of it.
    pub(crate) slot: Chunked<u32>,
    /// Slots that were given up.
    free: Arc<Vec<u32>>,
    /// The details as the store packs them.
    document: Bytes,
    /// `isDrift`: a place in `DRIFT`.
    pub(crate) drift: Chunked<u8>,
    /// `drift.category`.
    pub(crate) categories: TextsColumn,
    /// `drift.reason`.
    pub(crate) reasons: TextsColumn,
    /// `cluster.type`.
    pub(crate) cluster_type: TextColumn,
    /// `cluster.name`.
    pub(crate) cluster_name: TextColumn,
    /// `cluster.uid`.
    pub(crate) cluster_uid: TextColumn,
    /// `cluster.version`.
    pub(crate) cluster_version: TextColumn,
    /// `cluster.k8s.pod.namespace`.
    pub(crate) namespace: TextColumn,
    /// `cluster.k8s.pod.name`.
    pub(crate) pod: TextColumn,
    /// `cluster.k8s.pod.uuid`.
    pub(crate) pod_uid: TextColumn,
    /// `cluster.k8s.node.name`.
    pub(crate) node: TextColumn,
    /// `cluster.k8s.node.isMaster`: a place in `DRIFT`, which has the same three answers.
    pub(crate) master: Chunked<u8>,
    /// `cluster.k8s.pod.label`.
    pub(crate) pod_labels: LabelsColumn,
    /// `cluster.k8s.pod.controller`.
    pub(crate) controllers: ControllersColumn,
}

/// What makes pods.
#[derive(Clone, Debug, Default)]
pub(crate) struct ControllersColumn {
    /// (number of `name` in `names`, number of `type` in `kinds`, number of `uuid` in `uuids` or [`NONE`]), nearest first.
    pub(crate) tuples: TuplesColumn<3>,
    /// Names.
    pub(crate) names: Dictionary,
    /// Kinds.
    pub(crate) kinds: Dictionary,
    /// Ids as they were told.
    pub(crate) uuids: Dictionary,
}

persist!(ControllersColumn { tuples, names, kinds, uuids });

persist!(Details {
    slot,
    free,
    document,
    drift,
    categories,
    reasons,
    cluster_type,
    cluster_name,
    cluster_uid,
    cluster_version,
    namespace,
    pod,
    pod_uid,
    node,
    master,
    pod_labels,
    controllers,
});

/// The answer that a number in a column of answers stands for.
pub(crate) fn answer(number: u8) -> Option<bool> {
    DRIFT.get(usize::from(number)).copied().flatten()
}

fn number(answer: Option<bool>) -> u8 {
    answer.map_or(0, |answer| 1 + u8::from(answer))
}

impl ControllersColumn {
    fn put(&mut self, slot: u32, controllers: &[Controller]) {
        let tuple = |of: &Controller| {
            let uuid = self.uuids.intern_optional(of.uid.as_deref().filter(|text| !text.is_empty()));
            [self.names.intern(&of.name), self.kinds.intern(&of.kind), uuid]
        };
        let tuples: Vec<[u32; 3]> = controllers.iter().map(tuple).collect();
        self.tuples.put(slot, &tuples);
    }
}

impl Details {
    /// All slots are below it.
    pub(crate) fn len(&self) -> u32 {
        self.drift.len() as u32
    }

    /// The slot of a container.
    pub(crate) fn of(&self, container: u32) -> Option<u32> {
        self.slot.get(container).copied().filter(|slot| *slot != NONE)
    }

    /// The details of a container as the store packs them; empty if there are none.
    pub(crate) fn document(&self, container: u32) -> &[u8] {
        self.of(container).map_or(&[], |slot| self.document.get(slot))
    }

    /// Whether a container differs from its image, if a sensor has looked.
    pub(crate) fn is_drift(&self, container: u32) -> Option<bool> {
        answer(self.drift.get(self.of(container)?).copied()?)
    }

    /// The cluster that a container runs in; `None` also if its details cannot be read.
    pub(crate) fn cluster(&self, container: u32) -> Option<ClusterFacts> {
        let slot = self.of(container)?;
        self.cluster_type.codes.get(slot).filter(|code| **code != NONE)?;
        store::decode_inside(self.document.get(slot)).ok()??.cluster
    }

    /// Writes the details of a container, or takes away those that it had.
    pub(super) fn write(&mut self, container: u32, details: Option<&ContainerDetails>, document: &[u8]) {
        let Some(details) = details else {
            self.give_up(container);
            return;
        };
        let slot = self.of(container).unwrap_or_else(|| self.take(container));
        self.document.put_all(&mut [(slot, document)]);
        let drift = details.drift.as_ref();
        self.drift.put(slot, number(drift.map(model::Drift::is_any)), &0);
        self.categories.put(slot, drift.into_iter().flat_map(model::Drift::categories));
        self.reasons.put(slot, drift.into_iter().flat_map(model::Drift::reasons).map(DriftReason::as_str));
        self.write_cluster(slot, details);
    }

    fn write_cluster(&mut self, slot: u32, details: &ContainerDetails) {
        let cluster = details.cluster.as_ref();
        let on_node = cluster.filter(|cluster| cluster.node.as_ref().is_some_and(|node| !node.is_empty()));
        let text = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let put = |column: &mut TextColumn, value: Option<String>| column.put(slot, value.as_deref());
        put(&mut self.cluster_type, cluster.map(|_| "KUBERNETES".to_owned()));
        put(&mut self.cluster_name, text(cluster.and_then(|cluster| cluster.name.as_deref())));
        put(&mut self.cluster_uid, text(cluster.and_then(|cluster| cluster.uid.as_deref())));
        put(&mut self.cluster_version, text(cluster.and_then(|cluster| cluster.version.as_deref())));
        put(&mut self.namespace, cluster.map(|cluster| cluster.namespace.clone()));
        put(&mut self.pod, cluster.map(|cluster| cluster.pod.clone()));
        put(&mut self.pod_uid, text(cluster.and_then(|cluster| cluster.pod_uid.as_deref())));
        put(&mut self.node, text(cluster.and_then(|cluster| cluster.node.as_deref())));
        self.master.put(slot, number(on_node.and_then(|cluster| cluster.node_is_master)), &0);
        self.pod_labels.put(slot, cluster.map_or(&[][..], |cluster| &cluster.pod_labels[..]));
        self.controllers.put(slot, cluster.map_or(&[][..], |cluster| &cluster.controllers[..]));
    }

    fn take(&mut self, container: u32) -> u32 {
        let reused = if self.free.is_empty() { None } else { Arc::make_mut(&mut self.free).pop() };
        let slot = reused.unwrap_or(self.len());
        self.slot.put(container, slot, &NONE);
        slot
    }

    /// Takes the slot of a container away, if it has one.
    pub(super) fn give_up(&mut self, container: u32) {
        let Some(slot) = self.of(container) else { return };
        self.slot.put(container, NONE, &NONE);
        self.document.put_all(&mut [(slot, &[])]);
        Arc::make_mut(&mut self.free).push(slot);
    }

    /// Whether slots and positions fit each other.
    pub(super) fn check(&self) -> bool {
        let given: Vec<u32> = self.slot.iter().copied().filter(|slot| *slot != NONE).collect();
        given.iter().all(|slot| *slot < self.len()) && given.len() + self.free.len() == self.len() as usize
    }
}
