//! The software and vulnerabilities of one record, to be asked one by one.

use std::collections::BTreeMap;

use model::Confidence;
use qql::fields::{FieldId, FindingField, SoftwareField};
use qql::{Array, Condition};

use super::software::{Place, lifecycle_date};
use super::{Content, Own, groups};
use crate::eval::column::{shown as hex, time};
use crate::eval::evidence::{self, Line};
use crate::eval::row::{Row, Value, holds};
use crate::eval::shown;
use crate::facts::{FindingRow, Since, Tenant, VulnerabilityRow};
use crate::table::NONE;

/// What a record holds.
pub(crate) struct PlainRecord<'c> {
    content: Content<'c>,
    own: Own,
    /// The packages that came to the image later.
    since: Since<'c>,
    /// The diff-ids of its layers as numbers of the tenant's digests, the lowest first.
    layers: Vec<u32>,
    tenant: &'c Tenant,
    /// In the order of software lists, each with its item and the ordinal of its layer.
    places: Vec<(Place<'c>, u32, Option<u32>)>,
}

/// A finding of a record at one of its places, by number.
type Affected<'c> = (usize, &'c FindingRow);

/// One vulnerability of a record.
pub(super) struct PlainFinding<'r> {
    record: &'r PlainRecord<'r>,
    affected: Vec<Affected<'r>>,
}

/// One piece of software of a record.
pub(super) struct PlainSoftware<'r> {
    record: &'r PlainRecord<'r>,
    place: usize,
    /// The version that helps here.
    fix: u32,
    /// It is shown as the software of a vulnerability.
    is_affected: bool,
}

impl<'c> PlainRecord<'c> {
    /// What an image holds, for a record with such times of its own.
    pub(crate) fn of_image(content: Content<'c>, tenant: &'c Tenant, image: u32, own: Own) -> Self {
        let inventory = tenant.images.inventory.get(image).copied().unwrap_or(NONE);
        let layers = tenant.images.layers.get(image).map(|[layer]| layer).collect();
        let entries = content.inventories.entries(inventory);
        let places = entries.filter_map(|(item, layer)| Some((content.place(item)?, item, layer))).collect();
        Self { content, own, since: tenant.images.since(image), layers, tenant, places }
    }

    /// Whether an element of an array satisfies a condition.
    pub(crate) fn any(&self, array: Array, condition: &Condition) -> bool {
        match array {
            Array::Vulnerabilities => self.all_findings().any(|finding| holds(condition, &finding)),
            Array::Softwares => self.all_software().any(|software| holds(condition, &software)),
            _ => false,
        }
    }

    /// Calls `see` for each piece of software as listed, or each vulnerability by qid, until it says that it has seen enough;
    /// whether it did.
    pub(crate) fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        match array {
            Array::Softwares => self.all_software().any(|software| see(&software)),
            Array::Vulnerabilities => {
                let mut findings: Vec<PlainFinding<'_>> = self.all_findings().collect();
                findings.sort_by_key(PlainFinding::qid);
                findings.iter().any(|finding| see(finding))
            }
            _ => false,
        }
    }

    /// Its software, as listed.
    pub(super) fn all_software(&self) -> impl Iterator<Item = PlainSoftware<'_>> {
        (0..self.places.len()).filter(|place| self.is_software(*place)).map(|place| self.software(place))
    }

    /// Its vulnerabilities, in no certain order.
    pub(super) fn all_findings(&self) -> impl Iterator<Item = PlainFinding<'_>> {
        self.findings().into_values().map(|affected| PlainFinding { record: self, affected })
    }

    fn findings(&self) -> BTreeMap<u32, Vec<Affected<'_>>> {
        let vulnerabilities = self.content.packages.vulnerabilities();
        let mut groups: BTreeMap<u32, Vec<Affected<'_>>> = BTreeMap::new();
        for (index, (place, ..)) in self.places.iter().enumerate().filter(|(_, (place, ..))| place.is_judged)
        {
            for row in place.rows {
                groups.entry(groups::group_of(vulnerabilities, row)).or_default().push((index, row));
            }
        }
        groups
    }

    fn is_software(&self, place: usize) -> bool {
        shown::is_software(self.places[place].0.head.ecosystem)
    }

    fn software(&self, place: usize) -> PlainSoftware<'_> {
        let of = &self.places[place].0;
        let fix = if of.is_judged { of.head.fix_version } else { NONE };
        PlainSoftware { record: self, place, fix, is_affected: false }
    }
}

