//! Images and containers as an export wants them: records decoded, everything else borrowed from one state of the index.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use model::{ImageId, Timestamp};
use store::{ContainerRecord, ImageRecord};

use super::content::{Content, Times};
use super::rows::ReadyRows;
use super::{BaseView, HostView, RiskView};
use crate::dictionary::SeverityCounts;
use crate::error::FleetError;
use crate::facts::{HostUse, Index, PackageText, Tenant};
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
    /// See [`crate::ImageView::last_container_host`].
    pub last_host: Option<HostView>,
    /// See [`crate::ImageView::counts`].
    pub counts: SeverityCounts,
    /// See [`crate::ImageView::risk`].
    pub risk: RiskView,
    held: Held<'s>,
    tenant: &'s Tenant,
    position: u32,
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
    /// See [`crate::ContainerView::counts`].
    pub counts: SeverityCounts,
    /// See [`crate::ContainerView::risk`].
    pub risk: RiskView,
    held: Held<'s>,
    /// What its image holds, if the container holds something else.
    of_image: Option<Held<'s>>,
}

/// The software and findings of a record before anybody looks into them.
#[derive(Clone, Copy, Debug)]
struct Held<'s> {
    index: &'s Index,
    inventory: Option<u32>,
    times: Times<'s>,
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

/// What an inventory comes to.
pub(super) fn worth(index: &Index, inventory: Option<u32>) -> (SeverityCounts, RiskView) {
    let derived = index.inventories.derived(inventory.unwrap_or(NONE));
    let worst = Some(derived.worst).filter(|worst| *worst > 0);
    (derived.counts, RiskView { score: derived.risk, worst })
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
        let inventory = images.inventory.get(position).copied();
        let (counts, risk) = worth(index, inventory);
        Ok(Self {
            updated: images.rows().updated(position),
            base: base_view(tenant, &record, known)?,
            associated_containers: images.associated_containers.get(position).copied().unwrap_or(0),
            associated_hosts: images.associated_hosts.get(position).copied().unwrap_or(0),
            last_host: last_host(tenant, position),
            counts,
            risk,
            held: Held { index, inventory, times },
            tenant,
            position,
            record: Arc::new(record),
        })
    }

    /// See [`crate::ImageView::hosts`].
    pub fn hosts(&self) -> Vec<HostView> {
        self.tenant.hosts_of(self.position).into_iter().map(|host| host_view(self.tenant, host)).collect()
    }

    /// Its software and findings.
    pub fn content(&self) -> Content<'s> {
        self.held.content()
    }

    /// Its software and findings with ready text.
    pub fn rows(&self, render: &PackageText) -> ReadyRows<'s> {
        self.held.rows(render)
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
        let inside = tenant.containers.inside.get(position).copied().filter(|inside| *inside != NONE);
        let inventory = inside.and_then(|inside| tenant.images.inventory.get(inside).copied());
        let is_own = inside.is_some_and(|inside| tenant.images.shadows.contains(inside));
        let own = inventory.filter(|_| is_own).map(|inventory| index.inventories.digest(inventory));
        let record = tenant.container_record(position, own)?;
        let image = tenant.containers.image.get(position).copied().filter(|image| *image != NONE);
        let image_record = image.map(|image| read.get(index, tenant, image)).transpose()?;
        let last_scanned = image_record.as_ref().map_or(record.created_at, |image| image.last_scanned);
        // a container has nothing of its image before that was known, whenever the same packages were seen elsewhere
        let first_stored =
            image_record.as_ref().map_or(record.created_at, |image| image.created_at.max(record.created_at));
        let since = inside.map(|inside| tenant.images.since(inside)).unwrap_or_default();
        let times = Times { first_stored, last_scanned, since };
        let of_image = image.filter(|_| is_own).map(|image| Held {
            index,
            inventory: tenant.images.inventory.get(image).copied(),
            times: Times { since: tenant.images.since(image), ..times },
        });
        let host = &record.report.host;
        let (counts, risk) = worth(index, inventory);
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
                sensor: record.report.details.as_ref().and_then(|details| details.sensor),
            },
            counts,
            risk,
            held: Held { index, inventory, times },
            of_image,
            record: Arc::new(record),
        })
    }

    /// Its software and findings, which are its image's unless it drifted.
    pub fn content(&self) -> Content<'s> {
        self.held.content()
    }

    /// Whether it holds something else than its image.
    pub fn is_drifted(&self) -> bool {
        self.of_image.is_some()
    }

    /// The software and findings of its image, if it drifted.
    pub fn image_content(&self) -> Option<Content<'s>> {
        self.of_image.map(Held::content)
    }

    /// Its software and findings with ready text.
    pub fn rows(&self, render: &PackageText) -> ReadyRows<'s> {
        self.held.rows(render)
    }
}

impl<'s> Held<'s> {
    fn content(self) -> Content<'s> {
        Content::of(self.index, self.inventory, self.times)
    }

    fn rows(self, render: &PackageText) -> ReadyRows<'s> {
        ReadyRows::of(self.index, self.inventory, self.times, render)
    }
}

fn record_of(index: &Index, tenant: &Tenant, image: u32) -> Result<ImageRecord, FleetError> {
    let inventory = tenant.images.inventory.get(image).copied().unwrap_or(NONE);
    tenant.image_record(image, index.inventories.digest(inventory))
}

/// The host on which a container of an image was seen last.
pub(super) fn last_host(tenant: &Tenant, image: u32) -> Option<HostView> {
    let container = tenant.images.last_container.get(image).copied().filter(|of| *of != NONE)?;
    let containers = &tenant.containers;
    let host = containers.host.get(container).copied().unwrap_or(NONE);
    let last_seen = Timestamp(*containers.observed_at.get(container)?);
    Some(host_view(tenant, HostUse { host, container, last_seen }))
}

pub(super) fn host_view(tenant: &Tenant, used: HostUse) -> HostView {
    let (hosts, host) = (&tenant.hosts, used.host);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    HostView {
        uuid: hosts.uuid(host),
        hostname: hosts.name(host).to_owned(),
        ip_address: owned(hosts.ip(host)),
        ipv6_address: owned(hosts.ipv6(host)),
        architecture: owned(hosts.machine(host)),
        last_seen: used.last_seen,
        sensor: hosts.told_by(host),
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
