//! One container record into its columns.

use model::ContainerReport;
use model::container::PortMapping;
use store::ContainerRecord;
use uuid::Uuid;

use super::{Containers, Flags, NO_TIME, PortsColumn, state_number};
use crate::table::{Digests, Lookup, NONE};

impl Containers {
    /// A position for a new container with that uuid.
    pub(super) fn take_position(&mut self, record: &ContainerRecord) -> u32 {
        let position = super::change::take_position(&mut self.live, &mut self.free);
        self.uuid.put(position, record.uuid, &Uuid::nil());
        self.id.put(position, record.report.id, &super::change::NO_ID);
        self.by_uuid.insert(Lookup::key(record.uuid.as_bytes()), position);
        self.by_id.insert(Lookup::key(record.report.id.as_bytes()), position);
        self.image.put(position, NONE, &NONE);
        self.inside.put(position, NONE, &NONE);
        self.named_image.put(position, NONE, &NONE);
        position
    }

    /// Gives a position up. The container must have been unlinked and its tags taken off before.
    pub(super) fn give_up(&mut self, position: u32) {
        let id = self.id.get(position).copied().unwrap_or(super::change::NO_ID);
        self.by_uuid.remove(Lookup::key(self.uuid(position).as_bytes()), position);
        self.by_id.remove(Lookup::key(id.as_bytes()), position);
        self.image.put(position, NONE, &NONE);
        self.details.give_up(position);
        super::change::give_up(&mut self.live, &mut self.free, position);
    }

    /// Writes all columns but those that concern other records: image, host, tags and `updated`.
    pub(super) fn write(&mut self, position: u32, record: &ContainerRecord, digests: &mut Digests) {
        let report = &record.report;
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        self.own_updated.put(position, record.updated.0, &NO_TIME);
        self.first_stored.put(position, record.created_at.0, &NO_TIME);
        self.created.put(position, report.created.0, &NO_TIME);
        self.state_changed.put(position, report.state_changed.0, &NO_TIME);
        self.observed_at.put(position, report.observed_at.0, &NO_TIME);
        self.state.put(position, state_number(report.state), &state_number(model::ContainerState::Unknown));
        self.flags.put(position, Flags::new(report.privileged, report.root), &Flags::default());
        self.name.put(position, Some(&report.name));
        self.path.put(position, report.path.as_deref());
        self.arguments.put(position, report.arguments.iter().map(String::as_str));
        self.command.put(position, command(report).as_deref());
        self.environment.put(position, report.environment.iter().map(String::as_str));
        self.image_digest.put(position, digests.intern_optional(report.image_digest.as_ref()), &NONE);
        self.mac_address.put(position, Some(&report.mac_address));
        self.ipv4.put(position, filled(&report.ipv4).as_deref());
        self.ipv6.put(position, filled(&report.ipv6).as_deref());
        self.labels.put(position, &report.labels);
        self.ports.put(position, &report.ports);
        self.source.put(position, Some(&report.source));
        self.details.write(position, report.details.as_deref(), &record.inside_bytes);
    }
}

/// The command line as one text.
fn command(report: &ContainerReport) -> Option<String> {
    let words: Vec<&str> = report.path.iter().chain(&report.arguments).map(String::as_str).collect();
    Some(words.join(" ")).filter(|line| !line.is_empty())
}

impl PortsColumn {
    /// The ports of a container, in its order.
    pub(super) fn get(&self, position: u32) -> Vec<PortMapping> {
        let port = |[port, host_port, protocol, host_ip]: [u32; 4]| PortMapping {
            host_ip: self.host_ips.get(host_ip).map(str::to_owned),
            host_port: Some(host_port).filter(|port| *port != NONE).map(|port| port as u16),
            port: port as u16,
            protocol: self.protocols.get(protocol).unwrap_or_default().to_owned(),
        };
        self.tuples.get(position).map(port).collect()
    }

    fn put(&mut self, position: u32, ports: &[PortMapping]) {
        let tuple = |port: &PortMapping| {
            let host_ip = port.host_ip.as_deref().filter(|text| !text.is_empty());
            [
                u32::from(port.port),
                port.host_port.map_or(NONE, u32::from),
                self.protocols.intern(&port.protocol),
                self.host_ips.intern_optional(host_ip),
            ]
        };
        let tuples: Vec<[u32; 4]> = ports.iter().map(tuple).collect();
        self.tuples.put(position, &tuples);
    }
}
