//! Containers out of the JSON that `inspect` gives, from a daemon's socket or from a file.

use std::collections::BTreeMap;

use model::container::{ContainerDetails, HostFacts, Mount, PortMapping};
use model::{ContainerReport, ContainerState, Digest, ImageId, Label, Timestamp};

use super::capability;
use super::record::{
    Binding, Config, GraphDriver, HostConfig, Network, NetworkSettings, Ports, Record, State,
};
use crate::runtime::kubernetes;

/// Why a file is not what `inspect` prints.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It is something else altogether.
    #[error("it is not the JSON that `docker inspect` or `podman inspect` prints")]
    Other,
    /// It is JSON up to some place.
    #[error("it is not the JSON that `docker inspect` prints: {0}")]
    Json(#[source] serde_json::Error),
    /// A record is no container.
    #[error("record {index} is not a container as `inspect` prints it: {reason}")]
    Record {
        /// Counted from 0.
        index: usize,
        /// What is wrong with it, with its place.
        reason: String,
    },
}

/// What the record of a container says.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) report: ContainerReport,
    pub(super) graph: GraphDriver,
    /// Its first process, while there is one.
    pub(super) process: Option<u32>,
    /// What is run in it again and again to see whether it is healthy.
    pub(super) probe: Option<String>,
    /// The runtime's id of its image, as it is written there.
    pub(super) image: Option<String>,
}

/// Reads the array that `docker inspect` or `podman inspect` prints, or a single object of it.
///
/// # Errors
/// Every record is needed whole: one that cannot be read refuses the file, naming its place.
pub fn read_inspected(
    bytes: &[u8],
    host: &HostFacts,
    observed_at: Timestamp,
) -> Result<Vec<ContainerReport>, InspectError> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let records: Vec<&serde_json::value::RawValue> = match first {
        Some(b'[') => serde_json::from_slice(bytes).map_err(InspectError::Json)?,
        Some(b'{') => vec![serde_json::from_slice(bytes).map_err(InspectError::Json)?],
        _ => return Err(InspectError::Other),
    };
    let mut containers = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        let described = describe(record.get().as_bytes(), host, observed_at, None);
        containers.push(described.map_err(|reason| InspectError::Record { index, reason })?.report);
    }
    Ok(containers)
}

/// Reads one record.
///
/// # Errors
/// If it is no container, with what is wrong where.
pub(super) fn describe(
    bytes: &[u8],
    host: &HostFacts,
    observed_at: Timestamp,
    runtime: Option<&str>,
) -> Result<Described, String> {
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    let record: Record = serde_path_to_error::deserialize(deserializer).map_err(|error| error.to_string())?;
    let id = Digest::from_hex(&record.id)
        .map_err(|_| format!("`Id` is `{}`", super::client::shorten(&record.id)))?;
    let created = record.created.as_deref().and_then(Timestamp::parse);
    let created = created.ok_or("`Created` is missing or no date")?;
    let config = record.config.unwrap_or_default();
    let settings = record.host_config.unwrap_or_default();
    let network = record.network_settings.unwrap_or_default();
    let state = record.state.unwrap_or_default();
    let probe = probe_of(&config);
    let does = state_of(&state.status);
    let user = config.user.clone().unwrap_or_default();
    let labels = labels(config.labels.unwrap_or_default());
    let mode = settings.network_mode.as_deref().filter(|mode| !mode.is_empty());
    let address = Address::of(&network, mode);
    let image_name = config.image.or(record.image_name).filter(|name| !name.is_empty());
    let told_digest = record.image_digest.as_deref().and_then(|digest| digest.parse().ok());
    let details = ContainerDetails {
        runtime: runtime.map(str::to_owned),
        user: Some(user.clone()).filter(|user| !user.is_empty()),
        capabilities: capabilities(&settings, record.bounding_caps.as_deref()),
        mounts: mounts(record.mounts.unwrap_or_default(), settings.tmpfs.as_ref()),
        network: network_name(mode, &network),
        cluster: kubernetes::pod_of(&labels),
        ..ContainerDetails::default()
    };
    let is_up = matches!(does, ContainerState::Running | ContainerState::Paused);
    let ports = match network.ports.as_ref().filter(|ports| is_up || !ports.is_empty()) {
        Some(told) => ports(told),
        None => bound_ports(settings.port_bindings.as_ref(), config.exposed_ports.as_ref()),
    };
    let report = ContainerReport {
        id,
        name: record.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image_id: record.image.as_deref().and_then(image_id),
        image_digest: told_digest.or_else(|| image_name.as_deref()?.split_once('@')?.1.parse().ok()),
        image_name,
        host: host.clone(),
        state: does,
        created,
        state_changed: changed(&state).unwrap_or(created),
        observed_at,
        path: record.path,
        arguments: record.args.unwrap_or_default(),
        environment: config.env.unwrap_or_default(),
        labels,
        ports,
        privileged: settings.privileged,
        root: Some(is_root(&user)),
        mac_address: address.mac.unwrap_or_default(),
        ipv4: address.ipv4,
        ipv6: address.ipv6,
        source: "GENERAL".to_owned(),
        details: Some(Box::new(details)),
        tags: Vec::new(),
    };
    let process = state.pid.and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
    Ok(Described {
        report,
        graph: record.graph_driver.unwrap_or_default(),
        process,
        probe,
        image: record.image,
    })
}

