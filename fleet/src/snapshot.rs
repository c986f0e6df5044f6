//! From the index to views: shared parts are taken out under the lock, views are made of them outside it.
//!
//! The lock is held only while pointers are copied, so a reader never waits for another one's rendering and writers
//! wait for microseconds. Parts are immutable; a view shows one state of the index even if that moves on meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{ContainerState, Ecosystem, Timestamp};
use store::{ContainerRecord, ImageRecord, Inventory};
use uuid::Uuid;

use crate::column::Visible;
use crate::dictionary::PackageEntry;
use crate::index::{ImageRow, Index};
use crate::judge::count;
use crate::view::{
    AffectedView, BaseView, ContainerView, HostView, ImageView, RiskView, SoftwareView, VulnerabilityView,
};

/// Packages at their places, taken out of the index.
struct Content {
    inventory: Arc<Inventory>,
    /// One for each entry of the inventory.
    packages: Vec<Arc<PackageEntry>>,
}

/// What an image view is made of.
pub(crate) struct ImageParts {
    row: Arc<ImageRow>,
    updated: Timestamp,
    base: Option<(Arc<ImageRow>, u32)>,
    content: Content,
    containers: Vec<Arc<ContainerRecord>>,
}

/// What a container view is made of.
pub(crate) struct ContainerParts {
    record: Arc<ContainerRecord>,
    updated: Timestamp,
    image: Option<(Arc<ImageRow>, Content)>,
}

impl Content {
    fn of(index: &Index, row: &ImageRow) -> Self {
        let package = |id| {
            Arc::clone(index.package(id).expect("the packages of an inventory are put in before its images"))
        };
        let packages = row.inventory.entries.iter().map(|entry| package(entry.package)).collect();
        Self { inventory: Arc::clone(&row.inventory), packages }
    }
}

impl ImageParts {
    /// `visible` is what the reader may see of images.
    pub(crate) fn of(index: &Index, position: u32, visible: &Visible) -> Self {
        let row = Arc::clone(index.image_row(position));
        let base = index.base_of(&row.record, visible);
        let content = Content::of(index, &row);
        let containers = index.containers_of(row.record.customer, row.record.uuid).cloned().collect();
        Self { updated: index.images.at(position).updated, base, content, containers, row }
    }

    pub(crate) fn view(self) -> ImageView {
        let record = Arc::clone(&self.row.record);
        let times = Times { first_stored: record.created_at, last_scanned: record.last_scanned };
        let (software, vulnerabilities) = views(&self.content, &times);
        let hosts = hosts(&self.containers);
        let present = |container: &&Arc<ContainerRecord>| container.report.state != ContainerState::Deleted;
        let mut host_uuids: Vec<Uuid> =
            self.containers.iter().filter(present).map(|container| container.host_uuid).collect();
        let associated_containers = u32::try_from(host_uuids.len()).unwrap_or(u32::MAX);
        host_uuids.sort_unstable();
        host_uuids.dedup();
        ImageView {
            updated: self.updated,
            base: base_view(&record, self.base),
            counts: count(vulnerabilities.iter().map(|vulnerability| vulnerability.severity)),
            risk: RiskView::of(&vulnerabilities),
            software,
            vulnerabilities,
            associated_containers,
            associated_hosts: u32::try_from(host_uuids.len()).unwrap_or(u32::MAX),
            last_container_host: hosts.first().cloned(),
            last_used: hosts.first().map(|host| host.last_seen),
            hosts,
            record,
        }
    }
}

impl ContainerParts {
    pub(crate) fn of(index: &Index, position: u32) -> Self {
        let record = Arc::clone(index.container_row(position));
        let image = index.image_of(&record).map(|(_, row)| (Arc::clone(row), Content::of(index, row)));
        Self { record, updated: index.containers.at(position).updated, image }
    }

    pub(crate) fn view(self) -> ContainerView {
        let (image, software, vulnerabilities) = match self.image {
            None => (None, Vec::new(), Vec::new()),
            Some((row, content)) => {
                let last_scanned = row.record.last_scanned;
                let times = Times { first_stored: self.record.created_at, last_scanned };
                let (software, vulnerabilities) = views(&content, &times);
                (Some(Arc::clone(&row.record)), software, vulnerabilities)
            }
        };
        ContainerView {
            updated: self.updated,
            image,
            counts: count(vulnerabilities.iter().map(|vulnerability| vulnerability.severity)),
            risk: RiskView::of(&vulnerabilities),
            software,
            vulnerabilities,
            host: host_of(&self.record),
            record: self.record,
        }
    }
}

