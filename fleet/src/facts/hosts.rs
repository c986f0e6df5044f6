//! Hosts as containers describe them.
//!
//! A host is told by its name alone. Its addresses may change while older containers still tell the old ones, so a number
//! stands for one description of a host, and several descriptions may be of one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::container::HostFacts;
use uuid::Uuid;

use crate::persist::persist;
use crate::table::{Chunked, Dictionary};

/// Distinct descriptions of hosts under dense numbers; a description is never taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    /// Number of the name in `names`: the host itself.
    pub(crate) hostname: Chunked<u32>,
    /// `hostname`.
    pub(crate) names: Dictionary,
    /// The id, by the number of the name.
    pub(crate) uuids: Chunked<Uuid>,
    /// `ipAddress` as number in `addresses`; [`NONE`](crate::table::NONE) if there is none or it is empty.
    pub(crate) ip_address: Chunked<u32>,
    /// `ipV6Address` in the same way.
    pub(crate) ipv6_address: Chunked<u32>,
    /// IPv4 and IPv6 addresses.
    pub(crate) addresses: Dictionary,
    /// `hostArchitecture` as number in `architectures` or [`NONE`](crate::table::NONE).
    pub(crate) architecture: Chunked<u32>,
    /// Architectures.
    pub(crate) architectures: Dictionary,
    /// `sensorUuid`, of the sensor that told of the host, as number in `sensors` or [`NONE`](crate::table::NONE).
    pub(crate) sensor: Chunked<u32>,
    /// Sensors, as text.
    pub(crate) sensors: Dictionary,
    /// Numbers of descriptions by their columns, shared by all clones.
    numbers: Arc<Mutex<HashMap<[u32; 5], u32>>>,
}

impl Hosts {
    /// How many descriptions there are; numbers are below it.
    pub(crate) fn len(&self) -> u32 {
        self.hostname.len() as u32
    }

    /// The number of a description, which is put in if it is new. Only the newest clone may be added to.
    pub(crate) fn intern(&mut self, uuid: Uuid, facts: &HostFacts, sensor: Option<Uuid>) -> u32 {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let hostname = self.names.intern(&facts.hostname);
        self.uuids.put(hostname, uuid, &Uuid::nil());
        let key = [
            hostname,
            self.addresses.intern_optional(filled(&facts.ip_address).as_deref()),
            self.addresses.intern_optional(filled(&facts.ipv6_address).as_deref()),
            self.architectures.intern_optional(facts.architecture.as_deref()),
            self.sensors.intern_optional(sensor.map(|sensor| sensor.to_string()).as_deref()),
        ];
        let number = self.len();
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.is_empty() {
            // they were read from a file
            numbers.extend((0..number).filter_map(|known| Some((self.key(known)?, known))));
        }
        if let Some(known) = numbers.get(&key).filter(|known| self.key(**known) == Some(key)) {
            return *known;
        }
        numbers.insert(key, number);
        drop(numbers);
        self.hostname.push(key[0]);
        self.ip_address.push(key[1]);
        self.ipv6_address.push(key[2]);
        self.architecture.push(key[3]);
        self.sensor.push(key[4]);
        number
    }

    fn key(&self, number: u32) -> Option<[u32; 5]> {
        Some([
            *self.hostname.get(number)?,
            *self.ip_address.get(number)?,
            *self.ipv6_address.get(number)?,
            *self.architecture.get(number)?,
            *self.sensor.get(number)?,
        ])
    }

    /// The number of the host that a description is of; equal for all descriptions of one host.
    pub(crate) fn host(&self, number: u32) -> u32 {
        self.hostname.get(number).copied().unwrap_or(crate::table::NONE)
    }

    /// The name.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.names.get(self.host(number)).unwrap_or_default()
    }

    /// The id.
    pub(crate) fn uuid(&self, number: u32) -> Uuid {
        self.uuids.get(self.host(number)).copied().unwrap_or_default()
    }

    /// The IPv4 address.
    pub(crate) fn ip(&self, number: u32) -> Option<&str> {
        self.addresses.get(*self.ip_address.get(number)?)
    }

    /// The IPv6 address.
    pub(crate) fn ipv6(&self, number: u32) -> Option<&str> {
        self.addresses.get(*self.ipv6_address.get(number)?)
    }

    /// What was told of it.
    pub(crate) fn facts(&self, number: u32) -> HostFacts {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        HostFacts {
            hostname: self.name(number).to_owned(),
            ip_address: owned(self.ip(number)),
            ipv6_address: owned(self.ipv6(number)),
            architecture: owned(self.machine(number)),
        }
    }

    /// The sensor that told of it.
    pub(crate) fn told_by(&self, number: u32) -> Option<Uuid> {
        self.sensors.get(*self.sensor.get(number)?)?.parse().ok()
    }

    /// The machine architecture.
    pub(crate) fn machine(&self, number: u32) -> Option<&str> {
        self.architectures.get(*self.architecture.get(number)?)
    }
}

persist!(Hosts { hostname, names, uuids, ip_address, ipv6_address, addresses, architecture, architectures, sensor, sensors } made { numbers });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_number_for_each_way_it_was_described() {
        let mut hosts = Hosts::default();
        let facts = |name: &str, ip: Option<&str>| HostFacts {
            hostname: name.to_owned(),
            ip_address: ip.map(str::to_owned),
            ..HostFacts::default()
        };
        let uuid = Uuid::from_u128(7);
        let first = hosts.intern(uuid, &facts("a", Some("10.0.0.1")), None);
        let second = hosts.intern(uuid, &facts("a", Some("")), None);
        assert_eq!(hosts.intern(uuid, &facts("a", Some("10.0.0.1")), None), first);
        assert_eq!((hosts.host(first), hosts.len()), (hosts.host(second), 2));
        assert_eq!((hosts.ip(first), hosts.ip(second)), (Some("10.0.0.1"), None));
        assert_eq!((hosts.name(second), hosts.uuid(second)), ("a", uuid));
    }
}
