//! Records as the store gave them, put together again: images from columns and documents, containers from columns alone.

use model::{ContainerReport, Digest, ImageId, Timestamp};
use store::{ContainerRecord, ImageRecord};

use super::{NO_TIME, Tenant, TextColumn, TextsColumn};
use crate::error::FleetError;
use crate::table::{Chunked, NONE};

impl Tenant {
    /// The record of an image; `inventory` is the digest of its inventory.
    ///
    /// # Errors
    /// The document is damaged.
    pub(crate) fn image_record(&self, position: u32, inventory: Digest) -> Result<ImageRecord, FleetError> {
        let images = &self.images;
        let document_bytes = images.document.get(position);
        let reading = FleetError::store("reading the document of an image");
        let mut document = store::decode_image_document(document_bytes).map_err(reading)?;
        document.facts.id = ImageId(id(&images.id, position));
        document.facts.references = images.references.get(position, &self.digests);
        Ok(ImageRecord {
            customer: self.customer,
            uuid: images.uuid(position),
            id: ImageId(id(&images.id, position)),
            created_at: time(&images.first_stored, position),
            updated: time(&images.own_updated, position),
            last_scanned: time(&images.last_scanned, position),
            sources: images.sources.get(position).map(str::to_owned).collect(),
            tags: images.tags.get(position).map(str::to_owned).collect(),
            registries: images.registries.get(position).filter_map(|uuid| uuid.parse().ok()).collect(),
            inventory,
            since: images
                .since(position)
                .iter()
                .map(|(package, clock)| (package, Timestamp(clock)))
                .collect(),
            document,
            document_bytes: document_bytes.into(),
        })
    }

    /// The record of a container, but for the name of its image, which nobody asks for; `inventory` is the digest of the one that
    /// it has in place of its image's.
    ///
    /// # Errors
    /// What its sensor told is damaged.
    pub(crate) fn container_record(
        &self,
        position: u32,
        inventory: Option<Digest>,
    ) -> Result<ContainerRecord, FleetError> {
        let containers = &self.containers;
        let named = containers.named_image.get(position).copied().unwrap_or(NONE);
        let host = containers.host.get(position).copied().unwrap_or(NONE);
        let inside_bytes = containers.details.document(position);
        Ok(ContainerRecord {
            customer: self.customer,
            uuid: containers.uuid(position),
            updated: time(&containers.own_updated, position),
            created_at: time(&containers.first_stored, position),
            host_uuid: self.hosts.uuid(host),
            image_uuid: containers.named.uuids.get(named).copied(),
            tags: containers.tags.get(position).map(str::to_owned).collect(),
            report: self.container_report(position)?,
            inside_bytes: inside_bytes.into(),
            inventory,
            since: Box::default(),
        })
    }

    fn container_report(&self, position: u32) -> Result<ContainerReport, FleetError> {
        let containers = &self.containers;
        let text = |column: &TextColumn| {
            let code = column.codes.get(position).copied().unwrap_or(NONE);
            column.texts.get(code).map(str::to_owned)
        };
        let texts = |column: &TextsColumn| column.get(position).map(str::to_owned).collect();
        let flags = containers.flags.get(position).copied().unwrap_or_default();
        let named = containers.named_image.get(position).copied().unwrap_or(NONE);
        let manifest = containers.image_digest.get(position).copied().unwrap_or(NONE);
        let reading = FleetError::store("reading what a sensor told of a container");
        Ok(ContainerReport {
            id: id(&containers.id, position),
            name: text(&containers.name).unwrap_or_default(),
            image_id: containers.named.ids.get(named).map(|id| ImageId(*id)),
            image_digest: self.digests.get(manifest).copied(),
            image_name: None,
            host: self.hosts.facts(containers.host.get(position).copied().unwrap_or(NONE)),
            state: containers.state(position),
            created: time(&containers.created, position),
            state_changed: time(&containers.state_changed, position),
            observed_at: time(&containers.observed_at, position),
            path: text(&containers.path),
            arguments: texts(&containers.arguments),
            environment: texts(&containers.environment),
            labels: containers.labels.get(position),
            ports: containers.ports.get(position),
            privileged: flags.privileged(),
            root: flags.root(),
            mac_address: text(&containers.mac_address).unwrap_or_default(),
            ipv4: text(&containers.ipv4),
            ipv6: text(&containers.ipv6),
            source: text(&containers.source).unwrap_or_default(),
            details: store::decode_inside(containers.details.document(position)).map_err(reading)?,
            tags: Vec::new(),
        })
    }
}

fn id(column: &Chunked<Digest>, position: u32) -> Digest {
    column.get(position).copied().unwrap_or(super::change::NO_ID)
}

fn time(column: &Chunked<i64>, position: u32) -> Timestamp {
    Timestamp(column.get(position).copied().unwrap_or(NO_TIME))
}
