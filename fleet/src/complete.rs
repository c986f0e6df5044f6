//! Frequent values of fields, for whoever is typing a query.
//!
//! Only what the reader may see is looked at, and of a large fleet only a part of it, spread over all: the answer is help, not
//! a count. So the work is bounded, and nothing outside the scope shows in it.

use std::collections::HashMap;

use qql::{Entity, FieldId, Values};

use qql::fields::{
    ControllerField, FindingField, HostField, LabelField, PodLabelField, RepoDigestField, RepoField,
    SecretField, SoftwareField,
};

use crate::eval::{Key, Search, host_column};
use crate::facts::{Containers, Images};
use crate::table::{Bits, Dictionary, NONE};

/// Records that are looked at.
const SAMPLE: u64 = 50_000;
/// Inventories that are looked at.
const INVENTORIES: usize = 400;

/// Frequent values in the records of one kind.
pub(crate) struct Frequent<'f, 's> {
    search: &'f Search<'s>,
    entity: Entity,
}

impl<'f, 's> Frequent<'f, 's> {
    pub(crate) fn of(search: &'f Search<'s>, entity: Entity) -> Self {
        Self { search, entity }
    }
}

impl Values for Frequent<'_, '_> {
    fn frequent(&self, field: FieldId, prefix: &str, limit: usize) -> Vec<String> {
        let counts = self.search.counts(field, self.entity);
        let prefix = qql::fold(prefix);
        let mut found: Vec<(String, u64)> =
            counts.into_iter().filter(|(value, _)| qql::fold(value).starts_with(&prefix)).collect();
        found.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        found.into_iter().take(limit).map(|(value, _)| value).collect()
    }
}