/// The base among the known images; else the one that the scanner knew.
fn base_view(record: &ImageRecord, known: Option<(Arc<ImageRow>, u32)>) -> Option<BaseView> {
    let facts = &record.document.facts;
    let named =
        facts.base.as_ref().filter(|base| known.as_ref().is_none_or(|(_, layers)| *layers < base.layers));
    if let Some(base) = named {
        let layers = base.layers as usize;
        let places = facts.layers.iter().enumerate().filter(|(_, layer)| layer.diff_id.is_some());
        let entries = places.take(layers).last().map_or(0, |(index, _)| index + 1);
        return Some(BaseView { id: base.id, layers: base.layers, entries });
    }
    let (row, layers) = known?;
    let entries = row.record.document.facts.layers.len();
    Some(BaseView { id: row.record.id, layers, entries })
}

/// The record's own times that bound those of its findings.
struct Times {
    first_stored: Timestamp,
    last_scanned: Timestamp,
}

fn views(content: &Content, times: &Times) -> (Vec<SoftwareView>, Vec<VulnerabilityView>) {
    let mut software = Vec::with_capacity(content.packages.len());
    let mut by_qid: BTreeMap<u32, Vec<AffectedView>> = BTreeMap::new();
    for (entry, package) in content.inventory.entries.iter().zip(&content.packages) {
        let is_software = package.package.ecosystem != Ecosystem::Os;
        if entry.owned_by.is_none() {
            for (finding, judged) in package.judgement.findings.iter().enumerate() {
                by_qid.entry(judged.vulnerability.qid).or_default().push(AffectedView {
                    software: is_software.then_some(software.len()),
                    package: Arc::clone(package),
                    finding,
                });
            }
        }
        if is_software {
            software.push(SoftwareView {
                package: Arc::clone(package),
                layer: entry.layer,
                path: entry.path.clone(),
                owned_by: entry.owned_by.clone(),
            });
        }
    }
    let vulnerabilities =
        by_qid.into_values().filter_map(|affected| vulnerability(affected, times)).collect();
    (software, vulnerabilities)
}

/// One vulnerability with all that it affects; `None` if that is nothing.
fn vulnerability(affected: Vec<AffectedView>, times: &Times) -> Option<VulnerabilityView> {
    let worst = affected.iter().map(AffectedView::finding).max_by_key(|finding| finding.severity)?;
    let vulnerability = Arc::clone(&worst.vulnerability);
    let severity = worst.severity;
    let risk = affected.iter().map(|affected| affected.finding().risk).max()?;
    let confidence = affected.iter().map(|affected| affected.finding().confidence).min()?;
    let judged = affected.iter().map(|affected| affected.package.first_found[affected.finding]).min()?;
    let first_found = judged.max(times.first_stored);
    let rejudged = affected.iter().map(|affected| &affected.package);
    let rejudged =
        rejudged.filter(|package| package.changed > package.created).map(|package| package.changed).max();
    let last_found = times.last_scanned.max(first_found).max(rejudged.unwrap_or(first_found));
    Some(VulnerabilityView { vulnerability, severity, risk, confidence, first_found, last_found, affected })
}

fn host_of(container: &ContainerRecord) -> HostView {
    let host = &container.report.host;
    HostView {
        uuid: container.host_uuid,
        hostname: host.hostname.clone(),
        ip_address: host.ip_address.clone(),
        ipv6_address: host.ipv6_address.clone(),
        architecture: host.architecture.clone(),
        last_seen: container.report.observed_at,
    }
}

/// The hosts of containers as their latest containers describe them, most recently seen first, then by uuid.
fn hosts(containers: &[Arc<ContainerRecord>]) -> Vec<HostView> {
    let mut latest: BTreeMap<Uuid, &ContainerRecord> = BTreeMap::new();
    for container in containers {
        let known = latest.entry(container.host_uuid).or_insert(container);
        // the uuid decides between two that were seen at once, so that the answer does not depend on positions
        let order = |record: &ContainerRecord| (record.report.observed_at, record.uuid);
        if order(known) < order(container) {
            *known = container;
        }
    }
    let mut hosts: Vec<HostView> = latest.into_values().map(host_of).collect();
    hosts.sort_by_key(|host| (std::cmp::Reverse(host.last_seen), host.uuid));
    hosts
}
