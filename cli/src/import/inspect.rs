//! Container records out of `docker inspect` (Docker Engine API, `ContainerInspect`) and `podman inspect`
//! (libpod `InspectContainerData`) JSON.
//!
//! The two are nearly one form; where they differ, both spellings are read: the image id with and without
//! `sha256:`, names with and without leading slash, state words, a user or a command that may be null.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use model::container::{HostFacts, PortMapping};
use model::{ContainerReport, ContainerState, Digest, ImageId, Label, Timestamp};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspect {
    id: String,
    name: Option<String>,
    created: Option<String>,
    path: Option<String>,
    args: Option<Vec<String>>,
    image: Option<String>,
    image_name: Option<String>,
    image_digest: Option<String>,
    state: Option<State>,
    config: Option<Config>,
    host_config: Option<HostConfig>,
    network_settings: Option<NetworkSettings>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct State {
    status: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    user: Option<String>,
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    image: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    privileged: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    #[serde(flatten)]
    own: Network,
    ports: Option<BTreeMap<String, Option<Vec<Binding>>>>,
    networks: Option<BTreeMap<String, Option<Network>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Network {
    #[serde(rename = "IPAddress")]
    ipv4: Option<String>,
    #[serde(rename = "GlobalIPv6Address")]
    ipv6: Option<String>,
    #[serde(rename = "MacAddress")]
    mac: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Binding {
    host_ip: Option<String>,
    host_port: Option<String>,
}

/// The machine that the containers are said to run on: the names given, else this machine's.
pub(super) fn host(name: Option<String>, address: Option<String>) -> HostFacts {
    let here = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    HostFacts {
        architecture: name.is_none().then(|| std::env::consts::ARCH.to_owned()),
        hostname: name.unwrap_or_else(here),
        ip_address: address,
        ipv6_address: None,
    }
}

/// Reads the array that `inspect` prints, or a single object of it.
///
/// Every record is needed whole: one that cannot be read refuses the file, naming its place.
pub(super) fn parse(bytes: &[u8], host: &HostFacts) -> anyhow::Result<Vec<ContainerReport>> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let records: Vec<Box<serde_json::value::RawValue>> = match first {
        Some(b'[') => {
            serde_json::from_slice(bytes).context("it is not the JSON that `docker inspect` prints")?
        }
        Some(b'{') => {
            vec![serde_json::from_slice(bytes).context("it is not the JSON that `docker inspect` prints")?]
        }
        _ => bail!("it is not the JSON that `docker inspect` or `podman inspect` prints"),
    };
    let now = Timestamp::now();
    let mut containers = Vec::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        let record: Inspect = serde_json::from_str(record.get())
            .with_context(|| format!("record {index} is not a container as `inspect` prints it"))?;
        containers.push(container(record, host, now).with_context(|| format!("record {index}"))?);
    }
    Ok(containers)
}

fn container(record: Inspect, host: &HostFacts, now: Timestamp) -> anyhow::Result<ContainerReport> {
    let id = Digest::from_hex(&record.id).with_context(|| format!("`Id` is `{}`", record.id))?;
    let state = record.state.unwrap_or_default();
    let config = record.config.unwrap_or_default();
    let created =
        record.created.as_deref().and_then(Timestamp::parse).context("`Created` is missing or no date")?;
    let network = record.network_settings.unwrap_or_default();
    let first = network.networks.as_ref().and_then(|networks| networks.values().flatten().next());
    let pick = |field: fn(&Network) -> &Option<String>| {
        [Some(&network.own), first]
            .into_iter()
            .flatten()
            .filter_map(|network| field(network).clone())
            .find(|text| !text.is_empty())
    };
    let user = config.user.as_deref().unwrap_or_default();
    Ok(ContainerReport {
        id,
        name: record.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image_id: record.image.as_deref().and_then(image_id),
        image_digest: record.image_digest.as_deref().and_then(|digest| digest.parse().ok()),
        image_name: config.image.or(record.image_name),
        host: host.clone(),
        state: state_of(&state.status),
        created,
        state_changed: changed(&state).unwrap_or(created),
        observed_at: now,
        path: record.path,
        arguments: record.args.unwrap_or_default(),
        environment: config.env.unwrap_or_default(),
        labels: config
            .labels
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| Label { key, value })
            .collect(),
        ports: ports(network.ports.as_ref()),
        privileged: record.host_config.and_then(|config| config.privileged),
        root: Some(matches!(user.split(':').next(), None | Some("" | "0" | "root"))),
        mac_address: pick(|network| &network.mac).unwrap_or_default(),
        ipv4: pick(|network| &network.ipv4),
        ipv6: pick(|network| &network.ipv6),
        source: "GENERAL".to_owned(),
        details: None,
        tags: Vec::new(),
    })
}