/// The id of an image with or without `sha256:`.
pub(super) fn image_id(text: &str) -> Option<ImageId> {
    Digest::from_hex(text.strip_prefix("sha256:").unwrap_or(text)).ok().map(ImageId)
}

/// The state that a runtime's word stands for. A container between two starts of its restart policy counts as running, as it does
/// for the runtimes.
pub(super) fn state_of(word: &str) -> ContainerState {
    match word.to_ascii_lowercase().as_str() {
        "created" | "configured" | "initialized" => ContainerState::Created,
        "running" | "restarting" | "stopping" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "exited" | "stopped" | "dead" => ContainerState::Stopped,
        "removing" => ContainerState::Deleted,
        _ => ContainerState::Unknown,
    }
}

/// The later of start and end; the runtimes write the year 1 for "never".
fn changed(state: &State) -> Option<Timestamp> {
    let parse = |text: &Option<String>| text.as_deref().and_then(Timestamp::parse).filter(|time| time.0 > 0);
    parse(&state.started_at).max(parse(&state.finished_at))
}

/// Whether `user[:group]` is the account of number 0.
fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name.is_empty() || name == "root" || name.parse() == Ok(0_u32)
}

fn labels(labels: BTreeMap<String, String>) -> Vec<Label> {
    labels.into_iter().map(|(key, value)| Label { key, value }).collect()
}

fn capabilities(settings: &HostConfig, bounding: Option<&[String]>) -> Vec<String> {
    // podman says what it made of the settings and of its own defaults
    if let Some(bounding) = bounding.filter(|bounding| !bounding.is_empty()) {
        return capability::granted(false, bounding, &["ALL".to_owned()]);
    }
    let list = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    let is_privileged = settings.privileged.unwrap_or_default();
    capability::granted(is_privileged, &list(&settings.cap_add), &list(&settings.cap_drop))
}

fn mounts(
    points: Vec<super::record::MountPoint>,
    tmpfs: Option<&BTreeMap<String, Option<String>>>,
) -> Vec<Mount> {
    let told = points.into_iter().filter_map(|point| {
        let kind = point.kind.unwrap_or_else(|| "bind".to_owned());
        let name = point.name.filter(|name| kind == "volume" && !name.is_empty());
        Some(Mount {
            target: point.destination.filter(|path| !path.is_empty())?,
            source: name.or(point.source).unwrap_or_default(),
            kind,
            read_only: point.writable == Some(false),
        })
    });
    let memory = tmpfs.into_iter().flatten().map(|(target, options)| Mount {
        target: target.clone(),
        source: String::new(),
        kind: "tmpfs".to_owned(),
        read_only: options.iter().any(|options| options.split(',').any(|option| option == "ro")),
    });
    let mut all: Vec<Mount> = told.chain(memory).collect();
    all.sort();
    all.dedup_by(|next, one| next.target == one.target);
    all
}

