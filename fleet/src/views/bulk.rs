//! Images and containers as an export wants them: records decoded, everything else borrowed from one state of the index.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use model::{ImageId, Timestamp};
use store::{ContainerRecord, ImageRecord};

use super::content::{Content, Times};
use super::{BaseView, HostView};
use crate::error::FleetError;
use crate::facts::{HostUse, Index, Tenant};
use crate::table::{Bits, NONE};

/// An image with its software and findings, as [`crate::ImageView`].
#[derive(Debug)]
pub struct BulkImage<'s> {
    /// The stored record.
    pub record: Arc<ImageRecord>,
    /// See [`crate::ImageView::updated`].
    pub updated: Timestamp,
    /// See [`crate::ImageView::base`].
    pub base: Option<BaseView>,
    /// See [`crate::ImageView::associated_containers`].
    pub associated_containers: u32,
    /// See [`crate::ImageView::associated_hosts`].
    pub associated_hosts: u32,
    /// See [`crate::ImageView::hosts`].
    pub hosts: Vec<HostView>,
    /// Its software and findings.
    pub content: Content<'s>,
}

/// A container with the software and findings of its image, as [`crate::ContainerView`].
#[derive(Debug)]
pub struct BulkContainer<'s> {
    /// The stored record.
    pub record: Arc<ContainerRecord>,
    /// See [`crate::ContainerView::updated`].
    pub updated: Timestamp,
    /// See [`crate::ContainerView::image`].
    pub image: Option<Arc<ImageRecord>>,
    /// Where it was seen.
    pub host: HostView,
    /// The software and findings of its image.
    pub content: Content<'s>,
}

/// Records of images that were read from their documents, for containers of the same image: they often stand side by side.
#[derive(Debug, Default)]
pub(crate) struct ReadImages(RefCell<HashMap<u32, Arc<ImageRecord>>>);

impl ReadImages {
    /// More are forgotten, so that a page of any size takes little memory.
    const MOST: usize = 256;

    fn get(&self, index: &Index, tenant: &Tenant, image: u32) -> Result<Arc<ImageRecord>, FleetError> {
        let mut known = self.0.borrow_mut();
        if let Some(record) = known.get(&image) {
            return Ok(Arc::clone(record));
        }
        let record = Arc::new(record_of(index, tenant, image)?);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(image, Arc::clone(&record));
        Ok(record)
    }
}

impl<'s> BulkImage<'s> {
    /// The image at a position; `visible` are the images that the reader may see.
    ///
    /// # Errors
    /// A stored document is damaged.
    pub(crate) fn of(
        index: &'s Index,
        tenant: &'s Tenant,
        position: u32,
        visible: &Bits,
    ) -> Result<Self, FleetError> {
        let images = &tenant.images;
        let record = record_of(index, tenant, position)?;
        let (first_stored, last_scanned) = (record.created_at, record.last_scanned);
        let times = Times { first_stored, last_scanned, since: images.since(position) };
        let known = images.base_of(position, &tenant.digests, |other| visible.contains(other));
        Ok(Self {
            updated: images.rows().updated(position),
            base: base_view(tenant, &record, known)?,
            associated_containers: images.associated_containers.get(position).copied().unwrap_or(0),
            associated_hosts: images.associated_hosts.get(position).copied().unwrap_or(0),
            hosts: tenant.hosts_of(position).into_iter().map(|host| host_view(tenant, host)).collect(),
            content: Content::of(index, images.inventory.get(position).copied(), times),
            record: Arc::new(record),
        })
    }
}

impl<'s> BulkContainer<'s> {
    /// The container at a position; `read` holds images of the same state.
    ///
    /// # Errors
    /// A stored document is damaged.
    pub(crate) fn of(
        index: &'s Index,
        tenant: &'s Tenant,
        position: u32,
        read: &ReadImages,
    ) -> Result<Self, FleetError> {
        let record = tenant.container_record(position)?;
        let image = tenant.containers.image.get(position).copied().filter(|image| *image != NONE);
        let image_record = image.map(|image| read.get(index, tenant, image)).transpose()?;
        let last_scanned = image_record.as_ref().map_or(record.created_at, |image| image.last_scanned);
        // a container has nothing of its image before that was known, whenever the same packages were seen elsewhere
        let first_stored =
            image_record.as_ref().map_or(record.created_at, |image| image.created_at.max(record.created_at));
        let since = image.map(|image| tenant.images.since(image)).unwrap_or_default();
        let times = Times { first_stored, last_scanned, since };
        let inventory = image.and_then(|image| tenant.images.inventory.get(image).copied());
        let host = &record.report.host;
        Ok(Self {
            updated: tenant.containers.rows().updated(position),
            image: image_record,
            host: HostView {
                uuid: record.host_uuid,
                hostname: host.hostname.clone(),
                ip_address: host.ip_address.clone(),
                ipv6_address: host.ipv6_address.clone(),
                architecture: host.architecture.clone(),
                last_seen: record.report.observed_at,
            },
            content: Content::of(index, inventory, times),
            record: Arc::new(record),
        })
    }
}

fn record_of(index: &Index, tenant: &Tenant, image: u32) -> Result<ImageRecord, FleetError> {
    let inventory = tenant.images.inventory.get(image).copied().unwrap_or(NONE);
    tenant.image_record(image, index.inventories.digest(inventory))
}

fn host_view(tenant: &Tenant, used: HostUse) -> HostView {
    let (hosts, host) = (&tenant.hosts, used.host);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    HostView {
        uuid: hosts.uuid(host),
        hostname: hosts.name(host).to_owned(),
        ip_address: owned(hosts.ip(host)),
        ipv6_address: owned(hosts.ipv6(host)),
        architecture: owned(hosts.machine(host)),
        last_seen: used.last_seen,
    }
}

/// The base among the known images, which is given with its number of layers; else the one that the scanner knew.
fn base_view(
    tenant: &Tenant,
    record: &ImageRecord,
    known: Option<(u32, u32)>,
) -> Result<Option<BaseView>, FleetError> {
    let facts = &record.document.facts;
    let named = facts.base.as_ref().filter(|base| known.is_none_or(|(_, layers)| layers < base.layers));
    if let Some(base) = named {
        let layers = base.layers as usize;
        let places = facts.layers.iter().enumerate().filter(|(_, layer)| layer.diff_id.is_some());
        let entries = places.take(layers).last().map_or(0, |(index, _)| index + 1);
        return Ok(Some(BaseView { id: base.id, layers: base.layers, entries }));
    }
    let Some((position, layers)) = known else { return Ok(None) };
    let images = &tenant.images;
    let Some(id) = images.id.get(position).copied().map(ImageId) else { return Ok(None) };
    // the history of a base without empty entries is as long as it has layers
    let entries = match images.has_empty_layer.contains(position) {
        false => layers as usize,
        true => {
            let reading = FleetError::store("reading the document of an image");
            let bytes = images.document.get(position);
            store::decode_image_document(bytes).map_err(reading)?.facts.layers.len()
        }
    };
    Ok(Some(BaseView { id, layers, entries }))
}
