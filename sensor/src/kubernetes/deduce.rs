//! Who made a pod, by the labels and names that the controllers of Kubernetes itself give to their pods.
//!
//! Only what they always do counts: a label that they put there whose value is in the pod's name at the place where they write it. A name
//! that merely looks like it says nothing. A uid is not to be told this way.

use model::ClusterFacts;
use model::cluster::Controller;

/// The part of a name that a ReplicaSet of a Deployment carries.
const TEMPLATE: &str = "pod-template-hash";
/// The name of a pod of a StatefulSet.
const STATEFUL: &str = "statefulset.kubernetes.io/pod-name";
/// What a DaemonSet's pods have beside [`REVISION`].
const GENERATION: &str = "pod-template-generation";
/// The revision that StatefulSets and DaemonSets made a pod by.
const REVISION: &str = "controller-revision-hash";
/// The name of the Job, in the words of today and of before 1.27.
const JOBS: [&str; 2] = ["batch.kubernetes.io/job-name", "job-name"];

/// Letters and digits at the end of a name that is made up.
const SUFFIX: usize = 5;

/// Adds controllers to a pod of which none are known, and the Deployment of a ReplicaSet that alone is known.
pub(super) fn controllers(facts: &mut ClusterFacts) {
    if let [only] = facts.controllers.as_slice()
        && only.kind == "ReplicaSet"
    {
        let deployment = label(facts, TEMPLATE).and_then(|hash| before(&only.name, hash));
        let deployment = deployment.map(|name| named(name, "Deployment"));
        facts.controllers.extend(deployment);
    }
    if facts.controllers.is_empty() {
        facts.controllers = made_by(facts).unwrap_or_default();
    }
}

fn made_by(facts: &ClusterFacts) -> Option<Vec<Controller>> {
    if let Some(hash) = label(facts, TEMPLATE) {
        let set = made_up(&facts.pod)?;
        let deployment = before(set, hash)?;
        return Some(vec![named(set, "ReplicaSet"), named(deployment, "Deployment")]);
    }
    if let Some(job) = JOBS.iter().find_map(|key| label(facts, key)) {
        return facts.pod.starts_with(job).then(|| vec![named(job, "Job")]);
    }
    if label(facts, STATEFUL).is_some_and(|name| name == facts.pod) {
        let (set, number) = facts.pod.rsplit_once('-')?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        return is_number.then(|| vec![named(set, "StatefulSet")]);
    }
    if label(facts, REVISION).is_some() && label(facts, GENERATION).is_some() {
        return made_up(&facts.pod).map(|set| vec![named(set, "DaemonSet")]);
    }
    None
}

fn named(name: &str, kind: &str) -> Controller {
    Controller { name: name.to_owned(), kind: kind.to_owned(), uid: None }
}

fn label<'f>(facts: &'f ClusterFacts, key: &str) -> Option<&'f str> {
    let found = facts.pod_labels.iter().find(|label| label.key == key)?;
    Some(found.value.as_str()).filter(|value| !value.is_empty())
}

/// What stands before `-hash` at the end of a name.
fn before<'n>(name: &'n str, hash: &str) -> Option<&'n str> {
    name.strip_suffix(hash)?.strip_suffix('-').filter(|name| !name.is_empty())
}

/// What stands before a made-up end of a name.
fn made_up(name: &str) -> Option<&str> {
    let (name, end) = name.rsplit_once('-')?;
    let is_made_up =
        end.len() == SUFFIX && end.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    (is_made_up && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use model::Label;
    use proptest::prelude::*;

    use super::*;

    fn deduced(pod: &str, labels: &[(&str, &str)], known: &[(&str, &str)]) -> Vec<String> {
        let label = |(key, value): &(&str, &str)| Label { key: (*key).into(), value: (*value).into() };
        let mut facts = ClusterFacts {
            pod: pod.to_owned(),
            pod_labels: labels.iter().map(label).collect(),
            controllers: known.iter().map(|(kind, name)| named(name, kind)).collect(),
            ..ClusterFacts::default()
        };
        controllers(&mut facts);
        facts.controllers.iter().map(|found| format!("{} {}", found.kind, found.name)).collect()
    }

    #[test]
    fn controllers_are_told_by_what_they_write_on_their_pods() {
        let template = [(TEMPLATE, "5d4f8c7b9")];
        let deployment = ["ReplicaSet web-app-5d4f8c7b9", "Deployment web-app"];
        assert_eq!(deduced("web-app-5d4f8c7b9-x2v7q", &template, &[]), deployment);
        let known = [("ReplicaSet", "web-app-5d4f8c7b9")];
        assert_eq!(deduced("web-app-5d4f8c7b9-x2v7q", &template, &known), deployment);
        assert_eq!(deduced("db-0", &[(STATEFUL, "db-0"), (REVISION, "db-7f")], &[]), ["StatefulSet db"]);
        let daemon = [(REVISION, "6c9f"), (GENERATION, "2")];
        assert_eq!(deduced("agent-x2v7q", &daemon, &[]), ["DaemonSet agent"]);
        assert_eq!(deduced("backup-28-x2v7q", &[("job-name", "backup-28")], &[]), ["Job backup-28"]);
    }

    #[test]
    fn a_name_that_does_not_fit_its_labels_tells_nothing() {
        assert!(deduced("web-5d4f8c7b9-x2v7q", &[], &[]).is_empty());
        assert!(deduced("web-other-x2v7q", &[(TEMPLATE, "5d4f8c7b9")], &[]).is_empty());
        assert!(deduced("db-zero", &[(STATEFUL, "db-zero")], &[]).is_empty());
        assert!(deduced("-x2v7q", &[(REVISION, "a"), (GENERATION, "1")], &[]).is_empty());
        assert_eq!(deduced("web-0", &[(TEMPLATE, "a")], &[("Rollout", "web")]), ["Rollout web"]);
    }

    proptest! {
        #[test]
        fn any_name_and_label_is_taken(pod in ".{0,20}", key in 0usize..6, value in ".{0,8}") {
            let keys = [TEMPLATE, STATEFUL, GENERATION, REVISION, JOBS[0], JOBS[1]];
            deduced(&pod, &[(keys[key], &value)], &[]);
        }
    }
}
