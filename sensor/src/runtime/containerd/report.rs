//! A container's record, process, image and specification as a report.

use std::path::Path;

use model::container::{ContainerDetails, HostFacts, PortMapping};
use model::{ContainerReport, ContainerState, Digest, Label, Timestamp};
use serde::Deserialize;

use super::image::Listed;
use super::message::{Container, Process};
use super::spec::SpecFacts;
use crate::runtime::kubernetes::{self, label};

/// Label of the kind of a Kubernetes container: `container` or `sandbox`.
const KIND: &str = "io.cri-containerd.kind";

/// Labels that hold the name of a container: of nerdctl, and of Kubernetes.
const NAME_LABELS: [&str; 2] = ["nerdctl/name", kubernetes::CONTAINER];

/// Whether it is the empty container that holds the namespaces of a pod together.
pub(super) fn is_sandbox(labels: &[(String, String)]) -> bool {
    labels.iter().any(|(key, value)| key == KIND && value == "sandbox")
}

/// The name of a container: what its labels call it, or its id.
pub(super) fn name(id: &str, labels: &[Label]) -> String {
    NAME_LABELS.iter().find_map(|key| label(labels, key)).unwrap_or(id).to_owned()
}

/// What a status of a process means (containerd `api/types/task`).
pub(super) fn state(status: u64) -> ContainerState {
    match status {
        1 => ContainerState::Created,
        2 => ContainerState::Running,
        3 => ContainerState::Stopped,
        4 | 5 => ContainerState::Paused,
        _ => ContainerState::Unknown,
    }
}

/// What was asked about one container.
pub(super) struct Asked<'a> {
    pub(super) id: Digest,
    pub(super) record: Container,
    pub(super) process: Option<&'a Process>,
    pub(super) state: ContainerState,
    pub(super) image: Option<&'a Listed>,
    pub(super) spec: SpecFacts,
    pub(super) now: Timestamp,
}

impl Asked<'_> {
    /// The report; the host is for whoever knows it to fill in.
    pub(super) fn report(self) -> ContainerReport {
        let Self { id, record, process, state, image, spec, now } = self;
        let created = record.created.stamp().unwrap_or(now);
        let labels = kubernetes::sorted(record.labels);
        let cluster = kubernetes::pod_of(&labels);
        let mut command = spec.command.into_iter();
        let details = ContainerDetails {
            runtime: Some("containerd".to_owned()),
            user: spec.user,
            capabilities: spec.capabilities,
            mounts: spec.mounts,
            network: networks(&labels).or(spec.network),
            cluster,
            ..ContainerDetails::default()
        };
        ContainerReport {
            id,
            name: name(&record.id, &labels),
            image_id: image.map(|image| image.resolved.id),
            image_digest: image.map(|image| image.resolved.manifest),
            image_name: Some(record.image).filter(|name| !name.is_empty()),
            host: HostFacts::default(),
            state,
            created,
            state_changed: process.and_then(|process| changed(process, state)).unwrap_or(created),
            observed_at: now,
            path: command.next(),
            arguments: command.collect(),
            environment: spec.environment,
            ports: ports(&labels),
            privileged: spec.privileged,
            root: spec.root,
            mac_address: label(&labels, "nerdctl/mac-address").unwrap_or_default().to_owned(),
            ipv4: None,
            ipv6: None,
            source: if details.cluster.is_some() { "CLUSTER" } else { "GENERAL" }.to_owned(),
            details: Some(Box::new(details)),
            labels,
            tags: Vec::new(),
        }
    }
}

/// When the process came into its state: its end, or its start as the kernel tells it.
fn changed(process: &Process, state: ContainerState) -> Option<Timestamp> {
    match state {
        ContainerState::Stopped => process.ended.stamp(),
        _ => started(Path::new("/proc"), process.pid),
    }
}

/// When a process was started, by proc_pid_stat(5): ticks of 10 ms since the machine was.
fn started(proc: &Path, pid: u32) -> Option<Timestamp> {
    let stat = std::fs::read_to_string(proc.join(pid.to_string()).join("stat")).ok()?;
    // The name of the program may hold spaces and brackets; it ends with the last bracket.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks: i64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let machine = std::fs::read_to_string(proc.join("stat")).ok()?;
    let seconds: i64 = machine.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(Timestamp(seconds.checked_mul(1000)?.checked_add(ticks.checked_mul(10)?)?))
}

