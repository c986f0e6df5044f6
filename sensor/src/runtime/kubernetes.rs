//! What labels of a container say of its pod.
//!
//! The kubelet writes these labels on every container that it has made, whatever the runtime. They tell pod and namespace and
//! no more: labels of the pod, controllers and the node are [`crate::kubernetes`]'s to add.

use model::{ClusterFacts, Label};

/// Name of the pod.
pub(crate) const POD: &str = "io.kubernetes.pod.name";
/// Its namespace.
pub(crate) const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// Its uid.
pub(crate) const POD_UID: &str = "io.kubernetes.pod.uid";
/// Name of the container within its pod.
pub(crate) const CONTAINER: &str = "io.kubernetes.container.name";

/// The pod that a container's labels name; `None` for a container of no pod.
pub(crate) fn pod_of(labels: &[Label]) -> Option<ClusterFacts> {
    let pod = label(labels, POD)?;
    let namespace = label(labels, NAMESPACE)?;
    Some(ClusterFacts {
        namespace: namespace.to_owned(),
        pod: pod.to_owned(),
        pod_uid: label(labels, POD_UID).map(str::to_owned),
        ..ClusterFacts::default()
    })
}

/// The value of a label that is there and not empty.
pub(crate) fn label<'l>(labels: &'l [Label], key: &str) -> Option<&'l str> {
    let found = labels.iter().find(|label| label.key == key)?;
    Some(found.value.as_str()).filter(|value| !value.is_empty())
}

/// Labels, sorted by key, each key once.
pub(crate) fn sorted(pairs: Vec<(String, String)>) -> Vec<Label> {
    let mut labels: Vec<Label> = pairs.into_iter().map(|(key, value)| Label { key, value }).collect();
    labels.sort_by(|one, other| one.key.cmp(&other.key));
    labels.dedup_by(|later, first| later.key == first.key);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Vec<Label> {
        sorted(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn the_kubelets_labels_name_pod_and_namespace() {
        let all =
            [(POD, "web-0"), (POD_UID, "17c0"), ("app", "web"), (NAMESPACE, "shop"), (CONTAINER, "web")];
        let facts = pod_of(&labels(&all)).unwrap();
        assert_eq!((facts.pod.as_str(), facts.namespace.as_str()), ("web-0", "shop"));
        assert_eq!(facts.pod_uid.as_deref(), Some("17c0"));
        assert_eq!(facts.name, None);
    }

    #[test]
    fn a_container_of_no_pod_has_no_place_in_a_cluster() {
        assert_eq!(pod_of(&labels(&[("app", "web")])), None);
        assert_eq!(pod_of(&labels(&[(POD, "web-0")])), None);
        assert_eq!(pod_of(&labels(&[(POD, ""), (NAMESPACE, "shop")])), None);
    }

    #[test]
    fn labels_are_sorted_and_each_key_is_there_once() {
        let labels = labels(&[("b", "1"), ("a", "2"), ("b", "3")]);
        let texts: Vec<_> = labels.iter().map(|label| format!("{}={}", label.key, label.value)).collect();
        assert_eq!(texts, ["a=2", "b=1"]);
    }
}
