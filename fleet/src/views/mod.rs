//! What a reader gets: one image or container with everything that belongs to it, made of shared parts.
//!
//! Views are plain data that name the field's own things; how they look on the wire is not decided here. They are made of the
//! borrowed form that an export uses ([`BulkImage`], [`BulkContainer`]), so that both always say the same.
//!
//! Two decisions a reader may doubt. A language package that belongs to an OS package is listed as software,
//! because it is there, but has no findings of its own: its OS package has them. And a container shows the
//! software and findings of its image even to an account that may not see the image: they are the container's
//! content, while the image's own record stays hidden from the lists of images.

mod brief;
mod bulk;
mod content;
#[cfg(test)]
mod laws;
mod make;
mod rows;

use std::fmt;
use std::sync::Arc;

use matcher::risk::Band;
use model::{Confidence, Finding, FixState, ImageId, Severity, Timestamp, Vulnerability};
use store::{ContainerRecord, ImageRecord};
use uuid::Uuid;

use crate::dictionary::SeverityCounts;
use crate::facts::{FindingRow, PackageEntry, Tables};

pub use brief::{ContainerBrief, ImageBrief};
pub(crate) use bulk::ReadImages;
pub use bulk::{BulkContainer, BulkImage};
pub use content::{Affected, Content, Found, SoftwareRow};
pub use rows::{ReadyAffected, ReadyFound, ReadyPlace, ReadyRows};

/// An image with its software and findings.
#[derive(Clone, Debug)]
pub struct ImageView {
    /// The stored record.
    pub record: Arc<ImageRecord>,
    /// The later of the record's own change and the last change of its packages' findings.
    pub updated: Timestamp,
    /// The image that it was built on, if a known image says so.
    pub base: Option<BaseView>,
    /// Its software: one entry for each package at each path, in this order. The operating system release itself is
    /// not software.
    pub software: Vec<SoftwareView>,
    /// Its findings: one entry for each vulnerability, sorted by qid.
    pub vulnerabilities: Vec<VulnerabilityView>,
    /// `vulnerabilities` by severity.
    pub counts: SeverityCounts,
    /// What `vulnerabilities` come to.
    pub risk: RiskView,
    /// Known containers of it that are not deleted.
    pub associated_containers: u32,
    /// Distinct hosts of those containers.
    pub associated_hosts: u32,
    /// The hosts of all its containers, the most recently seen first.
    pub hosts: Vec<HostView>,
    /// The host on which a container of it was seen last.
    pub last_container_host: Option<HostView>,
    /// When a container of it was seen last.
    pub last_used: Option<Timestamp>,
}

/// The image that another was built on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseView {
    /// Its id.
    pub id: ImageId,
    /// How many of the layers that have a diff-id are its own.
    pub layers: u32,
    /// How many entries of the history are its own.
    pub entries: usize,
}

/// A container with the software and findings of its image.
#[derive(Clone, Debug)]
pub struct ContainerView {
    /// The stored record.
    pub record: Arc<ContainerRecord>,
    /// The later of the container's own change and its image's effective `updated`.
    pub updated: Timestamp,
    /// The image that it runs; `None` if that image was never reported. Then software and findings are not known:
    /// both lists are empty and say nothing.
    pub image: Option<Arc<ImageRecord>>,
    /// As [`ImageView::software`].
    pub software: Vec<SoftwareView>,
    /// As [`ImageView::vulnerabilities`], with the container's own times.
    pub vulnerabilities: Vec<VulnerabilityView>,
    /// `vulnerabilities` by severity.
    pub counts: SeverityCounts,
    /// What `vulnerabilities` come to.
    pub risk: RiskView,
    /// Where it was seen.
    pub host: HostView,
    /// What its image holds, if the container holds something else.
    pub of_image: Option<ImageContent>,
}

impl ContainerView {
    /// What a sensor found when it looked into the container last.
    pub fn drift(&self) -> Option<&model::Drift> {
        self.record.report.details.as_ref()?.drift.as_ref()
    }

    /// What its processes use, sorted; `None` if no sensor has looked at them.
    pub fn in_use(&self) -> Option<&[model::InUsePackage]> {
        self.record.report.details.as_ref()?.in_use.as_deref()
    }

    /// Whether a sensor has ever looked into the container.
    pub fn is_looked_into(&self) -> bool {
        self.drift().is_some()
    }
}

