//! Records as the store gave them, put together again from columns and documents.

use model::{Digest, ImageId, Timestamp};
use store::{ContainerRecord, ImageRecord};

use super::{NO_TIME, Tenant};
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

    /// The record of a container.
    ///
    /// # Errors
    /// The document is damaged.
    pub(crate) fn container_record(&self, position: u32) -> Result<ContainerRecord, FleetError> {
        let containers = &self.containers;
        let document_bytes = containers.document.get(position);
        let reading = FleetError::store("reading the report of a container");
        let mut report = store::decode_container_document(document_bytes).map_err(reading)?;
        let named = containers.named_image.get(position).copied().unwrap_or(NONE);
        report.id = id(&containers.id, position);
        report.image_id = containers.named.ids.get(named).map(|id| ImageId(*id));
        report.observed_at = time(&containers.observed_at, position);
        let host = containers.host.get(position).copied().unwrap_or(NONE);
        Ok(ContainerRecord {
            customer: self.customer,
            uuid: containers.uuid(position),
            updated: time(&containers.own_updated, position),
            created_at: time(&containers.first_stored, position),
            host_uuid: self.hosts.uuid(host),
            image_uuid: containers.named.uuids.get(named).copied(),
            tags: containers.tags.get(position).map(str::to_owned).collect(),
            report,
            document_bytes: document_bytes.into(),
        })
    }
}

fn id(column: &Chunked<Digest>, position: u32) -> Digest {
    column.get(position).copied().unwrap_or(super::change::NO_ID)
}

fn time(column: &Chunked<i64>, position: u32) -> Timestamp {
    Timestamp(column.get(position).copied().unwrap_or(NO_TIME))
}