/// Docker calls the network that it takes without being told `default`.
fn network_name(mode: Option<&str>, network: &NetworkSettings) -> Option<String> {
    let first = || network.networks.as_ref()?.keys().next().cloned();
    match mode {
        Some("default") => first().or_else(|| Some("bridge".to_owned())),
        Some(mode) => Some(mode.to_owned()),
        None => first(),
    }
}

/// What a container is called by on its first network.
struct Address {
    mac: Option<String>,
    ipv4: Option<String>,
    ipv6: Option<String>,
}

impl Address {
    /// The settings' own fields, which newer daemons leave out, then the network that is the container's mode, then the first by name.
    fn of(network: &NetworkSettings, mode: Option<&str>) -> Self {
        let networks = || network.networks.as_ref();
        let named = mode.and_then(|mode| networks()?.get(mode)?.as_ref());
        let first = networks().and_then(|networks| networks.values().flatten().next());
        let pick = |field: fn(&Network) -> &Option<String>| {
            let places = [Some(&network.own), named, first].into_iter().flatten();
            places.filter_map(|network| field(network).clone()).find(|text| !text.is_empty())
        };
        Self {
            mac: pick(|network| &network.mac),
            ipv4: pick(|network| &network.ipv4),
            ipv6: pick(|network| &network.ipv6),
        }
    }
}

fn ports(told: &Ports) -> Vec<PortMapping> {
    let mut mappings = Vec::new();
    for (key, bindings) in told {
        let (number, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
        let Ok(port) = number.parse() else { continue };
        let mapping = |binding: Option<&Binding>| PortMapping {
            host_ip: binding.and_then(|binding| binding.host_ip.clone()).filter(|ip| !ip.is_empty()),
            host_port: binding.and_then(|binding| binding.host_port.as_deref()?.parse().ok()),
            port,
            protocol: protocol.to_ascii_uppercase(),
        };
        match bindings.as_deref() {
            None | Some([]) => mappings.push(mapping(None)),
            Some(bindings) => mappings.extend(bindings.iter().map(|binding| mapping(Some(binding)))),
        }
    }
    mappings
}

/// The ports of a container that is not running: those that it will have.
fn bound_ports(
    bound: Option<&Ports>,
    exposed: Option<&BTreeMap<String, serde::de::IgnoredAny>>,
) -> Vec<PortMapping> {
    let unbound: Ports = exposed
        .into_iter()
        .flatten()
        .filter(|(port, _)| bound.is_none_or(|bound| !bound.contains_key(*port)))
        .map(|(port, _)| (port.clone(), None))
        .collect();
    let mut all = bound.map(ports).unwrap_or_default();
    all.extend(ports(&unbound));
    all.sort_by(|a, b| (a.port, &a.protocol).cmp(&(b.port, &b.protocol)));
    all
}

/// The command of a health check, as an event names it: program and arguments, separated by spaces (moby `daemon/health.go`).
fn probe_of(config: &Config) -> Option<String> {
    let test = config.healthcheck.as_ref()?.test.as_ref()?;
    let (form, rest) = test.split_first()?;
    match form.as_str() {
        "CMD" => Some(rest.join(" ").trim().to_owned()),
        "CMD-SHELL" => {
            let shell = config.shell.as_ref().filter(|shell| !shell.is_empty());
            let shell = shell.map_or_else(|| "/bin/sh -c".to_owned(), |shell| shell.join(" "));
            Some(format!("{shell} {}", rest.join(" ")).trim().to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
