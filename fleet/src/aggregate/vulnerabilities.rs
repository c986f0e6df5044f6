//! The vulnerabilities of a fleet: each once, with how many images and containers have it and since when.
//!
//! A vulnerability of the fleet is all of its places in the images that were counted: its severity is the highest among
//! them, it has a patch if one of them has, and it was first found when that was so in the first image.

use std::cmp::Ordering;
use std::sync::Arc;

use model::Timestamp;
use qql::{Condition, FieldId, Sort};
use qql::fields::FindingField;

use super::content::Count;
use super::{Weights, groups};
use crate::eval::{FleetFinding, Search};
use crate::table::Bits;

/// A page of the vulnerabilities of a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetVulnerabilities {
    /// The page.
    pub items: Vec<FleetVulnerability>,
    /// All that match, exactly.
    pub count: u64,
}

/// A vulnerability of a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetVulnerability {
    /// What it is.
    pub vulnerability: Arc<model::Vulnerability>,
    /// The highest severity that it has anywhere.
    pub severity: model::Severity,
    /// The highest detection score that it has anywhere.
    pub risk: u8,
    /// The surest that it is anywhere.
    pub confidence: model::Confidence,
    /// Whether a version fixes it anywhere.
    pub is_fixable: bool,
    /// Images that have it.
    pub images: u64,
    /// Containers whose image has it.
    pub containers: u64,
    /// When it was first judged so in a package of one of the images.
    pub first_found: Timestamp,
    /// When one of the images that have it was last scanned, or it was last judged anew.
    pub last_found: Timestamp,
}

/// The vulnerabilities of some images and containers that satisfy a condition on vulnerabilities: one page of them in an
/// order, ties by qid.
pub(crate) fn vulnerabilities(
    search: &Search<'_>,
    condition: &Condition,
    order: Option<Sort>,
    (images, containers): (&Bits, &Bits),
    (skip, take): (usize, usize),
) -> FleetVulnerabilities {
    let weights = Weights::of(search, images, containers);
    let counts = groups::by_group(search, &weights);
    let mut found = search.fleet_findings(&weights, images, &counts_of(&counts));
    found.retain(|finding| finding.satisfies(condition));
    let total = found.len() as u64;
    found.sort_by(|a, b| {
        let by_field = order.map_or(Ordering::Equal, |order| compare(a, b, order));
        by_field.then_with(|| a.qid().cmp(&b.qid()))
    });
    let page = found.into_iter().skip(skip).take(take);
    FleetVulnerabilities { items: page.map(|finding| finding.shown()).collect(), count: total }
}