/// The software and findings of the image of a container that drifted.
#[derive(Clone, Debug)]
pub struct ImageContent {
    /// As [`ImageView::software`].
    pub software: Vec<SoftwareView>,
    /// As [`ImageView::vulnerabilities`], with the container's own times.
    pub vulnerabilities: Vec<VulnerabilityView>,
}

/// The risk of an image or container, see [`matcher::risk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RiskView {
    /// Of all vulnerabilities together: 0 (none) to 1000.
    pub score: u16,
    /// The highest score of a vulnerability, 1 to 100; `None` if there is none.
    pub worst: Option<u8>,
}

impl RiskView {
    /// The band of the highest score; `None` if there is none.
    pub fn band(&self) -> Option<Band> {
        self.worst.map(Band::of)
    }
}

/// A host as far as containers tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostView {
    /// Its id.
    pub uuid: Uuid,
    /// Its name.
    pub hostname: String,
    /// Its IPv4 address, if known.
    pub ip_address: Option<String>,
    /// Its IPv6 address, if known.
    pub ipv6_address: Option<String>,
    /// Its machine architecture, if known.
    pub architecture: Option<String>,
    /// When one of the containers was seen on it last.
    pub last_seen: Timestamp,
    /// The sensor that saw it there, if it was one.
    pub sensor: Option<Uuid>,
}

/// One package at one place.
#[derive(Clone, Debug)]
pub struct SoftwareView {
    /// The package with its judgement.
    pub package: Arc<PackageEntry>,
    /// Index into the image's layers that have a diff-id; `None` for a root file system.
    pub layer: Option<u32>,
    /// The file that proves it, without leading slash.
    pub path: Arc<str>,
    /// The OS package that it is part of. Such a record is not judged: `package` may hold findings all the same,
    /// for other places where the same package stands alone.
    pub owned_by: Option<Arc<str>>,
}

impl SoftwareView {
    /// Whether the findings of `package` count for this place.
    pub fn is_judged(&self) -> bool {
        self.owned_by.is_none()
    }

    /// Findings by severity; `None` if the place is not judged or has none.
    pub fn counts(&self) -> Option<SeverityCounts> {
        Some(self.package.counts).filter(|counts| self.is_judged() && counts.total() > 0)
    }

    /// The version that clears its findings; `None` if the place is not judged or there is none.
    pub fn fix_version(&self) -> Option<&str> {
        self.package.fix_version().filter(|_| self.is_judged())
    }
}

/// One vulnerability of an image or container, with everything in it that is affected.
#[derive(Clone, Debug)]
pub struct VulnerabilityView {
    /// What it is.
    pub vulnerability: Arc<Vulnerability>,
    /// The highest severity among the affected packages.
    pub severity: Severity,
    /// The highest detection score among the affected packages, 1 to 100.
    pub risk: u8,
    /// The surest among the affected packages.
    pub confidence: Confidence,
    /// See [`Found::first_found`].
    pub first_found: Timestamp,
    /// See [`Found::last_found`]; never before `first_found`.
    pub last_found: Timestamp,
    /// What is affected, in the order of the software.
    pub affected: Vec<AffectedView>,
}

impl VulnerabilityView {
    /// Whether a fixed version exists for something affected.
    pub fn is_fixable(&self) -> bool {
        self.affected.iter().any(|affected| affected.fix_version().is_some())
    }
}

/// One affected package at one place.
#[derive(Clone)]
pub struct AffectedView {
    /// Index into the software list; `None` for the operating system release, which is not software.
    pub software: Option<usize>,
    /// The affected package.
    pub package: Arc<PackageEntry>,
    row: FindingRow,
    /// What the numbers of the row stand for.
    tables: Arc<Tables>,
}

impl AffectedView {
    /// The judgement, put into words.
    pub fn finding(&self) -> Finding {
        self.tables.finding(&self.row)
    }

    /// The version that fixes this vulnerability in this package, if any.
    pub fn fix_version(&self) -> Option<&str> {
        self.tables.fix_version(&self.row)
    }

    /// The publisher's position.
    pub fn state(&self) -> FixState {
        self.row.state
    }
}

impl fmt::Debug for AffectedView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AffectedView")
            .field("software", &self.software)
            .field("package", &self.package)
            .field("finding", &self.finding())
            .field("first_found", &self.row.first_found)
            .finish()
    }
}
