//! The first packed form of a container's report, which is read and no longer written: see [`crate::packed`] for the one that is.

#[cfg(test)]
use model::container::PortMapping as Port;
use model::container::{HostFacts, PortMapping};
use model::{ContainerReport, ContainerState, Digest, Label, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::error::{Result, StoreError};
use crate::packed::STATES;

/// What is compressed. Fields are never changed.
#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    name: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    environment: Vec<&'a str>,
    hostname: &'a str,
    ip_address: Option<&'a str>,
    ipv6_address: Option<&'a str>,
    architecture: Option<&'a str>,
    image_name: Option<&'a str>,
    path: Option<&'a str>,
    arguments: Vec<&'a str>,
    ports: Vec<(Option<&'a str>, Option<u16>, u16, &'a str)>,
    mac_address: &'a str,
    ipv4: Option<&'a str>,
    ipv6: Option<&'a str>,
    source: &'a str,
    tags: Vec<&'a str>,
    state: u8,
    privileged: Option<bool>,
    root: Option<bool>,
    created: i64,
    /// From `created` on.
    state_changed: i64,
}

/// Whether a digest of the manifest stands before the rest.
const WITHOUT_DIGEST: u8 = 0;
const WITH_DIGEST: u8 = 1;

/// Reads a value of this form, without its first byte; gives the report with blanks where columns are, and the tags.
pub(crate) fn unpack(codec: &mut Codec, what: &str, rest: &[u8]) -> Result<(ContainerReport, Vec<String>)> {
    let damaged = |reason: String| StoreError::damaged(what, reason);
    let (image_digest, frame) = match rest.split_first() {
        Some((&WITHOUT_DIGEST, frame)) => (None, frame),
        Some((&WITH_DIGEST, rest)) => match rest.split_first_chunk::<32>() {
            Some((digest, frame)) => (Some(Digest::from_bytes(*digest)), frame),
            None => return Err(damaged("ends within a digest".to_owned())),
        },
        _ => return Err(damaged("does not say whether it has a digest".to_owned())),
    };
    let content = codec.unpack_bare(what, Form::ContainerColumns, frame)?;
    let columns: Columns<'_> = postcard::from_bytes(&content).map_err(|error| damaged(error.to_string()))?;
    let state = STATES.get(usize::from(columns.state).wrapping_sub(1)).copied();
    let state = state.ok_or_else(|| damaged(format!("has the unknown state {}", columns.state)))?;
    Ok((report_of(&columns, state, image_digest), owned(&columns.tags)))
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn report_of(columns: &Columns<'_>, state: ContainerState, image_digest: Option<Digest>) -> ContainerReport {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let label = |(key, value): &(&str, &str)| Label { key: (*key).to_owned(), value: (*value).to_owned() };
    let port = |(host_ip, host_port, port, protocol): &(Option<&str>, Option<u16>, u16, &str)| PortMapping {
        host_ip: host_ip.map(str::to_owned),
        host_port: *host_port,
        port: *port,
        protocol: (*protocol).to_owned(),
    };
    ContainerReport {
        id: Digest::from_bytes([0; 32]),
        name: columns.name.to_owned(),
        image_id: None,
        image_digest,
        image_name: text(columns.image_name),
        host: HostFacts {
            hostname: columns.hostname.to_owned(),
            ip_address: text(columns.ip_address),
            ipv6_address: text(columns.ipv6_address),
            architecture: text(columns.architecture),
        },
        state,
        created: Timestamp(columns.created),
        state_changed: Timestamp(columns.created.wrapping_add(columns.state_changed)),
        observed_at: Timestamp::default(),
        path: text(columns.path),
        arguments: owned(&columns.arguments),
        environment: owned(&columns.environment),
        labels: columns.labels.iter().map(label).collect(),
        ports: columns.ports.iter().map(port).collect(),
        privileged: columns.privileged,
        root: columns.root,
        mac_address: columns.mac_address.to_owned(),
        ipv4: text(columns.ipv4),
        ipv6: text(columns.ipv6),
        source: columns.source.to_owned(),
        details: None,
        tags: Vec::new(),
    }
}

/// Packs a report with the container's own tags in place of the report's. Leaves out `id`, `image_id` and
/// `observed_at`, which have columns of their own.
#[cfg(test)]
pub(crate) fn pack(codec: &mut Codec, report: &ContainerReport, tags: &[String]) -> Result<Vec<u8>> {
    let content = content_of(report, tags);
    let frame = codec.pack_bare(Form::ContainerColumns, &content)?;
    let mut packed = Vec::with_capacity(2 + 32 + frame.len());
    packed.push(Form::ContainerColumns as u8);
    match &report.image_digest {
        Some(digest) => {
            packed.push(WITH_DIGEST);
            packed.extend_from_slice(digest.as_bytes());
        }
        None => packed.push(WITHOUT_DIGEST),
    }
    packed.extend_from_slice(&frame);
    Ok(packed)
}

/// What is compressed of a report.
#[cfg(test)]
fn content_of(report: &ContainerReport, tags: &[String]) -> Vec<u8> {
    let columns = Columns {
        name: &report.name,
        labels: report.labels.iter().map(|label| (&*label.key, &*label.value)).collect(),
        environment: crate::packed::texts(&report.environment),
        hostname: &report.host.hostname,
        ip_address: report.host.ip_address.as_deref(),
        ipv6_address: report.host.ipv6_address.as_deref(),
        architecture: report.host.architecture.as_deref(),
        image_name: report.image_name.as_deref(),
        path: report.path.as_deref(),
        arguments: crate::packed::texts(&report.arguments),
        ports: report.ports.iter().map(port_columns).collect(),
        mac_address: &report.mac_address,
        ipv4: report.ipv4.as_deref(),
        ipv6: report.ipv6.as_deref(),
        source: &report.source,
        tags: crate::packed::texts(tags),
        state: crate::packed::state_number(report.state) as u8,
        privileged: report.privileged,
        root: report.root,
        created: report.created.0,
        state_changed: report.state_changed.0.wrapping_sub(report.created.0),
    };
    postcard::to_stdvec(&columns).expect("plain columns can be written into memory")
}

#[cfg(test)]
fn port_columns(port: &Port) -> (Option<&str>, Option<u16>, u16, &str) {
    (port.host_ip.as_deref(), port.host_port, port.port, &port.protocol)
}
