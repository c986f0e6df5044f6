//! The containers of one customer: a column for everything that can be searched, sorted by or shown in a list.
//!
//! Positions are as those of images. What a container has from its image (software, findings, operating system, users,
//! risk, times of scans) is not repeated here: it is reached through the column `image`.

use std::sync::Arc;

use model::{ContainerState, Digest};
use uuid::Uuid;

use super::columns::{LabelsColumn, TextColumn, TextsColumn, TuplesColumn};
use super::details::Details;
use super::tags::Tagged;
use crate::persist::{Plain, persist};
use crate::table::{Bits, Chunked, Dictionary, Digests, Lookup, OrderLog};

/// The containers of one customer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Containers {
    /// Positions with a container.
    pub(crate) live: Arc<Bits>,
    /// Positions below the length of `live` without one, to be used again.
    pub(crate) free: Arc<Vec<u32>>,
    /// `uuid`.
    pub(crate) uuid: Chunked<Uuid>,
    /// `sha` and `containerId`.
    pub(crate) id: Chunked<Digest>,
    /// Positions by the first 64 bits of the uuid.
    pub(crate) by_uuid: Lookup,
    /// Positions by the first 64 bits of the id.
    pub(crate) by_id: Lookup,
    /// Positions by the effective `updated` and uuid; a stamp stands if the container is live and has that `updated`.
    pub(crate) order: OrderLog,
    /// `updated`: the later of the record's own change and its image's effective `updated`.
    pub(crate) updated: Chunked<i64>,
    /// When the record itself last changed.
    pub(crate) own_updated: Chunked<i64>,
    /// Why the record itself last changed: see [`Images::cause`](super::Images::cause).
    pub(crate) cause: Chunked<u8>,
    /// When the container was first stored.
    pub(crate) first_stored: Chunked<i64>,
    /// `created`.
    pub(crate) created: Chunked<i64>,
    /// `stateChanged`.
    pub(crate) state_changed: Chunked<i64>,
    /// When the runtime was asked: `lastUpdated` of the host, `lastUsedDate` of the image.
    pub(crate) observed_at: Chunked<i64>,
    /// Position of the image that it runs; [`NONE`](crate::table::NONE) if that is not known, or not named.
    pub(crate) image: Chunked<u32>,
    /// Where what it has from its image is: the position of the image, or of its own [shadow](super::shadow) if it holds something
    /// else; [`NONE`](crate::table::NONE) if the image is not known.
    pub(crate) inside: Chunked<u32>,
    /// What sensors tell of it.
    pub(crate) details: Details,
    /// The image that it names, known or not: a number of `named`; [`NONE`](crate::table::NONE) if it names none.
    pub(crate) named_image: Chunked<u32>,
    /// The images that containers name: `imageSha`, `imageId`, `imageUuid`.
    pub(crate) named: NamedImages,
    /// The next container of the same named image, in no order; [`NONE`](crate::table::NONE) for the last.
    pub(crate) next: Chunked<u32>,
    /// The one before it; [`NONE`](crate::table::NONE) for the first.
    pub(crate) previous: Chunked<u32>,
    /// `host`: a number of [`Tenant::hosts`](super::Tenant::hosts).
    pub(crate) host: Chunked<u32>,
    /// `state`, see [`state_of`].
    pub(crate) state: Chunked<u8>,
    /// `privileged` and `isRoot`, see [`Flags`].
    pub(crate) flags: Chunked<Flags>,
    /// `name`; there is always one, which may be empty.
    pub(crate) name: TextColumn,
    /// `path`.
    pub(crate) path: TextColumn,
    /// `arguments`.
    pub(crate) arguments: TextsColumn,
    /// `command`: path and arguments as one line; none if that is empty.
    pub(crate) command: TextColumn,
    /// `environment`.
    pub(crate) environment: TextsColumn,
    /// `imageDigest`: a number in [`Tenant::digests`](super::Tenant::digests) or [`NONE`](crate::table::NONE).
    pub(crate) image_digest: Chunked<u32>,
    /// `macAddress`; there is always one, which may be empty.
    pub(crate) mac_address: TextColumn,
    /// `ipv4`; none if it is empty.
    pub(crate) ipv4: TextColumn,
    /// `ipv6`; none if it is empty.
    pub(crate) ipv6: TextColumn,
    /// Positions by tags that count for the container: its own and those of its image.
    pub(crate) tagged: Tagged,
    /// `label`.
    pub(crate) labels: LabelsColumn,
    /// `portMapping`.
    pub(crate) ports: PortsColumn,
    /// `source`, the one of `sources`.
    pub(crate) source: TextColumn,
    /// `tags.name`, sorted: the container's own.
    pub(crate) tags: TextsColumn,
}

