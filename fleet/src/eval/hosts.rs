//! Hosts: of containers, and of images through their containers.

use std::collections::BTreeMap;

use qql::Condition;
use qql::fields::{FieldId, HostField};

use super::column::Column;
use super::evaluate::{Table, evaluate};
use super::pass::through;
use crate::facts::{Hosts, Tenant};
use crate::table::{Bits, NONE};

/// The values of a field of hosts, by the number of a description.
pub(crate) fn column(hosts: &Hosts, field: HostField) -> Column<'_> {
    match field {
        HostField::Hostname => Column::Text(&hosts.hostname, &hosts.names),
        HostField::IpAddress => Column::Text(&hosts.ip_address, &hosts.addresses),
        HostField::Uuid => {
            Column::Through(&hosts.hostname, hosts.names.len(), Box::new(Column::Uuid(&hosts.uuids, None)))
        }
        HostField::SensorUuid => Column::Text(&hosts.sensor, &hosts.sensors),
    }
}

/// The descriptions of hosts as a table.
struct HostTable<'i>(&'i Hosts);

impl Table for HostTable<'_> {
    fn column(&self, field: FieldId) -> Column<'_> {
        match field {
            FieldId::Host(field) => column(self.0, field),
            _ => Column::Missing,
        }
    }

    fn with_element(&self, _: qql::Array, _: &Condition, candidates: &Bits) -> Bits {
        Bits::none(candidates.len())
    }

    fn special(&self, _: &Condition, _: &Bits) -> Option<Bits> {
        None
    }
}

/// The candidates among images of which a host satisfies a condition.
///
/// A host of an image is described as its latest container there describes it. So where a host was described in several
/// ways of which only some satisfy the condition, the containers of the image must be looked at.
pub(crate) fn images_with(tenant: &Tenant, condition: &Condition, candidates: &Bits) -> Bits {
    let (hosts, containers) = (&tenant.hosts, &tenant.containers);
    let passing = evaluate(&HostTable(hosts), condition, &Bits::all(hosts.len()));
    let mut found = Bits::none(candidates.len());
    if passing.is_empty() {
        return found;
    }
    let unsure = unsure_hosts(hosts, &passing);
    let mut looked_at = Bits::none(candidates.len());
    for container in through(&containers.host, &containers.live, &passing).iter() {
        let image = containers.image.get(container).copied().unwrap_or(NONE);
        if !candidates.contains(image) || found.contains(image) {
            continue;
        }
        let host = hosts.host(containers.host.get(container).copied().unwrap_or(NONE));
        if !unsure.contains(host) {
            found.insert(image);
        } else if !looked_at.contains(image) {
            looked_at.insert(image);
            if latest(tenant, image).any(|description| passing.contains(description)) {
                found.insert(image);
            }
        }
    }
    found
}

/// The hosts with descriptions both in and out of a set.
fn unsure_hosts(hosts: &Hosts, passing: &Bits) -> Bits {
    let (mut with, mut without) = (Bits::none(hosts.names.len()), Bits::none(hosts.names.len()));
    for description in 0..hosts.len() {
        let host = hosts.host(description);
        if host < hosts.names.len() {
            if passing.contains(description) { with.insert(host) } else { without.insert(host) }
        }
    }
    with.and(&without);
    with
}

/// The descriptions of the hosts of an image: of each host the one of its latest container.
pub(crate) fn latest(tenant: &Tenant, image: u32) -> impl Iterator<Item = u32> {
    let containers = &tenant.containers;
    let mut latest: BTreeMap<u32, ((i64, uuid::Uuid), u32)> = BTreeMap::new();
    let id = tenant.images.id.get(image);
    let named = id.and_then(|id| containers.named.ids.find(id)).unwrap_or(NONE);
    for container in containers.of_named(named) {
        let description = containers.host.get(container).copied().unwrap_or(NONE);
        let seen = containers.observed_at.get(container).copied().unwrap_or(i64::MIN);
        let order = (seen, containers.uuid(container));
        let known = latest.entry(tenant.hosts.host(description)).or_insert((order, description));
        if known.0 < order {
            *known = (order, description);
        }
    }
    latest.into_values().map(|(_, description)| description)
}
