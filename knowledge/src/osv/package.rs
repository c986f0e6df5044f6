//! What a record says of one package.

use std::collections::HashMap;

use model::{FixState, Severity};

use super::advisory;
use super::convert::ByFamily;
use super::modules::is_modular;
use super::place::Place;
use super::range::evaluate;
use super::schema::{OsvAffected, OsvEvent, OsvRecord};
use crate::lookup::{language_key, scheme_of};
use crate::record::Statement;
use crate::text::{is_name, is_version, one_line};

const MAX_NOTE: usize = 120;
/// Events of one package; the most of a real one are some hundred.
const MAX_EVENTS: usize = 1000;
/// Events times listed versions, which are compared with each other; real ones stay below ten thousand.
const MAX_COMPARED: usize = 2_000_000;
/// Versions listed of one package; real lists have some thousand.
const MAX_VERSIONS: usize = 200_000;

/// The parts of a statement before its versions are evaluated.
pub(super) struct Draft {
    place: Place,
    name: String,
    /// RPM modules and streams; the packages of each are meant.
    modules: Vec<String>,
    /// The one architecture that the entry is about.
    arch: Option<String>,
    events: Vec<Vec<OsvEvent>>,
    versions: Vec<String>,
    /// The vendor's rating of this very package.
    vendor: Option<Severity>,
    note: Option<String>,
    informational: bool,
}

impl Draft {
    /// `None` for a statement about commits only or about a source RPM; the flag tells of events of unknown kinds.
    pub(super) fn of(
        affected: OsvAffected<'_>,
        place: Place,
        osv: &OsvRecord<'_>,
    ) -> Result<Option<(Self, bool)>, String> {
        let Some(package) = affected.package else { return Ok(None) };
        if !is_name(&package.name) {
            return Err("it names a package that is no package name".into());
        }
        let versions: Vec<String> =
            affected.versions.into_iter().filter(|version| is_version(version)).collect();
        let ranges = affected.ranges.into_iter().filter(|range| range.kind != "GIT");
        let mut events: Vec<Vec<OsvEvent>> = ranges.map(|range| range.events).collect();
        let unknown = events.iter().flatten().any(OsvEvent::is_unknown);
        events.retain(|events| !events.is_empty());
        if events.is_empty() && versions.is_empty() {
            return Ok(None);
        }
        bounded(events.iter().map(Vec::len).sum(), versions.len())?;
        let mut arch = None;
        let mut modules = Vec::new();
        if place.ecosystem == model::Ecosystem::Rpm {
            arch = package.purl.as_deref().and_then(advisory::arch_of_purl).map(str::to_owned);
            if arch.as_deref() == Some("src") {
                return Ok(None);
            }
            if let Some(arch) = &arch {
                events.iter_mut().flatten().for_each(|event| drop_arch(event, arch));
            }
            if events.iter().flatten().any(|event| event.fixed.as_deref().is_some_and(is_modular)) {
                modules = osv.summary.as_deref().map(advisory::modules_of_summary).unwrap_or_default();
            }
        }
        let informational = affected.database_specific.informational.as_ref().and_then(|kind| kind.as_str());
        let reason = affected.ecosystem_specific.priority_reason.as_ref().and_then(|reason| reason.as_str());
        let priority = affected.ecosystem_specific.ubuntu_priority.as_ref().and_then(|word| word.as_str());
        let draft = Self {
            name: language_key(place.ecosystem, &package.name),
            place,
            modules,
            arch,
            events,
            versions,
            vendor: priority.and_then(Severity::of_rating),
            note: informational.or(reason).and_then(|note| one_line(note, MAX_NOTE)),
            informational: matches!(informational, Some("unmaintained" | "notice")),
        };
        Ok(Some((draft, unknown)))
    }

    fn events(&self) -> usize {
        self.events.iter().map(Vec::len).sum()
    }