fn image_id(text: &str) -> Option<ImageId> {
    Digest::from_hex(text.strip_prefix("sha256:").unwrap_or(text)).ok().map(ImageId)
}

fn state_of(word: &str) -> ContainerState {
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

fn ports(ports: Option<&BTreeMap<String, Option<Vec<Binding>>>>) -> Vec<PortMapping> {
    let mut mappings = Vec::new();
    for (key, bindings) in ports.into_iter().flatten() {
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

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";

    fn machine() -> HostFacts {
        host(Some("node-a".into()), Some("10.0.0.8".into()))
    }

    #[test]
    fn a_docker_container_is_read_whole() {
        let text = format!(
            r#"[{{"Id":"{ID}","Created":"2024-05-01T10:00:00.123456789Z","Path":"/bin/sh","Args":["-c","run.sh"],
            "State":{{"Status":"running","StartedAt":"2024-05-01T10:00:01Z","FinishedAt":"0001-01-01T00:00:00Z"}},
            "Image":"sha256:{ID}","Name":"/web-1","HostConfig":{{"Privileged":true}},
            "Config":{{"User":"","Env":["A=b"],"Image":"team/web:1","Labels":{{"k":"v"}}}},
            "NetworkSettings":{{"IPAddress":"172.17.0.2","MacAddress":"02:42:ac:11:00:02",
            "Ports":{{"80/tcp":[{{"HostIp":"0.0.0.0","HostPort":"8080"}}],"53/udp":null}}}}}}]"#
        );
        let containers = parse(text.as_bytes(), &machine()).unwrap();
        let container = &containers[0];
        assert_eq!((container.name.as_str(), container.state), ("web-1", ContainerState::Running));
        assert_eq!(container.state_changed, Timestamp::parse("2024-05-01T10:00:01Z").unwrap());
        assert_eq!(container.image_id.unwrap().0.to_hex(), ID);
        assert_eq!((container.root, container.privileged), (Some(true), Some(true)));
        assert_eq!(container.ipv4.as_deref(), Some("172.17.0.2"));
        let ports: Vec<_> =
            container.ports.iter().map(|p| (p.port, p.protocol.as_str(), p.host_port)).collect();
        assert_eq!(ports, [(53, "UDP", None), (80, "TCP", Some(8080))]);
    }

    #[test]
    fn a_podman_container_has_its_own_spellings() {
        let text = format!(
            r#"[{{"Id":"{ID}","Created":"2024-05-01T12:00:00.5+02:00","Image":"{ID}","ImageName":"localhost/web:1",
            "ImageDigest":"sha256:{ID}","Name":"db","State":{{"Status":"exited","FinishedAt":"2024-05-01T11:00:00Z"}},
            "Config":{{"User":"1000:1000","Env":null,"Labels":null}},
            "NetworkSettings":{{"IPAddress":"","Networks":{{"none":null,"podman":{{"IPAddress":"10.88.0.5"}}}}}}}}]"#
        );
        let container = parse(text.as_bytes(), &machine()).unwrap().remove(0);
        assert_eq!((container.name.as_str(), container.state), ("db", ContainerState::Stopped));
        assert_eq!(container.created, Timestamp::parse("2024-05-01T10:00:00.5Z").unwrap());
        assert_eq!(container.image_name.as_deref(), Some("localhost/web:1"));
        assert_eq!((container.root, container.ipv4.as_deref()), (Some(false), Some("10.88.0.5")));
    }

    #[test]
    fn what_is_no_container_is_refused_with_its_place() {
        let reason = |text: &str| format!("{:#}", parse(text.as_bytes(), &machine()).unwrap_err());
        assert!(reason("").contains("docker inspect"));
        assert!(reason("[{\"Id\":\"short\"}]").contains("record 0"), "{}", reason("[{\"Id\":\"short\"}]"));
        assert!(reason("[{\"RepoTags\":[]}]").contains("record 0"));
        assert!(reason("[{").contains("JSON"));
    }
}
