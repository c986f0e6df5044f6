//! From the borrowed form to views that stand alone.

use std::sync::Arc;

use super::{
    AffectedView, BulkContainer, BulkImage, ContainerView, ImageContent, ImageView, SoftwareView,
    VulnerabilityView,
};
use super::{Content, Found};
use crate::facts::Tables;

impl BulkImage<'_> {
    /// The same with nothing borrowed.
    pub fn view(&self) -> ImageView {
        let (software, vulnerabilities) = views(&self.content());
        let hosts = self.hosts();
        ImageView {
            record: Arc::clone(&self.record),
            updated: self.updated,
            base: self.base.clone(),
            software,
            vulnerabilities,
            counts: self.counts,
            risk: self.risk,
            associated_containers: self.associated_containers,
            associated_hosts: self.associated_hosts,
            last_container_host: hosts.first().cloned(),
            last_used: hosts.first().map(|host| host.last_seen),
            hosts,
        }
    }
}

impl BulkContainer<'_> {
    /// The same with nothing borrowed.
    pub fn view(&self) -> ContainerView {
        let (software, vulnerabilities) = views(&self.content());
        ContainerView {
            record: Arc::clone(&self.record),
            updated: self.updated,
            image: self.image.clone(),
            software,
            vulnerabilities,
            counts: self.counts,
            risk: self.risk,
            host: self.host.clone(),
            of_image: self.image_content().map(|content| {
                let (software, vulnerabilities) = views(&content);
                ImageContent { software, vulnerabilities }
            }),
        }
    }
}

fn views(content: &Content<'_>) -> (Vec<SoftwareView>, Vec<VulnerabilityView>) {
    // neighbours often have one text
    let (mut path, mut owner): (Option<Arc<str>>, Option<Arc<str>>) = (None, None);
    let software = content.software().iter().map(|row| SoftwareView {
        package: Arc::clone(row.package),
        layer: row.layer,
        path: shared(&mut path, row.path),
        owned_by: row.owned_by.map(|text| shared(&mut owner, text)),
    });
    let software = software.collect();
    let tables = content.index.packages.tables();
    (software, content.found().map(|found| vulnerability(&found, tables)).collect())
}

fn shared(last: &mut Option<Arc<str>>, text: &str) -> Arc<str> {
    match last {
        Some(known) if **known == *text => Arc::clone(known),
        _ => Arc::clone(last.insert(Arc::from(text))),
    }
}

fn vulnerability(found: &Found<'_, '_>, tables: &Arc<Tables>) -> VulnerabilityView {
    let affected = found.affected.iter().map(|affected| AffectedView {
        software: affected.software.map(|index| index as usize),
        package: Arc::clone(affected.package),
        row: *affected.row,
        tables: Arc::clone(tables),
    });
    VulnerabilityView {
        vulnerability: Arc::clone(found.vulnerability),
        severity: found.severity,
        risk: found.risk,
        confidence: found.confidence,
        first_found: found.first_found,
        last_found: found.last_found,
        affected: affected.collect(),
    }
}