    /// The statements: one, or one for each module; none if there is nothing to be said.
    fn statements(self, vendor: Option<Severity>) -> Vec<Statement> {
        let scheme = scheme_of(&self.place.namespace).or_else(|| self.place.order_of_bounds());
        let lists: Vec<&[OsvEvent]> = self.events.iter().map(Vec::as_slice).collect();
        let evaluated = evaluate(&lists, &self.versions, scheme);
        let mut versions = self.versions;
        if let (Some(scheme), true) = (scheme, self.place.is_distribution()) {
            let held = |version: &String| {
                evaluated.ranges.iter().any(|range| version::in_range(scheme, version, range) == Ok(true))
            };
            // Distributions list every version there was; what the ranges say too need not be kept.
            versions.retain(|version| !held(version));
        }
        if evaluated.ranges.is_empty() && versions.is_empty() {
            return Vec::new();
        }
        let mut statement = Statement::new(self.place.namespace, self.name, self.place.named);
        statement.arches = self.arch.filter(|arch| arch != "noarch").into_iter().collect();
        statement.ranges = evaluated.ranges;
        statement.versions = versions;
        statement.state = if evaluated.fix_version.is_some() { FixState::Fixed } else { FixState::Affected };
        statement.fix_version = evaluated.fix_version;
        statement.vendor = self.vendor.or(vendor);
        statement.note = self.note;
        if self.modules.is_empty() {
            return vec![statement];
        }
        let of_module = |module| Statement { module: Some(module), ..statement.clone() };
        self.modules.into_iter().map(of_module).collect()
    }
}

/// Refuses what would take long to evaluate: every event is compared with every other one and with the listed versions.
fn bounded(events: usize, versions: usize) -> Result<(), String> {
    if events <= MAX_EVENTS && versions <= MAX_VERSIONS && events.saturating_mul(versions) <= MAX_COMPARED {
        return Ok(());
    }
    Err(format!("it names {events} range ends and {versions} versions of one package, which is too many"))
}

fn drop_arch(event: &mut OsvEvent, arch: &str) {
    for version in [&mut event.introduced, &mut event.fixed, &mut event.last_affected].into_iter().flatten() {
        if let Some(bare) = version.strip_suffix(arch).and_then(|rest| rest.strip_suffix('.')) {
            *version = bare.to_owned();
        }
    }
}

/// What a record says of all packages. A distribution's entries for one package are one statement, since an advisory lists
/// a package once for each build.
#[derive(Default)]
pub(super) struct Drafts {
    drafts: Vec<Draft>,
    known: HashMap<(String, String, Vec<String>, Option<String>), usize>,
}

impl Drafts {
    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// An error is for an entry that would make what is known of its package too large.
    pub(super) fn add(&mut self, draft: Draft) -> Result<(), String> {
        if draft.place.is_distribution() {
            let key = (
                draft.place.namespace.to_string(),
                draft.name.clone(),
                draft.modules.clone(),
                draft.arch.clone(),
            );
            let next = self.drafts.len();
            let at = *self.known.entry(key).or_insert(next);
            if let Some(known) = self.drafts.get_mut(at) {
                bounded(known.events() + draft.events(), known.versions.len() + draft.versions.len())?;
                known.events.extend(draft.events);
                known.versions.extend(draft.versions);
                known.vendor = known.vendor.max(draft.vendor);
                return Ok(());
            }
        }
        self.drafts.push(draft);
        Ok(())
    }

    /// The rating of records that need no other: malicious packages, and RustSec's records about no flaw.
    pub(super) fn rating(&self, id: &str) -> Option<Severity> {
        if id.starts_with("MAL-") {
            return Some(Severity::URGENT);
        }
        let informational = !self.drafts.is_empty() && self.drafts.iter().all(|draft| draft.informational);
        informational.then_some(Severity::MINIMAL)
    }

    /// The statements, by family in order of appearance.
    pub(super) fn statements(self, osv: &OsvRecord<'_>, id: &str) -> ByFamily {
        let mut families: ByFamily = Vec::new();
        let vendor = self
            .drafts
            .iter()
            .any(|draft| draft.place.is_distribution())
            .then(|| advisory::vendor_rating(osv, id))
            .flatten();
        for draft in self.drafts {
            let (family, distribution) = (draft.place.family, draft.place.is_distribution());
            let made = draft.statements(vendor.filter(|_| distribution));
            match families.iter_mut().find(|(known, ..)| *known == family) {
                Some((.., statements)) => statements.extend(made),
                None if made.is_empty() => {}
                None => families.push((family, distribution, made)),
            }
        }
        families
    }
}
