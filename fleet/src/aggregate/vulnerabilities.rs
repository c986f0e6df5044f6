//! The vulnerabilities of a fleet: each once, with how many images and containers have it and since when.
//!
//! A vulnerability of the fleet is all of its places in the images that were counted, as that of an image is all of its
//! places there: its severity is the highest among them, it has a patch if one of them has, and so on. It was first found
//! when it was first found in one of the images, and last when it was last found in one.

use std::cmp::Ordering;
use std::sync::Arc;

use model::{Confidence, Severity, Timestamp, Vulnerability};
use qql::fields::FindingField;
use qql::{Condition, FieldId, Sort};

use super::Weights;
use super::content::Count;
use super::gather::{Gathered, gather};
use crate::eval::{Key, Search, shown_score};
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
    pub vulnerability: Arc<Vulnerability>,
    /// The highest severity that it has anywhere.
    pub severity: Severity,
    /// The highest detection score that it has anywhere.
    pub risk: u8,
    /// The surest that it is anywhere.
    pub confidence: Confidence,
    /// Whether a version fixes it anywhere.
    pub is_fixable: bool,
    /// Images that have it.
    pub images: u64,
    /// Containers whose image has it.
    pub containers: u64,
    /// The earliest time at which it was first found in one of the images.
    pub first_found: Timestamp,
    /// The latest time at which it was last found in one of the images.
    pub last_found: Timestamp,
}

/// The vulnerabilities of some images and containers that satisfy a condition on vulnerabilities: `take` of them after
/// `skip`, in an order; ties, and all without an order, by qid.
pub(crate) fn vulnerabilities(
    search: &Search<'_>,
    condition: &Condition,
    order: Option<Sort>,
    (images, containers): (&Bits, &Bits),
    (skip, take): (usize, usize),
) -> FleetVulnerabilities {
    let weights = Weights::of(search, images, containers);
    let gathered = gather(search, &weights, images, containers);
    let passing = passing(search, &weights, &gathered, condition);
    let vulnerabilities = search.content.packages.vulnerabilities();
    let is_found =
        |group: &u32| gathered[*group as usize].count != Count::default() && passing.contains(*group);
    let mut found: Vec<FleetVulnerability> = (0..vulnerabilities.len())
        .filter(is_found)
        .filter_map(|group| Some(shown(vulnerabilities.get(group)?, &gathered[group as usize])))
        .collect();
    let count = found.len() as u64;
    found.sort_by(|a, b| {
        let by_field = order.map_or(Ordering::Equal, |order| compare(a, b, order));
        by_field.then_with(|| a.vulnerability.qid.cmp(&b.vulnerability.qid))
    });
    FleetVulnerabilities { items: found.into_iter().skip(skip).take(take).collect(), count }
}

/// The groups that satisfy a condition, all places of each taken together.
fn passing(search: &Search<'_>, weights: &Weights, gathered: &[Gathered], condition: &Condition) -> Bits {
    let by_time = |field: FindingField, ranges: &[(i64, i64)]| {
        Bits::from_fn(gathered.len() as u32, |group| {
            let of = &gathered[group as usize];
            let time = if field == FindingField::FirstFound { of.first_found } else { of.last_found };
            ranges.iter().any(|(from, to)| *from <= time && time <= *to)
        })
    };
    search.content.groups_passing(condition, &by_time, &weights.used())
}

fn shown(vulnerability: &Arc<Vulnerability>, of: &Gathered) -> FleetVulnerability {
    FleetVulnerability {
        vulnerability: Arc::clone(vulnerability),
        severity: of.severity,
        risk: of.risk,
        confidence: of.confidence,
        is_fixable: of.is_fixable,
        images: of.count.images,
        containers: of.count.containers,
        first_found: Timestamp(of.first_found),
        last_found: Timestamp(of.last_found),
    }
}

/// Missing values are last, or first if descending.
fn compare(a: &FleetVulnerability, b: &FleetVulnerability, order: Sort) -> Ordering {
    let FieldId::Finding(field) = order.field else { return Ordering::Equal };
    let (a, b) = (key(a, field), key(b, field));
    if order.descending { b.cmp(&a) } else { a.cmp(&b) }
}

fn key(of: &FleetVulnerability, field: FindingField) -> Key {
    let what = &*of.vulnerability;
    let number = |value: i64| Key::Number(value);
    let score = |rating: &Option<model::advisory::Cvss>| {
        number(shown_score(rating.as_ref().map_or(0.0, |of| of.base)))
    };
    match field {
        FindingField::Qid => number(i64::from(what.qid)),
        FindingField::Title => Key::Text(what.title.clone()),
        FindingField::Severity => number(i64::from(of.severity.get())),
        FindingField::Risk | FindingField::QdsScore => number(i64::from(of.risk)),
        FindingField::TypeDetected => Key::Text(
            if of.confidence == Confidence::Confirmed { "CONFIRMED" } else { "POTENTIAL" }.to_owned(),
        ),
        FindingField::FirstFound => number(of.first_found.0),
        FindingField::LastFound => number(of.last_found.0),
        FindingField::Published => what.published.map_or(Key::Missing, |published| number(published.0)),
        FindingField::PatchAvailable => Key::Flag(of.is_fixable),
        FindingField::Category => Key::Text(what.family.label().to_owned()),
        FindingField::CvssBaseScore => score(&what.cvss2),
        FindingField::Cvss3BaseScore => score(&what.cvss3),
        _ => Key::Missing,
    }
}
