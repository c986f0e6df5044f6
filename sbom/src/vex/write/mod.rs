//! The judgements of an image as statements: what `openvex` and `csaf` write is made here.
//!
//! The decision a reader may doubt: a statement that suppresses is only written where nothing contradicts it. One package at
//! two places can be set aside at one and not at the other, and the forms know packages and no places; then it is affected.

mod csaf;
mod openvex;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use model::{FixState, Reference, ScanReport};

use super::{Justification, Status};
use crate::purl::encode;
use crate::{PlacedFinding, SbomError, Subject, stamp};

/// A package that a vulnerability was looked for in and not found: said on request, beside the findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared<'a> {
    /// Index into [`ScanReport::packages`].
    pub package: usize,
    /// The main id of the vulnerability.
    pub id: &'a str,
    /// Its other ids.
    pub aliases: &'a [String],
    /// [`Status::NotAffected`] or [`Status::Fixed`].
    pub status: Status,
    /// Why, in words.
    pub detail: &'a str,
}

/// One position, and the packages that it is taken on. Equal ones are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Position {
    id: String,
    aliases: BTreeSet<String>,
    status: Status,
    justification: Option<Justification>,
    /// What to do, or why nothing has to be done.
    detail: String,
    /// Whether a version that ends it is known, for an affected one.
    has_fix: bool,
    /// Whether the publisher has said that there will be none.
    is_final: bool,
}

/// The packages of a position by their package URLs; `None` is the image as a whole.
type Products = BTreeSet<Option<String>>;

