//! Images and containers as a plain list shows them: taken from columns, no document is read.

use model::{ClusterFacts, ContainerState, Digest, Reference, Timestamp};
use uuid::Uuid;

use super::bulk::{host_view, last_host, worth};
use super::{HostView, RiskView};
use crate::dictionary::SeverityCounts;
use crate::facts::{HostUse, Index, NO_TIME, Tenant};
use crate::table::NONE;

/// An image in brief; what has the name of a field of [`crate::ImageView`] or of its record says the same.
#[derive(Clone, Debug)]
pub struct ImageBrief<'s> {
    /// Its uuid.
    pub uuid: Uuid,
    /// Its id.
    pub id: Digest,
    /// When it was built, if it says so.
    pub created: Option<Timestamp>,
    /// See [`crate::ImageView::updated`].
    pub updated: Timestamp,
    /// When it was scanned last.
    pub last_scanned: Timestamp,
    /// Who built it; may be empty.
    pub author: &'s str,
    /// Its names.
    pub references: Vec<Reference>,
    /// Bytes of its uncompressed layers.
    pub size: u64,
    /// Where it was found.
    pub sources: Vec<&'s str>,
    /// Uuids of the registries that list it, sorted.
    pub registries: Vec<&'s str>,
    /// See [`crate::ImageView::associated_containers`].
    pub associated_containers: u32,
    /// See [`crate::ImageView::associated_hosts`].
    pub associated_hosts: u32,
    /// See [`crate::ImageView::last_container_host`].
    pub last_host: Option<HostView>,
    /// See [`crate::ImageView::counts`].
    pub counts: SeverityCounts,
    /// See [`crate::ImageView::risk`].
    pub risk: RiskView,
}

/// A container in brief; what has the name of a field of [`crate::ContainerView`] or of its record says the same.
#[derive(Clone, Debug)]
pub struct ContainerBrief<'s> {
    /// Its uuid.
    pub uuid: Uuid,
    /// Its id.
    pub id: Digest,
    /// Its name; may be empty.
    pub name: &'s str,
    /// When it was made.
    pub created: Timestamp,
    /// See [`crate::ContainerView::updated`].
    pub updated: Timestamp,
    /// When it came into its state.
    pub state_changed: Timestamp,
    /// What it is doing.
    pub state: ContainerState,
    /// Whether its processes are root's, if that is known.
    pub root: Option<bool>,
    /// The image that it names, known or not, and its uuid.
    pub named_image: Option<(Digest, Uuid)>,
    /// The digest of that image's manifest, if the runtime told it.
    pub image_digest: Option<Digest>,
    /// When its image was scanned last; `None` if that was never reported.
    pub image_scanned: Option<Timestamp>,
    /// Whether it differs from its image, if a sensor has looked.
    pub is_drift: Option<bool>,
    /// The cluster that it runs in, if a sensor told.
    pub cluster: Option<ClusterFacts>,
    /// Where it was seen.
    pub host: HostView,
    /// See [`crate::ContainerView::counts`].
    pub counts: SeverityCounts,
    /// See [`crate::ContainerView::risk`].
    pub risk: RiskView,
}

impl<'s> ImageBrief<'s> {
    /// The image at a position.
    pub(crate) fn of(index: &Index, tenant: &'s Tenant, position: u32) -> Self {
        let images = &tenant.images;
        let (counts, risk) = worth(index, images.inventory.get(position).copied());
        let author = images.author.codes.get(position).and_then(|code| images.author.texts.get(*code));
        Self {
            uuid: images.uuid(position),
            id: images.id.get(position).copied().unwrap_or(Digest::from_bytes([0; 32])),
            created: images.created.get(position).copied().filter(|time| *time != NO_TIME).map(Timestamp),
            updated: images.rows().updated(position),
            last_scanned: at(images.last_scanned.get(position)),
            author: author.unwrap_or_default(),
            references: images.references.get(position, &tenant.digests),
            size: images.size.get(position).copied().unwrap_or(0),
            sources: images.sources.get(position).collect(),
            registries: images.registries.get(position).collect(),
            associated_containers: images.associated_containers.get(position).copied().unwrap_or(0),
            associated_hosts: images.associated_hosts.get(position).copied().unwrap_or(0),
            last_host: last_host(tenant, position),
            counts,
            risk,
        }
    }
}

impl<'s> ContainerBrief<'s> {
    /// The container at a position.
    pub(crate) fn of(index: &Index, tenant: &'s Tenant, position: u32) -> Self {
        let (images, containers) = (&tenant.images, &tenant.containers);
        let image = containers.image.get(position).copied().filter(|image| *image != NONE);
        let inside = containers.inside.get(position).copied().filter(|inside| *inside != NONE);
        let (counts, risk) = worth(index, inside.and_then(|inside| images.inventory.get(inside).copied()));
        let named = containers.named_image.get(position).copied().unwrap_or(NONE);
        let name = containers.name.codes.get(position).and_then(|code| containers.name.texts.get(*code));
        let last_seen = at(containers.observed_at.get(position));
        let host = containers.host.get(position).copied().unwrap_or(NONE);
        let digest = containers.image_digest.get(position);
        Self {
            uuid: containers.uuid(position),
            id: containers.id.get(position).copied().unwrap_or(Digest::from_bytes([0; 32])),
            name: name.unwrap_or_default(),
            created: at(containers.created.get(position)),
            updated: containers.rows().updated(position),
            state_changed: at(containers.state_changed.get(position)),
            state: containers.state(position),
            root: containers.flags.get(position).and_then(|flags| flags.root()),
            named_image: containers
                .named
                .ids
                .get(named)
                .copied()
                .zip(containers.named.uuids.get(named).copied()),
            image_digest: digest.and_then(|number| tenant.digests.get(*number)).copied(),
            image_scanned: image.map(|image| at(images.last_scanned.get(image))),
            is_drift: containers.details.is_drift(position),
            // what cannot be read is told of where the whole record is asked for
            cluster: containers.details.cluster(position),
            host: host_view(tenant, HostUse { host, container: position, last_seen }),
            counts,
            risk,
        }
    }
}

fn at(time: Option<&i64>) -> Timestamp {
    Timestamp(time.copied().unwrap_or(NO_TIME))
}
