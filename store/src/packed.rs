//! The stored form of a container's report: plain columns in a fixed order, without the names that JSON repeats.
//!
//! There are millions of them, so bytes count. What containers of one image share (the digest of its manifest, its
//! name) stands before the rest, so that the database can hold it once (see [`crate::shared`]) and put it back when a
//! record is read. What looks random (times, addresses, the uid of a pod) is stored raw and outside of what is
//! compressed, where it would only spoil the compression of the rest. What the kubelet derives from a pod's labels is
//! derived again. The decision a reader may doubt: this form cannot grow. A report that gains a field gets a new form
//! with a new number, and this one is read for ever.

use std::borrow::Cow;

use model::container::{HostFacts, PortMapping};
use model::{ContainerReport, ContainerState, Digest, Label, Timestamp};
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::error::{Result, StoreError};
use crate::packed_columns;
use crate::packed_plain::{self, Plain, Pod, SHORT_HOSTNAME};

/// What is compressed. Fields are never changed.
#[derive(Serialize, Deserialize)]
struct Texts<'a> {
    /// Empty if it is derived from the labels.
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    labels: Vec<(&'a str, &'a str)>,
    environment: Vec<&'a str>,
    hostname: &'a str,
    architecture: Option<&'a str>,
    path: Option<&'a str>,
    arguments: Vec<&'a str>,
    ports: Vec<(Option<&'a str>, Option<u16>, u16, &'a str)>,
    mac_address: &'a str,
    source: &'a str,
    tags: Vec<&'a str>,
    /// Addresses in a spelling that their bytes do not give back.
    addresses: Vec<&'a str>,
}

/// What containers of one image have in common.
#[derive(Serialize, Deserialize)]
struct Shared<'a> {
    image_digest: Option<[u8; 32]>,
    #[serde(borrow)]
    image_name: Option<&'a str>,
}

/// What a row of a container holds.
pub(crate) struct Packed {
    /// What it shares with others of its image; empty if there is nothing.
    pub(crate) shared: Vec<u8>,
    /// The rest; a stored value by itself.
    pub(crate) own: Vec<u8>,
}

pub(crate) const STATES: [ContainerState; 6] = [
    ContainerState::Created,
    ContainerState::Running,
    ContainerState::Paused,
    ContainerState::Stopped,
    ContainerState::Deleted,
    ContainerState::Unknown,
];

/// How the database holds a state. The first four need their image.
pub(crate) fn state_number(state: ContainerState) -> i64 {
    let place = STATES.iter().position(|known| *known == state);
    1 + place.expect("all states are in the list") as i64
}

pub(crate) fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// Packs a report with the container's own tags in place of the report's. Leaves out `id`, `image_id` and
/// `observed_at`, which have columns of their own.
pub(crate) fn pack(codec: &mut Codec, report: &ContainerReport, tags: &[String]) -> Result<Packed> {
    let (plain, content) = parts_of(report, tags);
    let frame = codec.pack_bare(Form::ContainerParts, &content)?;
    let mut own = vec![Form::ContainerParts as u8, 0];
    plain.write(&mut own);
    own.extend_from_slice(&frame);
    Ok(Packed { shared: shared_of(report), own })
}

/// What is stored raw of a report, and what is compressed.
fn parts_of(report: &ContainerReport, tags: &[String]) -> (Plain, Vec<u8>) {
    let pod = Pod::of(&report.labels);
    let (plain, addresses) = Plain::of(report, &pod);
    let mut labels: Vec<_> = report.labels.iter().map(|label| (&*label.key, &*label.value)).collect();
    if let (Some(place), true) = (pod.uid_place, plain.uid.is_some()) {
        labels[place].1 = "";
    }
    let mut environment = texts(&report.environment);
    if plain.hostname {
        let place = packed_plain::hostname_place(&environment, pod.name);
        environment[place.expect("it was found before")] = SHORT_HOSTNAME;
    }
    let content = Texts {
        name: if plain.attempt.is_some() { Cow::Borrowed("") } else { Cow::Borrowed(&*report.name) },
        labels,
        environment,
        hostname: &report.host.hostname,
        architecture: report.host.architecture.as_deref(),
        path: report.path.as_deref(),
        arguments: texts(&report.arguments),
        ports: report.ports.iter().map(port_columns).collect(),
        mac_address: &report.mac_address,
        source: &report.source,
        tags: texts(tags),
        addresses,
    };
    let content = postcard::to_stdvec(&content).expect("plain columns can be written into memory");
    (plain, content)
}

fn shared_of(report: &ContainerReport) -> Vec<u8> {
    let image_digest = report.image_digest.as_ref().map(|digest| *digest.as_bytes());
    let shared = Shared { image_digest, image_name: report.image_name.as_deref() };
    if image_digest.is_none() && shared.image_name.is_none() {
        return Vec::new();
    }
    postcard::to_stdvec(&shared).expect("plain columns can be written into memory")
}

