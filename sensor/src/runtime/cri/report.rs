//! What a runtime of Kubernetes says of a container, as a report.

use std::net::IpAddr;

use model::container::{ContainerDetails, HostFacts, Mount, PortMapping};
use model::{ClusterFacts, ContainerReport, ContainerState, Digest, ImageId, Label, Timestamp};
use serde::Deserialize;

use super::info::Info;
use super::message::{Sandbox, Status, stamp};
use crate::runtime::kubernetes::{pod_of, sorted};

/// The kubelet's note of the ports that a container's definition names.
const PORTS: &str = "io.kubernetes.container.ports";

/// The number of a network namespace that is the node's.
const NODE: u64 = 2;

/// What was asked about one container.
pub(super) struct Asked {
    pub(super) id: Digest,
    pub(super) runtime: String,
    pub(super) status: Status,
    pub(super) info: Info,
    pub(super) sandbox: Option<Sandbox>,
    pub(super) image: Option<ImageId>,
    pub(super) now: Timestamp,
}

impl Asked {
    /// The report; the host is for whoever knows it to fill in.
    pub(super) fn report(self) -> ContainerReport {
        let Self { id, runtime, status, info, sandbox, image, now } = self;
        let state = status.state.known();
        let created = stamp(status.created).unwrap_or(now);
        let (image_name, image_digest) = (image_name(&status), manifest(&status.image_ref));
        let [ipv4, ipv6] = addresses(sandbox.as_ref());
        let ports = ports(&status.annotations);
        let labels = sorted(status.labels);
        let network = sandbox.as_ref().map(|sandbox| match sandbox.linux.network {
            NODE => "host".to_owned(),
            _ => "pod".to_owned(),
        });
        let details = ContainerDetails {
            runtime: Some(runtime),
            user: info.spec.user,
            capabilities: info.spec.capabilities,
            mounts: mounts(status.mounts, info.spec.mounts),
            network,
            cluster: cluster(&labels, sandbox),
            ..ContainerDetails::default()
        };
        let changed = match state {
            ContainerState::Running | ContainerState::Paused => stamp(status.started),
            ContainerState::Stopped => stamp(status.finished),
            _ => None,
        };
        let mut command = info.spec.command.into_iter();
        ContainerReport {
            id,
            name: if status.metadata.name.is_empty() { status.id } else { status.metadata.name },
            image_id: image,
            image_digest,
            image_name,
            host: HostFacts::default(),
            state,
            created,
            state_changed: changed.unwrap_or(created),
            observed_at: now,
            path: command.next(),
            arguments: command.collect(),
            environment: info.spec.environment,
            labels,
            ports,
            privileged: info.privileged,
            root: info.spec.root,
            mac_address: String::new(),
            ipv4,
            ipv6,
            source: "CLUSTER".to_owned(),
            details: Some(Box::new(details)),
            tags: Vec::new(),
        }
    }
}

/// The image as the pod's definition names it, if the runtime tells, or by its first name. Its id is no name.
fn image_name(status: &Status) -> Option<String> {
    let names = [&status.image.as_written, &status.image.image, &status.image_ref];
    let name = names.into_iter().find(|name| !name.is_empty() && super::info::image_id(name).is_none());
    name.cloned()
}

/// The digest in `NAME@sha256:…`.
fn manifest(image_ref: &str) -> Option<Digest> {
    image_ref.split_once('@')?.1.parse().ok()
}

/// The pod, as its sandbox knows it, or else as the labels of the container do.
fn cluster(labels: &[Label], sandbox: Option<Sandbox>) -> Option<ClusterFacts> {
    let Some(sandbox) = sandbox.filter(|sandbox| !sandbox.metadata.name.is_empty()) else {
        return pod_of(labels);
    };
    let own = sandbox.labels.into_iter().filter(|(key, _)| !key.starts_with("io.kubernetes."));
    Some(ClusterFacts {
        namespace: sandbox.metadata.namespace,
        pod: sandbox.metadata.name,
        pod_uid: Some(sandbox.metadata.uid).filter(|uid| !uid.is_empty()),
        pod_labels: sorted(own.collect()),
        ..ClusterFacts::default()
    })
}

/// What the pod's definition has mounted; where the runtime does not tell, what its specification says.
fn mounts(told: Vec<super::message::Mount>, specified: Vec<Mount>) -> Vec<Mount> {
    if told.is_empty() {
        return specified;
    }
    let mount = |mount: super::message::Mount| Mount {
        kind: if mount.source.is_empty() { "image" } else { "bind" }.to_owned(),
        target: mount.target,
        source: mount.source,
        read_only: mount.read_only,
    };
    let mut mounts: Vec<Mount> = told.into_iter().map(mount).collect();
    mounts.sort();
    mounts.dedup_by(|later, first| later.target == first.target);
    mounts
}

