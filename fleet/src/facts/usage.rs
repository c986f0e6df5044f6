//! How images are used: what an image shows of its containers and their hosts.
//!
//! Of a host that several containers of an image name, the one that was seen last describes it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use model::{ContainerState, Timestamp};
use uuid::Uuid;

use super::{NO_TIME, Tenant};
use crate::table::NONE;

/// A host of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostUse {
    /// The number of its description in [`Tenant::hosts`].
    pub(crate) host: u32,
    /// The container that was seen there last.
    pub(crate) container: u32,
    /// When.
    pub(crate) last_seen: Timestamp,
}

impl Tenant {
    /// The number under which containers name an image; `None` if none ever did.
    pub(super) fn named(&self, image: u32) -> Option<u32> {
        self.containers.named.ids.find(self.images.id.get(image)?)
    }

    /// The containers of an image, in no order.
    pub(crate) fn containers_of(&self, image: u32) -> impl Iterator<Item = u32> + '_ {
        let named = self.named(image).unwrap_or(NONE);
        self.containers.of_named(named)
    }

    /// The hosts of an image's containers, deleted ones included: the most recently seen first, then by the host's uuid.
    pub(crate) fn hosts_of(&self, image: u32) -> Vec<HostUse> {
        let mut latest: BTreeMap<u32, (HostUse, Uuid)> = BTreeMap::new();
        for container in self.containers_of(image) {
            let seen = self.containers.observed_at.get(container).copied().unwrap_or(NO_TIME);
            let host = self.containers.host.get(container).copied().unwrap_or(NONE);
            let own = HostUse { host, container, last_seen: Timestamp(seen) };
            let uuid = self.containers.uuid(container);
            let known = latest.entry(self.hosts.host(host)).or_insert((own, uuid));
            // the uuid decides between two that were seen at once, so that the answer does not depend on positions
            if (known.0.last_seen, known.1) < (own.last_seen, uuid) {
                *known = (own, uuid);
            }
        }
        let mut hosts: Vec<HostUse> = latest.into_values().map(|(host, _)| host).collect();
        hosts.sort_by_key(|of| (Reverse(of.last_seen), self.hosts.uuid(of.host)));
        hosts
    }

    /// Brings what an image shows of its containers up to date.
    pub(super) fn derive_use(&mut self, image: u32) {
        let (mut present, mut hosts, mut is_in_use) = (0_u32, Vec::new(), false);
        let mut last: Option<(i64, Reverse<Uuid>, Uuid, u32)> = None;
        for container in self.containers_of(image) {
            let state = self.containers.state(container);
            let host = self.containers.host.get(container).copied().unwrap_or(NONE);
            if state != ContainerState::Deleted {
                present = present.saturating_add(1);
                hosts.push(self.hosts.host(host));
            }
            is_in_use |= !matches!(state, ContainerState::Deleted | ContainerState::Unknown);
            let seen = self.containers.observed_at.get(container).copied().unwrap_or(NO_TIME);
            let own = (seen, Reverse(self.hosts.uuid(host)), self.containers.uuid(container), container);
            last = last.max(Some(own));
        }
        hosts.sort_unstable();
        hosts.dedup();
        let images = &mut self.images;
        images.associated_containers.put(image, present, &0);
        images.associated_hosts.put(image, hosts.len() as u32, &0);
        images.last_used.put(image, last.map_or(NO_TIME, |(seen, ..)| seen), &NO_TIME);
        images.last_container.put(image, last.map_or(NONE, |(.., container)| container), &NONE);
        super::change::set(&mut images.in_use, image, is_in_use);
    }
}