/// Puts together what [`pack`] took apart. A value of an older form is whole already.
pub(crate) fn join(shared: &[u8], own: Vec<u8>) -> Vec<u8> {
    match own.split_first_chunk::<2>() {
        Some((&[form, 0], rest)) if form == Form::ContainerParts as u8 && !shared.is_empty() => {
            let length = postcard::to_stdvec(&shared.len()).expect("a number can be written into memory");
            [&[form], &*length, shared, rest].concat()
        }
        _ => own,
    }
}

fn port_columns(port: &PortMapping) -> (Option<&str>, Option<u16>, u16, &str) {
    (port.host_ip.as_deref(), port.host_port, port.port, &port.protocol)
}

/// Reads what [`pack`] wrote, put together or not, or an older form; gives the report with blanks where columns are, and
/// the tags.
pub(crate) fn unpack(codec: &mut Codec, what: &str, packed: &[u8]) -> Result<(ContainerReport, Vec<String>)> {
    let damaged = |reason: &str| StoreError::damaged(what, reason);
    let Some((&form, rest)) = packed.split_first() else {
        return Err(damaged("is empty"));
    };
    if form == Form::ContainerColumns as u8 {
        return packed_columns::unpack(codec, what, rest);
    }
    if form != Form::ContainerParts as u8 {
        let json = codec.unpack(what, packed)?;
        let report = serde_json::from_slice(&json).map_err(|error| StoreError::damaged(what, error))?;
        return Ok((report, Vec::new()));
    }
    let (length, rest) =
        postcard::take_from_bytes::<u32>(rest).map_err(|_| damaged("does not say what it shares"))?;
    let (shared, rest) =
        rest.split_at_checked(length as usize).ok_or_else(|| damaged("ends within what it shares"))?;
    let shared = match shared {
        [] => Shared { image_digest: None, image_name: None },
        bytes => postcard::from_bytes(bytes).map_err(|error| StoreError::damaged(what, error))?,
    };
    let (plain, frame) = Plain::read(rest).ok_or_else(|| damaged("has odd columns"))?;
    let content = codec.unpack_bare(what, Form::ContainerParts, frame)?;
    let texts: Texts<'_> =
        postcard::from_bytes(&content).map_err(|error| StoreError::damaged(what, error))?;
    let tags = owned(&texts.tags);
    let report = report_of(&shared, &plain, texts).ok_or_else(|| damaged("contradicts itself"))?;
    Ok((report, tags))
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// `None` if something that is to be derived has nothing to be derived from.
fn report_of(shared: &Shared<'_>, plain: &Plain, texts: Texts<'_>) -> Option<ContainerReport> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let mut labels: Vec<Label> = (texts.labels.iter())
        .map(|(key, value)| Label { key: (*key).to_owned(), value: (*value).to_owned() })
        .collect();
    if let Some(uid) = plain.uid {
        let place = Pod::of(&labels).uid_place?;
        labels[place].value = uid.to_string();
    }
    let pod = Pod::of(&labels);
    let name = match plain.attempt {
        Some(attempt) => pod.container_name(attempt)?,
        None => texts.name.into_owned(),
    };
    let mut environment = owned(&texts.environment);
    if plain.hostname {
        let place = environment.iter().position(|entry| entry == SHORT_HOSTNAME)?;
        environment[place].push_str(pod.name?);
    }
    let mut odd = texts.addresses.iter();
    let [ip_address, ipv6_address, ipv4, ipv6] = plain.addresses(&mut odd)?;
    let port = |(host_ip, host_port, port, protocol): &(Option<&str>, Option<u16>, u16, &str)| PortMapping {
        host_ip: host_ip.map(str::to_owned),
        host_port: *host_port,
        port: *port,
        protocol: (*protocol).to_owned(),
    };
    Some(ContainerReport {
        id: Digest::from_bytes([0; 32]),
        name,
        image_id: None,
        image_digest: shared.image_digest.map(Digest::from_bytes),
        image_name: text(shared.image_name),
        host: HostFacts {
            hostname: texts.hostname.to_owned(),
            ip_address,
            ipv6_address,
            architecture: text(texts.architecture),
        },
        state: plain.state,
        created: plain.created,
        state_changed: plain.state_changed,
        observed_at: Timestamp::default(),
        path: text(texts.path),
        arguments: owned(&texts.arguments),
        environment,
        labels,
        ports: texts.ports.iter().map(port).collect(),
        privileged: plain.privileged,
        root: plain.root,
        mac_address: texts.mac_address.to_owned(),
        ipv4,
        ipv6,
        source: texts.source.to_owned(),
        details: None,
        tags: Vec::new(),
    })
}

#[cfg(test)]
#[path = "packed_tests.rs"]
mod tests;