/// The first address of each kind.
fn addresses(sandbox: Option<&Sandbox>) -> [Option<String>; 2] {
    let all = sandbox.into_iter().flat_map(|sandbox| sandbox.network.addresses());
    let all: Vec<IpAddr> = all.filter_map(|address| address.parse().ok()).collect();
    [IpAddr::is_ipv4, IpAddr::is_ipv6].map(|kind| all.iter().find(|ip| kind(ip)).map(IpAddr::to_string))
}

fn ports(annotations: &[(String, String)]) -> Vec<PortMapping> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Port {
        container_port: u16,
        #[serde(default)]
        host_port: u16,
        #[serde(default, rename = "hostIP")]
        host_ip: String,
        #[serde(default)]
        protocol: String,
    }
    let Some((_, text)) = annotations.iter().find(|(key, _)| key == PORTS) else { return Vec::new() };
    let ports: Vec<Port> = serde_json::from_str(text).unwrap_or_default();
    let mapping = |port: Port| PortMapping {
        host_ip: Some(port.host_ip).filter(|address| !address.is_empty()),
        host_port: Some(port.host_port).filter(|port| *port != 0),
        port: port.container_port,
        protocol: if port.protocol.is_empty() { "TCP".to_owned() } else { port.protocol.to_uppercase() },
    };
    ports.into_iter().map(mapping).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::cri::message::State;
    use crate::runtime::grpc::{Writer, read};
    use crate::runtime::kubernetes::{NAMESPACE, POD};

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn status() -> Status {
        let metadata = Writer::default().text(1, "web").number(2, 3).finish();
        let mut status: Status = read(&Writer::default().bytes(2, &metadata).finish()).unwrap();
        status.id = "0c".repeat(32);
        status.state = State(1);
        status.created = 1_700_000_000_000_000_000;
        status.started = 1_700_000_001_000_000_000;
        status.image_ref = format!("example.com/web@sha256:{}", "0d".repeat(32));
        status.image.image = format!("sha256:{}", "0e".repeat(32));
        status.labels = pairs(&[(POD, "web-0"), (NAMESPACE, "shop"), ("a", "b")]);
        let ports = r#"[{"name":"http","hostPort":8080,"containerPort":80,"protocol":"TCP"}]"#;
        status.annotations = pairs(&[(PORTS, ports)]);
        status
    }

    fn report(sandbox: Option<Sandbox>) -> ContainerReport {
        let status = status();
        let id = Digest::from_hex(&status.id).unwrap();
        let (runtime, now) = ("cri-o".to_owned(), Timestamp(1_700_000_100_000));
        Asked { id, runtime, status, info: Info::default(), sandbox, image: None, now }.report()
    }

    #[test]
    fn a_container_is_called_as_in_its_pod_and_its_image_by_a_name() {
        let report = report(None);
        assert_eq!(report.name, "web");
        let digest = "0d".repeat(32);
        assert_eq!(report.image_name, Some(format!("example.com/web@sha256:{digest}")));
        assert_eq!(report.image_digest.map(|digest| digest.to_hex()), Some(digest));
        assert_eq!(report.state_changed, Timestamp(1_700_000_001_000));
        assert_eq!((report.ports[0].host_port, report.ports[0].port), (Some(8080), 80));
        let cluster = report.details.unwrap().cluster.unwrap();
        assert_eq!((cluster.pod.as_str(), cluster.pod_uid), ("web-0", None));
    }

    #[test]
    fn the_sandbox_tells_labels_addresses_and_network_of_the_pod() {
        let metadata = Writer::default().text(1, "web-0").text(2, "17c0").text(3, "shop").finish();
        let more = Writer::default().text(1, "fd00::7").finish();
        let network = Writer::default().text(1, "10.0.0.7").bytes(2, &more).finish();
        let options = Writer::default().number(1, NODE).finish();
        let namespaces = Writer::default().bytes(2, &options).finish();
        let linux = Writer::default().bytes(1, &namespaces).finish();
        let sandbox = Writer::default().bytes(2, &metadata).bytes(5, &network).bytes(6, &linux).finish();
        let mut sandbox: Sandbox = read(&sandbox).unwrap();
        sandbox.labels = pairs(&[("io.kubernetes.pod.name", "web-0"), ("app", "web")]);
        let report = report(Some(sandbox));
        assert_eq!(report.ipv4.as_deref(), Some("10.0.0.7"));
        assert_eq!(report.ipv6.as_deref(), Some("fd00::7"));
        let details = report.details.unwrap();
        assert_eq!(details.network.as_deref(), Some("host"));
        let cluster = details.cluster.unwrap();
        assert_eq!((cluster.namespace.as_str(), cluster.pod_uid.as_deref()), ("shop", Some("17c0")));
        assert_eq!(cluster.pod_labels, [Label { key: "app".into(), value: "web".into() }]);
    }
}
