//! The images of one customer: a column for everything that can be searched, sorted by or shown in a list.
//!
//! Columns are indexed by *position*: a number that an image keeps while it lives and that is used again after it is
//! deleted. A position that is not in `live` holds what the last image left there.

use std::sync::Arc;

use model::Digest;
use uuid::Uuid;

use super::columns::{LabelsColumn, TextColumn, TextsColumn, TuplesColumn};
use super::tags::Tagged;
use crate::persist::persist;
use crate::table::{Bits, Bytes, Chunked, Dictionary, Lookup, OrderLog};

/// The images of one customer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    /// Positions with an image.
    pub(crate) live: Arc<Bits>,
    /// Positions below the length of `live` without one, to be used again.
    pub(crate) free: Arc<Vec<u32>>,
    /// Positions of what containers hold that differ from their image, see [`shadow`](super::shadow).
    pub(crate) shadows: Arc<Bits>,
    /// `uuid`.
    pub(crate) uuid: Chunked<Uuid>,
    /// `sha` and `imageId`: digest of the config document.
    pub(crate) id: Chunked<Digest>,
    /// Positions by the first 64 bits of the uuid.
    pub(crate) by_uuid: Lookup,
    /// Positions by the first 64 bits of the id.
    pub(crate) by_id: Lookup,
    /// Positions by the effective `updated` and uuid; a stamp stands if the image is live and has that `updated`.
    pub(crate) order: OrderLog,
    /// `updated`: the later of the record's own change and the last change of its packages' findings.
    pub(crate) updated: Chunked<i64>,
    /// When the record itself last changed.
    pub(crate) own_updated: Chunked<i64>,
    /// Why the record itself last changed, as the number of the store.
    pub(crate) cause: Chunked<u8>,
    /// When the image was first stored.
    pub(crate) first_stored: Chunked<i64>,
    /// `lastScanned`, `lastVmScanDate`.
    pub(crate) last_scanned: Chunked<i64>,
    /// `created`; [`NO_TIME`](super::NO_TIME) if the image does not say (shown as 0).
    pub(crate) created: Chunked<i64>,
    /// The packages: a number of the index's inventories.
    pub(crate) inventory: Chunked<u32>,
    /// Images that have something in `since`.
    pub(crate) has_since: Arc<Bits>,
    /// Since when images have packages that came later: see [`Images::since`]. What one at a position left there stays, where
    /// `has_since` does not name it any more.
    pub(crate) since: Bytes,
    /// The document as the store packs it; everything that is not in a column here.
    pub(crate) document: Bytes,
    /// `author`; there is always one, which may be empty.
    pub(crate) author: TextColumn,
    /// `architecture`.
    pub(crate) architecture: TextColumn,
    /// `dockerVersion`.
    pub(crate) docker_version: TextColumn,
    /// `operatingSystem`: the display name; none if it is empty.
    pub(crate) operating_system: TextColumn,
    /// `size`.
    pub(crate) size: Chunked<u64>,
    /// `users`.
    pub(crate) users: TextsColumn,
    /// `source`.
    pub(crate) sources: TextsColumn,
    /// `registryUuid`, sorted.
    pub(crate) registries: TextsColumn,
    /// `tags.name`, sorted.
    pub(crate) tags: TextsColumn,
    /// `repo` and `repoDigests`.
    pub(crate) references: ReferencesColumn,
    /// Positions by tags that the image carries.
    pub(crate) tagged: Tagged,
    /// `label`.
    pub(crate) labels: LabelsColumn,
    /// `layers`: of each layer that has a diff-id, the lowest first, (number in [`Tenant::digests`](super::Tenant::digests)).
    pub(crate) layers: TuplesColumn<1>,
    /// `layersCount`; [`NONE`](crate::table::NONE) if the image has no history at all.
    pub(crate) layers_count: Chunked<u32>,
    /// Positions by the first 64 bits of the chain id of all layers, for images that have layers.
    pub(crate) by_chain: Lookup,
    /// Images whose history has an entry without a layer: an element of `layers` without `sha`.
    pub(crate) has_empty_layer: Arc<Bits>,
    /// `baseImage` as far as the one who scanned the image knew it: (number in [`Tenant::digests`](super::Tenant::digests), how
    /// many of the layers are its own); none or one.
    pub(crate) stated_base: TuplesColumn<2>,
    /// `secrets`.
    pub(crate) secrets: SecretsColumn,
    /// `associatedContainersCount`: known containers that are not deleted. Kept up to date with the containers.
    pub(crate) associated_containers: Chunked<u32>,
    /// `associatedHostsCount`: distinct hosts of those.
    pub(crate) associated_hosts: Chunked<u32>,
    /// `lastUsedDate`: when a container, deleted ones included, was seen last; [`NO_TIME`](super::NO_TIME) if there is none.
    pub(crate) last_used: Chunked<i64>,
    /// `lastFoundOnHost`: the container seen last, whose host it is; [`NONE`](crate::table::NONE) if there is none.
    pub(crate) last_container: Chunked<u32>,
    /// Images that have a container in one of the states CREATED, RUNNING, PAUSED and STOPPED.
    pub(crate) in_use: Arc<Bits>,
}

/// The names of images.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferencesColumn {
    /// (number in `registries`, in `repositories`, in `tags`, in [`Tenant::digests`](super::Tenant::digests)), the last two
    /// [`NONE`](crate::table::NONE) if the name has none. `repo` are those with a tag, `repoDigests` those with a digest.
    pub(crate) tuples: TuplesColumn<4>,
    /// Registries.
    pub(crate) registries: Dictionary,
    /// Repositories.
    pub(crate) repositories: Dictionary,
    /// Tags.
    pub(crate) tags: Dictionary,
}

/// The secrets found in images.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecretsColumn {
    /// (number of `type` in `rules`, of `title` in `titles`, of `filePath` in `paths`, line, severity 1–5, `layerSha` as number
    /// in [`Tenant::digests`](super::Tenant::digests) or [`NONE`](crate::table::NONE)).
    pub(crate) tuples: TuplesColumn<6>,
    /// Rules.
    pub(crate) rules: Dictionary,
    /// Titles.
    pub(crate) titles: Dictionary,
    /// Paths.
    pub(crate) paths: Dictionary,
}

impl Images {
    /// How many images there are.
    pub(crate) fn len(&self) -> usize {
        self.live.len() as usize - self.free.len() - self.shadows.count() as usize
    }

    /// The position of the image with that uuid.
    pub(crate) fn position(&self, uuid: Uuid) -> Option<u32> {
        let mut found = self.by_uuid.get(Lookup::key(uuid.as_bytes()));
        found.find(|position| self.uuid.get(*position) == Some(&uuid))
    }

    /// The uuid at a position; nil for one that was never used.
    pub(crate) fn uuid(&self, position: u32) -> Uuid {
        self.uuid.get(position).copied().unwrap_or_default()
    }
}

persist!(ReferencesColumn { tuples, registries, repositories, tags });
persist!(SecretsColumn { tuples, rules, titles, paths });
persist!(Images {
    live,
    free,
    shadows,
    uuid,
    id,
    by_uuid,
    by_id,
    order,
    updated,
    own_updated,
    cause,
    first_stored,
    last_scanned,
    created,
    inventory,
    has_since,
    since,
    document,
    author,
    architecture,
    docker_version,
    operating_system,
    size,
    users,
    sources,
    registries,
    tags,
    references,
    tagged,
    labels,
    layers,
    layers_count,
    by_chain,
    has_empty_layer,
    stated_base,
    secrets,
    associated_containers,
    associated_hosts,
    last_used,
    last_container,
    in_use,
});