/// The names of nerdctl's networks: `["bridge"]`.
fn networks(labels: &[Label]) -> Option<String> {
    let names: Vec<String> = serde_json::from_str(label(labels, "nerdctl/networks")?).ok()?;
    Some(names.join(",")).filter(|names| !names.is_empty())
}

/// Ports as nerdctl publishes them.
fn ports(labels: &[Label]) -> Vec<PortMapping> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Port {
        #[serde(default)]
        host_port: u16,
        container_port: u16,
        #[serde(default)]
        protocol: String,
        #[serde(default, rename = "HostIP")]
        host_ip: String,
    }
    let text = label(labels, "nerdctl/ports").unwrap_or("[]");
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
    use crate::runtime::grpc::{Writer, read};

    fn record(labels: &[(&str, &str)]) -> Container {
        let pairs = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let time = Writer::default().number(1, 1_700_000_000).finish();
        let record = Writer::default().text(1, "web1").text(3, "example.com/web:1").bytes(8, &time).finish();
        Container { labels: pairs.collect(), ..read(&record).unwrap() }
    }

    fn report(record: Container) -> ContainerReport {
        let spec = SpecFacts { command: vec!["/bin/web".into(), "-p".into()], ..SpecFacts::default() };
        let asked = Asked {
            id: Digest::of(b"default/web1"),
            record,
            process: None,
            state: ContainerState::Stopped,
            image: None,
            spec,
            now: Timestamp(1_700_000_100_000),
        };
        asked.report()
    }

    #[test]
    fn a_container_of_ctr_is_called_by_its_id() {
        let report = report(record(&[]));
        assert_eq!((report.name.as_str(), report.image_name.as_deref()), ("web1", Some("example.com/web:1")));
        assert_eq!(
            (report.path.as_deref(), report.arguments.as_slice()),
            (Some("/bin/web"), &["-p".to_owned()][..])
        );
        assert_eq!((report.created, report.state_changed), (Timestamp(1_700_000_000_000), report.created));
        assert_eq!(report.source, "GENERAL");
    }

    #[test]
    fn a_container_of_nerdctl_has_its_name_networks_and_ports_in_labels() {
        let ports = r#"[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":"0.0.0.0"}]"#;
        let labels =
            [("nerdctl/name", "shop"), ("nerdctl/networks", r#"["bridge"]"#), ("nerdctl/ports", ports)];
        let report = report(record(&labels));
        assert_eq!(report.name, "shop");
        assert_eq!(report.details.unwrap().network.as_deref(), Some("bridge"));
        let expected = PortMapping {
            host_ip: Some("0.0.0.0".into()),
            host_port: Some(8080),
            port: 80,
            protocol: "TCP".into(),
        };
        assert_eq!(report.ports, [expected]);
    }

    #[test]
    fn a_container_of_kubernetes_knows_its_pod_and_a_sandbox_is_told_from_it() {
        let labels = [
            (KIND, "container"),
            (kubernetes::CONTAINER, "web"),
            (kubernetes::POD, "web-0"),
            (kubernetes::NAMESPACE, "shop"),
        ];
        let record = record(&labels);
        assert!(!is_sandbox(&record.labels) && is_sandbox(&[(KIND.into(), "sandbox".into())]));
        let report = report(record);
        assert_eq!((report.name.as_str(), report.source.as_str()), ("web", "CLUSTER"));
        assert_eq!(report.details.unwrap().cluster.unwrap().pod, "web-0");
    }

    #[test]
    fn labels_that_are_no_json_cost_nothing_but_themselves() {
        let report = report(record(&[("nerdctl/ports", "[{"), ("nerdctl/networks", "{}")]));
        assert!(report.ports.is_empty() && report.details.unwrap().network.is_none());
    }

    #[test]
    fn the_start_of_a_process_is_read_whatever_the_program_is_called() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("7")).unwrap();
        let fields = (4..=52).map(|number| if number == 22 { "250".to_owned() } else { "1".to_owned() });
        let fields: Vec<String> = fields.collect();
        let stat = format!("7 (a ) S b) S {}", fields.join(" "));
        std::fs::write(folder.path().join("7/stat"), stat).unwrap();
        std::fs::write(folder.path().join("stat"), "cpu 1\nbtime 1700000000\n").unwrap();
        assert_eq!(started(folder.path(), 7), Some(Timestamp(1_700_000_002_500)));
        assert_eq!(started(folder.path(), 8), None);
        assert!(started(Path::new("/proc"), std::process::id()).is_some());
    }
}