/// The images that containers name, known or not, under dense numbers that are never given up.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamedImages {
    /// `imageSha` and `imageId`.
    pub(crate) ids: Digests,
    /// `imageUuid`.
    pub(crate) uuids: Chunked<Uuid>,
    /// The first of its containers; [`NONE`](crate::table::NONE) if there is none left.
    pub(crate) first: Chunked<u32>,
    /// The position of the image; [`NONE`](crate::table::NONE) while it is not known.
    pub(crate) position: Chunked<u32>,
}

/// Published ports.
#[derive(Clone, Debug, Default)]
pub(crate) struct PortsColumn {
    /// (`port`, `hostPort` or [`NONE`](crate::table::NONE), number of `protocol` in `protocols`, number of `hostIp` in
    /// `host_ips` or [`NONE`](crate::table::NONE)).
    pub(crate) tuples: TuplesColumn<4>,
    /// Protocols.
    pub(crate) protocols: Dictionary,
    /// Addresses of hosts; an empty one is none.
    pub(crate) host_ips: Dictionary,
}

/// Answers of yes, no and unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

impl Flags {
    pub(crate) fn new(privileged: Option<bool>, root: Option<bool>) -> Self {
        let number = |answer: Option<bool>| answer.map_or(0, |answer| 1 + u8::from(answer));
        Self(number(privileged) | number(root) << 2)
    }

    /// `privileged`.
    pub(crate) fn privileged(self) -> Option<bool> {
        Self::answer(self.0 & 3)
    }

    /// `isRoot`.
    pub(crate) fn root(self) -> Option<bool> {
        Self::answer(self.0 >> 2)
    }

    const fn answer(number: u8) -> Option<bool> {
        match number {
            0 => None,
            number => Some(number == 2),
        }
    }
}

/// The states by their number in the column.
const STATES: [ContainerState; 6] = [
    ContainerState::Created,
    ContainerState::Running,
    ContainerState::Stopped,
    ContainerState::Paused,
    ContainerState::Deleted,
    ContainerState::Unknown,
];

/// The state that a number of the column stands for.
pub(crate) fn state_of(number: u8) -> ContainerState {
    STATES.get(usize::from(number)).copied().unwrap_or(ContainerState::Unknown)
}

/// The number that stands for a state in the column.
pub(crate) const fn state_number(state: ContainerState) -> u8 {
    state as u8
}

impl Containers {
    /// How many containers there are.
    pub(crate) fn len(&self) -> usize {
        self.live.len() as usize - self.free.len()
    }

    /// The position of the container with that uuid.
    pub(crate) fn position(&self, uuid: Uuid) -> Option<u32> {
        let mut found = self.by_uuid.get(Lookup::key(uuid.as_bytes()));
        found.find(|position| self.uuid.get(*position) == Some(&uuid))
    }

    /// The uuid at a position; nil for one that was never used.
    pub(crate) fn uuid(&self, position: u32) -> Uuid {
        self.uuid.get(position).copied().unwrap_or_default()
    }

    /// The state of a container.
    pub(crate) fn state(&self, position: u32) -> ContainerState {
        self.state.get(position).map_or(ContainerState::Unknown, |number| state_of(*number))
    }
}

persist!(NamedImages { ids, uuids, first, position });
persist!(PortsColumn { tuples, protocols, host_ips });
persist!(Containers {
    live,
    free,
    uuid,
    id,
    by_uuid,
    by_id,
    order,
    updated,
    own_updated,
    cause,
    first_stored,
    created,
    state_changed,
    observed_at,
    image,
    inside,
    details,
    named_image,
    named,
    next,
    previous,
    host,
    state,
    flags,
    name,
    path,
    arguments,
    command,
    environment,
    image_digest,
    mac_address,
    ipv4,
    ipv6,
    tagged,
    labels,
    ports,
    source,
    tags,
});

impl Plain for Flags {
    const SIZE: usize = 1;

    fn put(self, out: &mut Vec<u8>) {
        out.push(self.0);
    }

    fn take(bytes: &[u8]) -> Self {
        Self(bytes[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_flags_are_read_back() {
        for state in STATES {
            assert_eq!(state_of(state_number(state)), state);
        }
        let answers = [None, Some(false), Some(true)];
        for (privileged, root) in answers.iter().flat_map(|a| answers.iter().map(move |b| (*a, *b))) {
            let flags = Flags::new(privileged, root);
            assert_eq!((flags.privileged(), flags.root()), (privileged, root));
        }
        assert_eq!(Flags::default(), Flags::new(None, None));
    }
}