impl Search<'_> {
    fn counts(&self, field: FieldId, entity: Entity) -> HashMap<String, u64> {
        match field {
            FieldId::Image(_) => self.of_column(field, &self.visible.images),
            FieldId::Container(_) => self.of_column(field, &self.visible.containers),
            FieldId::Host(field) => self.of_hosts(field),
            FieldId::Software(field) => self.of_software(field),
            FieldId::Finding(field) => self.of_findings(field),
            other => self.of_tuples(other, entity),
        }
    }

    fn of_column(&self, field: FieldId, visible: &Bits) -> HashMap<String, u64> {
        let tally = self.column(field).tally(false, &mut sample(visible).map(|position| (position, 1)));
        words(tally)
    }

    fn of_hosts(&self, field: HostField) -> HashMap<String, u64> {
        let hosts = &self.tenant.containers.host;
        let described =
            sample(&self.visible.containers).filter_map(|container| hosts.get(container).copied());
        let mut described = described.filter(|host| *host != NONE).map(|host| (host, 1));
        words(host_column(&self.tenant.hosts, field).tally(false, &mut described))
    }

    /// Members of tuples of images and of containers.
    fn of_tuples(&self, field: FieldId, entity: Entity) -> HashMap<String, u64> {
        let Images { references, labels, secrets, .. } = &self.tenant.images;
        let Containers { labels: container_labels, ports, details, .. } = &self.tenant.containers;
        let (images, containers) = (&*self.visible.images, &*self.visible.containers);
        let mut counts = HashMap::new();
        match field {
            FieldId::Repo(field) => {
                let (at, texts) = match field {
                    RepoField::Registry => (0, &references.registries),
                    RepoField::Repository => (1, &references.repositories),
                    RepoField::Tag => (2, &references.tags),
                };
                count(&mut counts, images, texts, |position| {
                    references.tuples.get(position).map(move |tuple| tuple[at])
                });
            }
            FieldId::RepoDigest(RepoDigestField::Registry) => {
                count(&mut counts, images, &references.registries, |position| {
                    references.tuples.get(position).map(|tuple| tuple[0])
                });
            }
            FieldId::RepoDigest(RepoDigestField::Repository) => {
                count(&mut counts, images, &references.repositories, |position| {
                    references.tuples.get(position).map(|tuple| tuple[1])
                });
            }
            FieldId::Label(field) => {
                let (labels, visible) = match entity {
                    Entity::Container => (container_labels, containers),
                    _ => (labels, images),
                };
                let (at, texts) = match field {
                    LabelField::Key => (0, &labels.keys),
                    LabelField::Value => (1, &labels.values),
                };
                count(&mut counts, visible, texts, |position| {
                    labels.tuples.get(position).map(move |tuple| tuple[at])
                });
            }
            FieldId::Secret(SecretField::Type) => {
                count(&mut counts, images, &secrets.rules, |position| {
                    secrets.tuples.get(position).map(|tuple| tuple[0])
                });
            }
            FieldId::Port(qql::fields::PortField::Protocol) => {
                count(&mut counts, containers, &ports.protocols, |position| {
                    ports.tuples.get(position).map(|tuple| tuple[2])
                });
            }
            FieldId::PodLabel(field) => {
                let labels = &details.pod_labels;
                let (at, texts) = match field {
                    PodLabelField::Key => (0, &labels.keys),
                    PodLabelField::Value => (1, &labels.values),
                };
                count(&mut counts, containers, texts, |position| {
                    let slot = details.of(position).into_iter();
                    slot.flat_map(move |slot| labels.tuples.get(slot)).map(move |tuple| tuple[at])
                });
            }
            FieldId::Controller(field) => {
                let of = &details.controllers;
                let (at, texts) = match field {
                    ControllerField::Name => (0, &of.names),
                    ControllerField::Type => (1, &of.kinds),
                    ControllerField::Uuid => (2, &of.uuids),
                };
                count(&mut counts, containers, texts, |position| {
                    let slot = details.of(position).into_iter();
                    slot.flat_map(move |slot| of.tuples.get(slot)).map(move |tuple| tuple[at])
                });
            }
            _ => {}
        }
        counts
    }

    /// Inventories of some visible images, or of the images of some visible containers where no image is visible.
    fn some_inventories(&self) -> Vec<u32> {
        let (images, containers) = (&self.tenant.images, &self.tenant.containers);
        let inventory =
            |image: u32| images.inventory.get(image).copied().filter(|inventory| *inventory != NONE);
        let of_container = |container| inventory(containers.inside.get(container).copied().unwrap_or(NONE));
        let take = |visible: &Bits| (visible.count() / INVENTORIES as u64).max(1) as usize;
        if self.visible.images.is_empty() {
            let visible = &self.visible.containers;
            return visible
                .iter()
                .step_by(take(visible))
                .take(INVENTORIES)
                .filter_map(of_container)
                .collect();
        }
        let visible = &self.visible.images;
        visible.iter().step_by(take(visible)).take(INVENTORIES).filter_map(inventory).collect()
    }

    fn of_software(&self, field: SoftwareField) -> HashMap<String, u64> {
        let (packages, inventories) = (self.content.packages, self.content.inventories);
        let tables = packages.tables();
        let mut counts: HashMap<u32, u64> = HashMap::new();
        let texts = match field {
            SoftwareField::Name => &tables.names,
            SoftwareField::Version | SoftwareField::FixVersion => &tables.versions,
            SoftwareField::PackagePath => inventories.items().paths(),
            _ => return HashMap::new(),
        };
        for (item, _) in
            self.some_inventories().into_iter().flat_map(|inventory| inventories.entries(inventory))
        {
            let Some(head) = packages.head(inventories.items().package(item)) else { continue };
            let is_system = head.ecosystem.is_os();
            let number = match field {
                SoftwareField::Name => head.name,
                SoftwareField::Version => head.version,
                SoftwareField::FixVersion if inventories.items().is_judged(item) => head.fix_version,
                SoftwareField::PackagePath if !is_system => inventories.items().path_number(item),
                _ => NONE,
            };
            if head.ecosystem != model::Ecosystem::Os {
                *counts.entry(number).or_default() += 1;
            }
        }
        named(counts, texts)
    }

    fn of_findings(&self, field: FindingField) -> HashMap<String, u64> {
        let (packages, inventories) = (self.content.packages, self.content.inventories);
        let vulnerabilities = packages.vulnerabilities();
        let mut counts: HashMap<String, u64> = HashMap::new();
        let items = inventories.items();
        for (item, _) in
            self.some_inventories().into_iter().flat_map(|inventory| inventories.entries(inventory))
        {
            if !items.is_judged(item) {
                continue;
            }
            for finding in packages.findings(items.package(item)) {
                let Some(row) = vulnerabilities.row(finding.vulnerability) else { continue };
                let mut add = |text: &str| *counts.entry(text.to_owned()).or_default() += 1;
                match field {
                    FindingField::Qid => add(&row.qid.to_string()),
                    FindingField::Title => add(vulnerabilities.titles().get(row.title).unwrap_or_default()),
                    FindingField::Category => add(row.family.label()),
                    FindingField::Cveids => {
                        let cves = vulnerabilities.lists().get(row.cves);
                        cves.filter_map(|cve| vulnerabilities.cves().get(cve)).for_each(add);
                    }
                    _ => return counts,
                }
            }
        }
        counts
    }
}

/// Some of a set, spread over it.
fn sample(visible: &Bits) -> impl Iterator<Item = u32> + '_ {
    visible.iter().step_by((visible.count() / SAMPLE).max(1) as usize)
}

fn words(tally: HashMap<Key, u64>) -> HashMap<String, u64> {
    let word = |(key, count)| match key {
        Key::Text(text) => Some((text, count)),
        Key::Number(number) => Some((number.to_string(), count)),
        Key::Flag(flag) => Some((flag.to_string(), count)),
        Key::Missing => None,
    };
    tally.into_iter().filter_map(word).collect()
}

fn count<I: Iterator<Item = u32>>(
    counts: &mut HashMap<String, u64>,
    visible: &Bits,
    texts: &Dictionary,
    of: impl Fn(u32) -> I,
) {
    let mut numbers: HashMap<u32, u64> = HashMap::new();
    sample(visible).flat_map(of).for_each(|number| *numbers.entry(number).or_default() += 1);
    for (text, count) in named(numbers, texts) {
        *counts.entry(text).or_default() += count;
    }
}

fn named(counts: HashMap<u32, u64>, texts: &Dictionary) -> HashMap<String, u64> {
    counts.into_iter().filter_map(|(number, count)| Some((texts.get(number)?.to_owned(), count))).collect()
}