impl<'r> PlainFinding<'r> {
    /// The place whose finding the record shows: the worst, of several the last.
    fn worst(&self) -> &'r FindingRow {
        let mut worst = self.affected[0].1;
        for (_, row) in &self.affected {
            if row.severity >= worst.severity {
                worst = row;
            }
        }
        worst
    }

    fn row(&self) -> Option<&'r VulnerabilityRow> {
        self.record.content.packages.vulnerabilities().row(self.worst().vulnerability)
    }

    pub(super) fn qid(&self) -> u32 {
        self.row().map_or(0, |row| row.qid)
    }

    fn is_fixable(&self) -> bool {
        self.affected.iter().any(|(_, row)| row.has_fix())
    }

    fn first_found(&self) -> i64 {
        let found = self.affected.iter().map(|(place, row)| row.first_found.0.max(self.came(*place)));
        found.min().unwrap_or(i64::MIN).max(self.record.own.first_stored)
    }

    /// When a later report brought the package of a place.
    fn came(&self, place: usize) -> i64 {
        let package = self.record.places[place].0.package;
        self.record.since.of(package).unwrap_or(i64::MIN)
    }

    fn last_found(&self) -> i64 {
        let packages = self.record.content.packages;
        let entries = self
            .affected
            .iter()
            .filter_map(|(place, _)| packages.entry(self.record.places[*place].0.package));
        let rejudged =
            entries.filter(|entry| entry.changed > entry.created).map(|entry| entry.changed.0).max();
        let came = self.affected.iter().map(|(place, _)| self.came(*place)).max();
        self.first_found().max(self.record.own.latest).max(rejudged.max(came).unwrap_or(i64::MIN))
    }

    fn has_kind(&self, system: bool) -> bool {
        self.affected.iter().any(|(place, _)| {
            let ecosystem = self.record.places[*place].0.head.ecosystem;
            (!shown::is_software(ecosystem) || ecosystem.is_os()) == system
        })
    }

    fn evidence(&self) -> String {
        let record = self.record;
        let tables = record.content.packages.tables();
        let lines = self.affected.iter().filter_map(|(place, row)| {
            let (of, item, _) = &record.places[*place];
            let entry = record.content.packages.entry(of.package)?;
            let path = record.content.inventories.items().path(*item);
            Some(Line { entry, fix_version: tables.fix_version(row), path })
        });
        evidence::text(lines)
    }

    fn texts(
        &self,
        texts: &crate::table::Dictionary,
        list: u32,
        see: &mut dyn FnMut(Value<'_>) -> bool,
    ) -> bool {
        let lists = self.record.content.packages.vulnerabilities().lists();
        lists.get(list).any(|text| texts.get(text).is_some_and(|text| see(Value::Text(text))))
    }
}

