//! Software rows: of the software list, and inside image and container records.
//!
//! Naming: a Debian package carries its architecture (`libsystemd0:amd64`) unless that is `all`; Alpine, RPM
//! and language packages go by their plain name, Maven by `group:artifact`. The path is shown for language
//! packages only: an OS package is proved by the package manager's database, not by a file of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use fleet::{Identity, PackageEntry, SoftwareView};
use model::{DriftReason, ImageFacts, InUsePackage};
use serde::Serialize;
use utoipa::ToSchema;

use super::count::SeverityCounts;
use super::drift::SoftwareDrift;
use super::lifecycle::{RecordLifecycle, SoftwareLifecycle};
use super::scalar::Sha;
use super::version::ContainerProfile;
use super::{append_json, layer, to_json};

/// The scan type of packages that the OS package manager installed.
///
/// Layers are read without running anything, which the API calls STATIC. But there STATIC also says that the
/// scan was the fallback which sees less, and documented answers and scripts know DYNAMIC for OS packages.
/// The result here is complete, so the word for a complete scan is used.
pub(crate) const OS_SCAN: &str = "DYNAMIC";
/// The scan type of language packages.
pub(crate) const LANGUAGE_SCAN: &str = "SCA";

/// The name of a package, see the module.
pub(crate) fn name(package: &Identity) -> Cow<'_, str> {
    package.listed_name()
}

/// The scan type of a package.
pub(crate) fn scan_type(package: &Identity) -> &'static str {
    if package.ecosystem().is_os() { OS_SCAN } else { LANGUAGE_SCAN }
}

/// The path to show for a package that was found at `path`.
pub(crate) fn shown_path<'a>(package: &Identity, path: &'a str) -> Option<&'a str> {
    Some(path).filter(|path| !package.ecosystem().is_os() && !path.is_empty())
}

/// Whether a package at its place is among those that are used, which are sorted.
pub(super) fn is_in_use(used: &[InUsePackage], view: &SoftwareView) -> bool {
    let package = &view.package.package;
    let key = (package.ecosystem(), package.name(), package.version(), &*view.path);
    let of = |used: &InUsePackage| (used.ecosystem, &*used.name, &*used.version, &*used.path).cmp(&key);
    used.binary_search_by(of).is_ok()
}

/// A row of the software list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SoftwareRow<'a> {
    name: Cow<'a, str>,
    version: &'a str,
    scan_type: &'static str,
    package_path: Option<&'a str>,
    fix_version: Option<&'a str>,
    #[serde(flatten)]
    #[schema(inline)]
    documented_later: Option<SoftwareLaterKeys>,
    vulnerabilities: SeverityCounts,
    /// The layer that brought it, as diff-id.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_sha: Option<Vec<Sha>>,
    /// Of a container into whose processes a sensor looked: whether one of them uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    in_use: Option<bool>,
}

/// Keys that one client of the container calls does not know, see the container profile.
#[derive(Debug, Serialize, ToSchema)]
struct SoftwareLaterKeys {
    lifecycle: Option<SoftwareLifecycle>,
}

impl<'a> SoftwareRow<'a> {
    fn new(
        view: &'a SoftwareView,
        facts: Option<&ImageFacts>,
        profile: ContainerProfile,
        in_use: Option<&[InUsePackage]>,
    ) -> Self {
        let entry = &*view.package;
        let full = profile == ContainerProfile::Full;
        let layers = || {
            let sha = view.layer.zip(facts).and_then(|(index, facts)| layer::sha_of(facts, index));
            sha.into_iter().collect()
        };
        Self {
            name: name(&entry.package),
            version: entry.package.version(),
            scan_type: scan_type(&entry.package),
            package_path: shown_path(&entry.package, &view.path),
            fix_version: view.fix_version(),
            documented_later: full.then(|| SoftwareLaterKeys { lifecycle: SoftwareLifecycle::of(entry) }),
            vulnerabilities: view.counts().map_or(SeverityCounts::UNKNOWN, SeverityCounts::new),
            layer_sha: full.then(layers),
            in_use: in_use.filter(|_| full).map(|used| is_in_use(used, view)),
        }
    }
}

/// The software list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SoftwareList<'a> {
    data: Vec<SoftwareRow<'a>>,
    count: usize,
    software_count_by_severity: SeverityCounts,
    /// Of a container: its drifted software by severity; null for images and where nobody has looked.
    drift_software_count_by_severity: Option<SeverityCounts>,
    /// Likewise, by the reason why it is drift.
    drift_software_count_by_drift_reason: Option<BTreeMap<&'static str, u64>>,
}