/// Writes OpenVEX 0.2.0 JSON and a line end. The same input gives the same bytes.
///
/// # Errors
/// If `out` does not take what is written.
pub fn write_openvex(
    report: &ScanReport,
    findings: &[PlacedFinding<'_>],
    cleared: &[Cleared<'_>],
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    openvex::write(report, &positions(report, findings, cleared), out)
}

/// Writes JSON of the VEX profile of CSAF 2.0 and a line end. The same input gives the same bytes.
///
/// # Errors
/// If `out` does not take what is written.
pub fn write_csaf(
    report: &ScanReport,
    findings: &[PlacedFinding<'_>],
    cleared: &[Cleared<'_>],
    out: &mut dyn Write,
) -> Result<(), SbomError> {
    csaf::write(report, &positions(report, findings, cleared), out)
}

fn positions(
    report: &ScanReport,
    findings: &[PlacedFinding<'_>],
    cleared: &[Cleared<'_>],
) -> BTreeMap<Position, Products> {
    let mut all: BTreeMap<Position, Products> = BTreeMap::new();
    let mut open: BTreeSet<(Option<String>, String)> = BTreeSet::new();
    for placed in findings.iter().filter(|placed| !suppresses(placed)) {
        let Some(product) = product_of(report, placed.subject) else { continue };
        let position = of_finding(report, placed);
        let ids = std::iter::once(&position.id).chain(&position.aliases).chain([&placed.finding.advisory]);
        open.extend(ids.map(|id| (product.clone(), id.to_ascii_lowercase())));
        all.entry(position).or_default().insert(product);
    }
    let mut add = |product: Option<String>, position: Position| {
        let mut ids = std::iter::once(&position.id).chain(&position.aliases);
        if !ids.any(|id| open.contains(&(product.clone(), id.to_ascii_lowercase()))) {
            all.entry(position).or_default().insert(product);
        }
    };
    for placed in findings.iter().filter(|placed| suppresses(placed)) {
        let Some(product) = product_of(report, placed.subject) else { continue };
        add(product, of_finding(report, placed));
    }
    for cleared in cleared.iter().filter(|cleared| cleared.status.suppresses()) {
        let Some(product) = product_of(report, Subject::Package(cleared.package)) else { continue };
        let justification = Justification::VulnerableCodeNotPresent;
        let position = Position {
            id: cleared.id.to_owned(),
            aliases: cleared.aliases.iter().cloned().collect(),
            status: cleared.status,
            justification: (cleared.status == Status::NotAffected).then_some(justification),
            detail: cleared.detail.to_owned(),
            has_fix: false,
            is_final: false,
        };
        add(product, position);
    }
    without_contradictions(all)
}

/// Of two positions on one package the one that needs attention stays, so that no reader has to choose.
fn without_contradictions(all: BTreeMap<Position, Products>) -> BTreeMap<Position, Products> {
    let rank = |status: Status| match status {
        Status::Affected => 0,
        Status::UnderInvestigation => 1,
        Status::NotAffected => 2,
        Status::Fixed => 3,
    };
    let mut sorted: Vec<(Position, Products)> = all.into_iter().collect();
    sorted.sort_by_key(|(position, _)| rank(position.status));
    let mut taken: BTreeMap<(String, Option<String>), Status> = BTreeMap::new();
    let mut kept = BTreeMap::new();
    for (position, products) in sorted {
        let of_status = |product: &Option<String>| {
            let key = (position.id.clone(), product.clone());
            *taken.entry(key).or_insert(position.status) == position.status
        };
        let products: Products = products.into_iter().filter(of_status).collect();
        if !products.is_empty() {
            kept.insert(position, products);
        }
    }
    kept
}

fn suppresses(placed: &PlacedFinding<'_>) -> bool {
    placed.suppressed.is_some_and(|why| why.status.suppresses())
}

/// The package URL; the inner `None` is the image, the outer one a place that the report does not have.
fn product_of(report: &ScanReport, subject: Subject) -> Option<Option<String>> {
    match subject {
        Subject::Package(index) => report.packages.get(index).map(|record| Some(stamp::purl_of(record))),
        Subject::Release => Some(None),
    }
}

fn of_finding(report: &ScanReport, placed: &PlacedFinding<'_>) -> Position {
    let finding = placed.finding;
    let vulnerability = &finding.vulnerability;
    let status = match (placed.suppressed, finding.state) {
        (Some(why), _) => why.status,
        (None, FixState::UnderInvestigation) => Status::UnderInvestigation,
        (None, _) => Status::Affected,
    };
    let name = match placed.subject {
        Subject::Package(index) => report.packages.get(index).map_or("", |record| &record.name),
        Subject::Release => "the operating system",
    };
    let action = || match (&finding.fix_version, finding.state) {
        (Some(fix), _) => format!("Update {name} to {fix} or later."),
        (None, FixState::WillNotFix) => format!("The publisher of {name} will not fix it."),
        (None, FixState::FixDeferred) => format!("The publisher of {name} has put off the fix."),
        (None, FixState::EndOfLife) => format!("Replace {name} by a release that is supported."),
        (None, _) => format!("No fix for {name} is known."),
    };
    let detail = match placed.suppressed {
        Some(why) if why.detail.is_empty() && why.justification.is_none() => {
            "Set aside by the user.".to_owned()
        }
        Some(why) => why.detail.to_owned(),
        None if status == Status::UnderInvestigation => "The publisher is looking into it.".to_owned(),
        None => action(),
    };
    Position {
        id: vulnerability.id.clone(),
        aliases: vulnerability.aliases.iter().cloned().collect(),
        status,
        justification: placed.suppressed.and_then(|why| why.justification),
        has_fix: status == Status::Affected && finding.fix_version.is_some(),
        is_final: status == Status::Affected && finding.state == FixState::WillNotFix,
        detail,
    }
}

/// The package URL of the image (package-url types, `oci`); `None` for one without a name.
fn image_purl(report: &ScanReport) -> Option<String> {
    let Reference { registry, repository, tag, digest } = report.image.references.first()?;
    let name = repository.rsplit('/').next().unwrap_or(repository).to_lowercase();
    let version = digest.as_ref().map(|digest| format!("@{}", encode(&digest.to_string())));
    let tag = tag.as_ref().map(|tag| format!("&tag={}", encode(tag)));
    let address = encode(&format!("{registry}/{repository}"));
    let (version, tag) = (version.unwrap_or_default(), tag.unwrap_or_default());
    Some(format!("pkg:oci/{}{version}?repository_url={address}{tag}", encode(&name)))
}

/// When it was said.
fn time_of(report: &ScanReport) -> String {
    stamp::seconds(report.scanned_at).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned())
}