impl Row for PlainFinding<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let (FieldId::Finding(field), Some(row)) = (field, self.row()) else { return false };
        let vulnerabilities = self.record.content.packages.vulnerabilities();
        let number = |value: i64| Some(Value::Number(value));
        let when = |holds: bool| holds.then_some(Value::Flag(true));
        let worst = self.worst();
        let one = match field {
            FindingField::Qid => number(i64::from(row.qid)),
            FindingField::Title => vulnerabilities.titles().get(row.title).map(Value::Text),
            FindingField::Severity => number(i64::from(worst.severity.get())),
            FindingField::Cveids => return self.texts(vulnerabilities.cves(), row.cves, see),
            FindingField::PublicExploitNames => {
                return self.texts(vulnerabilities.exploits(), row.exploits, see);
            }
            FindingField::TypeDetected => {
                let is_sure = self.affected.iter().any(|(_, row)| row.confidence == Confidence::Confirmed);
                Some(Value::Text(if is_sure { "CONFIRMED" } else { "POTENTIAL" }))
            }
            FindingField::FirstFound => time(self.first_found()).and_then(number),
            FindingField::LastFound => time(self.last_found()).and_then(number),
            FindingField::Published => row.published.and_then(|published| time(published.0)).and_then(number),
            FindingField::PatchAvailable => Some(Value::Flag(self.is_fixable())),
            FindingField::Risk | FindingField::QdsScore => {
                number(self.affected.iter().map(|(_, row)| i64::from(row.risk)).max().unwrap_or_default())
            }
            FindingField::Category => Some(Value::Text(row.family.label())),
            FindingField::DiscoveryType => Some(Value::Text("AUTHENTICATED")),
            FindingField::CvssBaseScore => number(shown::score(row.cvss2)),
            FindingField::Cvss3BaseScore => number(shown::score(row.cvss3)),
            FindingField::CvssAccessVector => {
                let rating = vulnerabilities.get(worst.vulnerability).and_then(|what| what.cvss2.as_ref());
                let vector = rating.map(|rating| rating.vector.as_str()).filter(|vector| !vector.is_empty());
                vector.map(Value::Text)
            }
            FindingField::ActiveAttacks => when(row.threats.active_attacks),
            FindingField::ZeroDay => when(row.threats.active_attacks && !self.is_fixable()),
            FindingField::PublicExploit => when(row.threats.public_exploit),
            FindingField::EasyExploit => when(row.threats.easy_exploit),
            FindingField::DenialOfService => when(row.threats.denial_of_service),
            FindingField::Ransomware => when(row.threats.ransomware),
            FindingField::NoPatch => when(!self.is_fixable()),
            FindingField::Result => return see(Value::Text(&self.evidence())),
            FindingField::ScanType => {
                return (self.has_kind(true) && see(Value::Text(shown::OS_SCAN)))
                    || (self.has_kind(false) && see(Value::Text(shown::LANGUAGE_SCAN)));
            }
            FindingField::LayerSha => {
                let record = self.record;
                return self.affected.iter().any(|(place, _)| {
                    let layer = record.places[*place].2.filter(|_| record.is_software(*place));
                    let layer = layer.and_then(|ordinal| record.layers.get(ordinal as usize));
                    let digest = layer.and_then(|layer| record.tenant.digests.get(*layer));
                    digest.is_some_and(|digest| see(Value::Text(hex(digest, false, &mut [0; 64]))))
                });
            }
            _ => None,
        };
        one.is_some_and(see)
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        array == Array::AffectedSoftware
            && self.affected.iter().any(|(place, row)| {
                let (record, fix) = (self.record, row.fix_version);
                record.is_software(*place)
                    && see(&PlainSoftware { record, place: *place, fix, is_affected: true })
            })
    }
}

impl Row for PlainSoftware<'_> {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        let FieldId::Software(field) = field else { return false };
        if self.is_affected && is_lifecycle(field) {
            return false;
        }
        let (place, item, _) = &self.record.places[self.place];
        software_value(self.record.content, place, *item, self.fix, field).is_some_and(see)
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        let place = &self.record.places[self.place].0;
        array == Array::Vulnerabilities
            && !self.is_affected
            && place.is_judged
            && place
                .rows
                .iter()
                .any(|row| see(&PlainFinding { record: self.record, affected: vec![(self.place, row)] }))
    }
}

/// Whether a field speaks of the life of a product, of which the software of a vulnerability shows nothing.
fn is_lifecycle(field: SoftwareField) -> bool {
    matches!(
        field,
        SoftwareField::LifecycleStage
            | SoftwareField::LifecycleEol
            | SoftwareField::LifecycleEos
            | SoftwareField::LifecycleGa
    )
}

/// A value of an item, of which `fix` is the version that helps.
pub(super) fn software_value<'c>(
    content: Content<'c>,
    place: &Place<'c>,
    item: u32,
    fix: u32,
    field: SoftwareField,
) -> Option<Value<'c>> {
    let (tables, head) = (content.packages.tables(), place.head);
    match field {
        SoftwareField::Name => tables.names.get(head.name).map(Value::Text),
        SoftwareField::Version => tables.versions.get(head.version).map(Value::Text),
        SoftwareField::FixVersion => tables.versions.get(fix).map(Value::Text),
        SoftwareField::PackagePath => {
            let path = content.inventories.items().path(item);
            (place.shows_path() && !path.is_empty()).then_some(Value::Text(path))
        }
        SoftwareField::ScanType => Some(Value::Text(shown::scan_type(head.ecosystem))),
        SoftwareField::LifecycleStage => {
            let stage = head.stage.filter(|_| head.lifecycle != NONE);
            stage.map(|stage| Value::Text(shown::stage(stage)))
        }
        SoftwareField::LifecycleEol | SoftwareField::LifecycleEos | SoftwareField::LifecycleGa => {
            let lifecycle = tables.lifecycles.get(head.lifecycle).filter(|_| head.stage.is_some());
            let date = lifecycle.and_then(|lifecycle| lifecycle_date(lifecycle, field));
            date.and_then(|date| time(date.0)).map(Value::Number)
        }
    }
}