impl<'a> SoftwareList<'a> {
    /// Lists `software` of an image with these facts, in the given order; `in_use` is what a container's processes use, sorted. A row counts once for each severity
    /// of which it has a vulnerability.
    pub(crate) fn new(
        software: impl IntoIterator<Item = &'a SoftwareView>,
        facts: Option<&ImageFacts>,
        profile: ContainerProfile,
        in_use: Option<&[InUsePackage]>,
    ) -> Self {
        let mut rows = Vec::new();
        let mut totals = fleet::SeverityCounts::default();
        for view in software {
            rows.push(SoftwareRow::new(view, facts, profile, in_use));
            let Some(counts) = view.counts() else { continue };
            let severities = (1..=5).filter(|severity| counts.get(*severity) > 0);
            severities.filter_map(model::Severity::new).for_each(|severity| totals.add(severity));
        }
        Self {
            count: rows.len(),
            data: rows,
            software_count_by_severity: SeverityCounts::new(totals),
            drift_software_count_by_severity: None,
            drift_software_count_by_drift_reason: None,
        }
    }

    /// With the numbers of what drifted in a container.
    pub(crate) fn with_drift(mut self, drift: &SoftwareDrift<'_>) -> Self {
        let mut totals = fleet::SeverityCounts::default();
        let mut reasons = BTreeMap::from(DriftReason::ALL.map(|reason| (reason.as_str(), 0)));
        for (view, reason) in &drift.rows {
            *reasons.entry(*reason).or_default() += 1;
            let Some(counts) = view.counts() else { continue };
            let severities = (1..=5).filter(|severity| counts.get(*severity) > 0);
            severities.filter_map(model::Severity::new).for_each(|severity| totals.add(severity));
        }
        self.drift_software_count_by_severity = Some(SeverityCounts::new(totals));
        self.drift_software_count_by_drift_reason = Some(reasons);
        self
    }
}

/// A software row of a v1.1 record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecordSoftwareLegacy<'a> {
    name: Cow<'a, str>,
    version: &'a str,
    fix_version: Option<&'a str>,
}

/// What a software row of a record says before its path.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RowHead<'a> {
    name: Cow<'a, str>,
    version: &'a str,
    fix_version: Option<&'a str>,
    scan_type: &'static str,
}

/// What it says after its path.
#[derive(Debug, Serialize, ToSchema)]
struct RowTail {
    lifecycle: Option<RecordLifecycle>,
    /// Null where there are none.
    vulnerabilities: Option<SeverityCounts>,
}

/// What it says after its path where `lifecycle` is not understood.
#[derive(Debug, Serialize, ToSchema)]
struct RowTailClassic {
    vulnerabilities: Option<SeverityCounts>,
}

/// A software row of a record of v1.2 and v1.3.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes in the API document what is written from ready text")]
pub(crate) struct RecordSoftware<'a> {
    #[serde(flatten)]
    head: RowHead<'a>,
    package_path: Option<&'a str>,
    #[serde(flatten)]
    tail: RowTail,
}

/// The fragments that this module keeps in a [`PackageEntry`].
#[derive(Clone, Copy)]
enum Fragment {
    Legacy,
    Head,
    Tail,
    TailClassic,
}

impl Fragment {
    /// The fragment of an entry whose findings count (`judged`), or the same without findings.
    fn append(self, out: &mut Vec<u8>, view: &SoftwareView) {
        if view.is_judged() {
            let text =
                view.package.fragments().get_or_render(self as usize, || self.render(&view.package, true));
            out.extend_from_slice(text.as_bytes());
        } else {
            out.extend_from_slice(self.render(&view.package, false).as_bytes());
        }
    }

    fn render(self, entry: &PackageEntry, judged: bool) -> String {
        let (name, version) = (name(&entry.package), entry.package.version());
        let fix_version = entry.fix_version().filter(|_| judged);
        let counts = Some(entry.counts).filter(|counts| judged && counts.total() > 0);
        let vulnerabilities = counts.map(SeverityCounts::new);
        let json = match self {
            Self::Legacy => to_json(&RecordSoftwareLegacy { name, version, fix_version }),
            Self::Head => {
                let scan_type = scan_type(&entry.package);
                let mut json = to_json(&RowHead { name, version, fix_version, scan_type });
                json.pop();
                json.extend_from_slice(b",\"packagePath\":");
                json
            }
            Self::Tail => {
                let lifecycle = RecordLifecycle::of(entry);
                tail(to_json(&RowTail { lifecycle, vulnerabilities }))
            }
            Self::TailClassic => tail(to_json(&RowTailClassic { vulnerabilities })),
        };
        String::from_utf8(json).expect("JSON is UTF-8")
    }
}

fn tail(mut json: Vec<u8>) -> Vec<u8> {
    json[0] = b',';
    json
}

/// Appends a row of a v1.1 record.
pub(crate) fn append_legacy(out: &mut Vec<u8>, view: &SoftwareView) {
    Fragment::Legacy.append(out, view);
}

/// Appends a row of a record of v1.2 and v1.3.
pub(crate) fn append_row(out: &mut Vec<u8>, view: &SoftwareView, profile: ContainerProfile) {
    Fragment::Head.append(out, view);
    append_json(out, &shown_path(&view.package.package, &view.path));
    match profile {
        ContainerProfile::Full => Fragment::Tail.append(out, view),
        ContainerProfile::Classic => Fragment::TailClassic.append(out, view),
    }
}
