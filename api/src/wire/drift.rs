//! What a container holds beyond its image (`csapi.md` §8.6).
//!
//! The words of `category` and `reason` are in no public source; these are the ones that the specification proposes, in one
//! place. Software and vulnerabilities are told apart by comparing what is known of the container with what is known of
//! its image, so that a judgement of today shows the drift of today.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use fleet::{ContainerView, ImageContent, SoftwareView, VulnerabilityView};
use model::purl::normalise_python;
use model::{DriftReason, Ecosystem};
use serde::Serialize;
use utoipa::ToSchema;

use super::count::SeverityCounts;
use super::software;
use super::vulnerability::{Context, Vulnerability};

/// Only in the container.
const NEW: &str = DriftReason::New.as_str();
/// Only in the image.
const REMOVED: &str = DriftReason::Removed.as_str();
/// In both, otherwise.
const VARIED: &str = DriftReason::Varied.as_str();
/// A vulnerability that only the image has.
const FIXED: &str = "FIXED";

/// The `drift` of a container record; null where it holds what its image holds, or nobody has looked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Drift<'a> {
    category: Vec<&'static str>,
    reason: Vec<&'static str>,
    software: Vec<DriftSoftware<'a>>,
    vulnerability: Vec<Vulnerability<'a>>,
    /// Programs that came or changed, and files of packages that changed or went.
    file: Vec<DriftFile<'a>>,
}

/// A package that drifted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DriftSoftware<'a> {
    name: Cow<'a, str>,
    version: &'a str,
    fix_version: Option<&'a str>,
    reason: &'static str,
    source: &'a str,
    vulnerabilities: Option<SeverityCounts>,
}

/// A file that drifted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DriftFile<'a> {
    path: &'a str,
    #[schema(value_type = String, example = "EXECUTABLE_ADDED")]
    reason: model::drift::FileReason,
    size: u64,
    changed_at: Option<super::scalar::Millis>,
    owned_by: Option<&'a str>,
}

/// How software drifted: rows of the container that are new or vary, and those of the image that are gone.
#[derive(Default)]
pub(crate) struct SoftwareDrift<'a> {
    pub(crate) rows: Vec<(&'a SoftwareView, &'static str)>,
}

type Place<'a> = (&'static str, Cow<'a, str>, Cow<'a, str>);

/// What stays the same when a package gets another version, told as the sensor tells it: the version in a path makes no other
/// place, and what is beside each other in a directory of Python packages goes by its normalised name.
fn place(row: &SoftwareView) -> Place<'_> {
    let package = &row.package.package;
    let (ecosystem, name) = (package.ecosystem(), software::name(package));
    let (name, path) = match (ecosystem, model::drift::python_site(&row.path)) {
        (Ecosystem::Pypi, Some(site)) => (Cow::Owned(normalise_python(&name)), Cow::Borrowed(site)),
        _ if package.version().is_empty() => (name, Cow::Borrowed(&*row.path)),
        _ => (name, Cow::Owned(row.path.replace(package.version(), "*"))),
    };
    (ecosystem.as_str(), name, path)
}

impl<'a> SoftwareDrift<'a> {
    /// Compares a container with its image; nothing if it holds the same.
    pub(crate) fn of(view: &'a ContainerView) -> Self {
        let Some(image) = &view.of_image else { return Self::default() };
        let key = |row: &'a SoftwareView| (row.package.id, &*row.path);
        let known: HashSet<(u32, &str)> = image.software.iter().map(key).collect();
        let kept: HashSet<(u32, &str)> = view.software.iter().map(key).collect();
        let gone: Vec<&SoftwareView> =
            image.software.iter().filter(|row| !kept.contains(&key(row))).collect();
        let mut left: HashMap<Place<'_>, u32> = HashMap::new();
        gone.iter().for_each(|row| *left.entry(place(row)).or_default() += 1);
        let mut rows = Vec::new();
        let mut varied: HashMap<Place<'_>, u32> = HashMap::new();
        for row in view.software.iter().filter(|row| !known.contains(&key(row))) {
            match left.get_mut(&place(row)).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    *varied.entry(place(row)).or_default() += 1;
                    rows.push((row, VARIED));
                }
                None => rows.push((row, NEW)),
            }
        }
        for row in gone {
            match varied.get_mut(&place(row)).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => rows.push((row, REMOVED)),
            }
        }
        Self { rows }
    }
}

/// The vulnerabilities that drifted: only in the container, only in the image, or in both with another result.
pub(crate) fn vulnerabilities<'a>(context: &Context<'a>, view: &'a ContainerView) -> Vec<Vulnerability<'a>> {
    let Some(image) = &view.of_image else { return Vec::new() };
    let source = view.record.report.source.as_str();
    let of_image = Context { software: &image.software, ..*context };
    let known: HashMap<u32, &VulnerabilityView> =
        image.vulnerabilities.iter().map(|found| (found.vulnerability.qid, found)).collect();
    let mut drifted = Vec::new();
    for found in &view.vulnerabilities {
        let result = context.result(found);
        let before = known.get(&found.vulnerability.qid).map(|known| of_image.result(known));
        if before.as_ref() != Some(&result) {
            let reason = if before.is_some() { VARIED } else { NEW };
            let results = (before, Some(result));
            drifted.push(Vulnerability::new(context, found).drifted(reason, source, results));
        }
    }
    drifted.extend(fixed(view, image).map(|found| {
        let results = (Some(of_image.result(found)), None);
        Vulnerability::new(&of_image, found).drifted(FIXED, source, results)
    }));
    drifted
}

fn fixed<'a>(
    view: &'a ContainerView,
    image: &'a ImageContent,
) -> impl Iterator<Item = &'a VulnerabilityView> {
    let stands: HashSet<u32> = view.vulnerabilities.iter().map(|found| found.vulnerability.qid).collect();
    image.vulnerabilities.iter().filter(move |found| !stands.contains(&found.vulnerability.qid))
}

/// Whether a container differs from its image; `None` if nobody has looked.
pub(crate) fn is_drift(view: &ContainerView) -> Option<bool> {
    view.drift().map(model::Drift::is_any)
}

impl<'a> Drift<'a> {
    /// The drift of a container.
    pub(crate) fn of(context: &Context<'a>, view: &'a ContainerView) -> Option<Self> {
        let facts = view.drift().filter(|drift| drift.is_any())?;
        let source = view.record.report.source.as_str();
        let software = |(row, reason): &(&'a SoftwareView, &'static str)| DriftSoftware {
            name: software::name(&row.package.package),
            version: row.package.package.version(),
            fix_version: row.fix_version(),
            reason,
            source,
            vulnerabilities: row.counts().map(SeverityCounts::new),
        };
        let file = |file: &'a model::drift::DriftFile| DriftFile {
            path: &file.path,
            reason: file.reason,
            size: file.size,
            changed_at: file.changed_at.map(Into::into),
            owned_by: file.owned_by.as_deref(),
        };
        Some(Self {
            category: facts.categories().collect(),
            reason: facts.reasons().map(DriftReason::as_str).collect(),
            software: SoftwareDrift::of(view).rows.iter().map(software).collect(),
            vulnerability: vulnerabilities(context, view),
            file: facts.files.iter().map(file).collect(),
        })
    }
}
