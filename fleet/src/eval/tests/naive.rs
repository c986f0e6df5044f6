//! Records as trees of values, made of plain records: what the API shows of them.

use std::collections::BTreeMap;

use model::{Confidence, ContainerState, Ecosystem, Finding, LifecycleStage};
use qql::Array;
use qql::fields::*;
use store::{ContainerRecord, ImageRecord};

use super::world::{PlainPackage, World};
use crate::eval::row::{Row, Value};

/// A value of its own.
#[derive(Clone, Debug)]
enum Held {
    Text(String),
    Number(i64),
    Flag(bool),
}

/// A record or an element.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    values: BTreeMap<FieldId, Vec<Held>>,
    elements: BTreeMap<Array, Vec<Node>>,
}

impl Row for Node {
    fn any_value(&self, field: FieldId, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        self.values.get(&field).into_iter().flatten().any(|value| {
            see(match value {
                Held::Text(text) => Value::Text(text),
                Held::Number(number) => Value::Number(*number),
                Held::Flag(flag) => Value::Flag(*flag),
            })
        })
    }

    fn any_element(&self, array: Array, see: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        self.elements.get(&array).into_iter().flatten().any(|node| see(node))
    }
}

impl Node {
    fn text(&mut self, field: FieldId, text: impl Into<String>) {
        self.values.entry(field).or_default().push(Held::Text(text.into()));
    }

    fn maybe(&mut self, field: FieldId, text: Option<impl Into<String>>) {
        text.into_iter().for_each(|text| self.text(field, text));
    }

    fn number(&mut self, field: FieldId, number: impl Into<i64>) {
        self.values.entry(field).or_default().push(Held::Number(number.into()));
    }

    fn flag(&mut self, field: FieldId, flag: bool) {
        self.values.entry(field).or_default().push(Held::Flag(flag));
    }

    fn element(&mut self, array: Array, node: Node) {
        self.elements.entry(array).or_default().push(node);
    }
}

/// A finding at a place: package, its finding, when it was found and when the package came, path, ordinal of the layer.
type At<'w> = (&'w PlainPackage, &'w Finding, (i64, i64), &'w str, Option<u32>);

impl World {
    pub(super) fn image_node(&self, number: usize) -> Node {
        let (record, inventory) = &self.images[number];
        let mut node = Node::default();
        let of = FieldId::Image;
        let facts = &record.document.facts;
        node.text(of(ImageField::Sha), record.id.0.to_hex());
        node.text(of(ImageField::ImageId), &record.id.0.to_hex()[..12]);
        node.text(of(ImageField::Uuid), record.uuid.to_string());
        facts.created.iter().for_each(|time| node.number(of(ImageField::Created), time.0));
        node.number(of(ImageField::LastScanned), record.last_scanned.0);
        node.maybe(
            of(ImageField::OperatingSystem),
            record.document.os_release.as_ref().map(|os| &os.display_name),
        );
        record.sources.iter().for_each(|source| node.text(of(ImageField::Source), source));
        let registries = record.registries.iter().map(ToString::to_string);
        registries.for_each(|uuid| node.text(of(ImageField::RegistryUuid), &uuid));
        record.tags.iter().for_each(|tag| node.text(of(ImageField::TagsName), tag));
        node.text(of(ImageField::Author), &facts.author);
        node.maybe(of(ImageField::Architecture), facts.architecture.as_ref());
        node.maybe(of(ImageField::DockerVersion), facts.docker_version.as_ref());
        node.number(of(ImageField::Size), facts.size as i64);
        record.document.users.iter().for_each(|user| node.text(of(ImageField::Users), user));
        if !facts.layers.is_empty() {
            node.number(
                of(ImageField::LayersCount),
                facts.layers.iter().flat_map(|layer| layer.diff_id).count() as i64,
            );
        }
        if !record.document.secrets.is_empty() {
            node.flag(of(ImageField::HasSecrets), true);
        }
        self.usage(&mut node, record);
        self.names(&mut node, record);
        let own = (record.created_at.0, record.last_scanned.0);
        let worst = self.content(&mut node, *inventory, own, record);
        node.maybe(of(ImageField::QdsSeverity), worst.map(|risk| crate::RiskBand::of(risk).as_str()));
        worst.iter().for_each(|risk| node.number(of(ImageField::MaxQdsScore), i64::from(*risk)));
        node
    }

    fn usage(&self, node: &mut Node, record: &ImageRecord) {
        let of = FieldId::Image;
        let mine = || self.containers.iter().filter(|container| container.image_uuid == Some(record.uuid));
        let count = mine().filter(|container| container.report.state != ContainerState::Deleted).count();
        node.number(of(ImageField::AssociatedContainersCount), count as i64);
        let mut latest: BTreeMap<&str, &ContainerRecord> = BTreeMap::new();
        for container in mine() {
            let known = latest.entry(&container.report.host.hostname).or_insert(container);
            let order = |record: &ContainerRecord| (record.report.observed_at, record.uuid);
            if order(known) < order(container) {
                *known = container;
            }
        }
        for container in latest.values() {
            let mut host = Node::default();
            host.text(FieldId::Host(HostField::Hostname), &container.report.host.hostname);
            host.maybe(FieldId::Host(HostField::IpAddress), container.report.host.ip_address.as_ref());
            node.element(Array::Hosts, host);
        }
        let last = latest.values().map(|container| container.report.observed_at.0).max();
        last.iter().for_each(|last| node.number(of(ImageField::LastUsedDate), *last));
    }

    fn names(&self, node: &mut Node, record: &ImageRecord) {
        let facts = &record.document.facts;
        for reference in &facts.references {
            if let Some(tag) = &reference.tag {
                let mut repo = Node::default();
                repo.text(FieldId::Repo(RepoField::Registry), &reference.registry);
                repo.text(FieldId::Repo(RepoField::Repository), &reference.repository);
                repo.text(FieldId::Repo(RepoField::Tag), tag);
                node.element(Array::Repo, repo);
            }
        }
        for layer in &facts.layers {
            let mut of = Node::default();
            of.maybe(FieldId::Layer(LayerField::Sha), layer.diff_id.map(|id| id.0.to_hex()));
            node.element(Array::Layers, of);
        }
        labels(node, &facts.labels);
        for secret in &record.document.secrets {
            let mut of = Node::default();
            of.text(FieldId::Secret(SecretField::Type), &secret.rule);
            of.number(FieldId::Secret(SecretField::StartLine), i64::from(secret.line));
            let severity =
                ["LOW", "LOW", "MEDIUM", "HIGH", "CRITICAL"][usize::from(secret.severity.get() - 1)];
            of.text(FieldId::Secret(SecretField::Severity), severity);
            node.element(Array::Secrets, of);
        }
    }

    pub(super) fn container_node(&self, number: usize) -> Node {
        let record = &self.containers[number];
        let report = &record.report;
        let mut node = Node::default();
        let of = FieldId::Container;
        node.text(of(ContainerField::State), report.state.as_str());
        node.maybe(of(ContainerField::ImageSha), report.image_id.map(|id| id.0.to_hex()));
        node.maybe(of(ContainerField::ImageUuid), record.image_uuid.map(|uuid| uuid.to_string()));
        node.maybe(of(ContainerField::ImageDigest), report.image_digest.map(|digest| digest.to_hex()));
        node.text(of(ContainerField::Sha), report.id.to_hex());
        report.privileged.iter().for_each(|flag| node.flag(of(ContainerField::Privileged), *flag));
        report.root.iter().for_each(|flag| node.flag(of(ContainerField::IsRoot), *flag));
        node.number(of(ContainerField::Created), report.created.0);
        node.text(of(ContainerField::Name), &report.name);
        report.arguments.iter().for_each(|text| node.text(of(ContainerField::Arguments), text));
        node.text(of(ContainerField::HostHostname), &report.host.hostname);
        node.maybe(of(ContainerField::HostIpAddress), report.host.ip_address.as_ref());
        node.text(of(ContainerField::HostUuid), record.host_uuid.to_string());
        node.maybe(of(ContainerField::Ipv4), report.ipv4.as_ref());
        for port in &report.ports {
            let mut of = Node::default();
            of.number(FieldId::Port(PortField::Port), port.port);
            port.host_port.iter().for_each(|number| of.number(FieldId::Port(PortField::HostPort), *number));
            of.text(FieldId::Port(PortField::Protocol), &port.protocol);
            of.maybe(FieldId::Port(PortField::HostIp), port.host_ip.as_ref());
            node.element(Array::PortMapping, of);
        }
        labels(&mut node, &report.labels);
        let image = self.images.iter().find(|(image, _)| Some(image.uuid) == record.image_uuid);
        node.flag(of(ContainerField::IsVulnPropagated), image.is_some());
        if let Some((image, inventory)) = image {
            node.number(of(ContainerField::LastScanned), image.last_scanned.0);
            image.document.users.iter().for_each(|user| node.text(of(ContainerField::Users), user));
            node.maybe(
                of(ContainerField::OperatingSystem),
                image.document.os_release.as_ref().map(|os| &os.display_name),
            );
            // a container has nothing of its image before that was known
            let own = (record.created_at.max(image.created_at).0, image.last_scanned.0);
            let worst = self.content(&mut node, *inventory, own, image);
            node.maybe(of(ContainerField::QdsSeverity), worst.map(|risk| crate::RiskBand::of(risk).as_str()));
        }
        node
    }

    /// Adds software and vulnerabilities; gives the highest detection score.
    fn content(&self, node: &mut Node, inventory: usize, own: (i64, i64), image: &ImageRecord) -> Option<u8> {
        let layers: Vec<String> = image
            .document
            .facts
            .layers
            .iter()
            .filter_map(|layer| layer.diff_id)
            .map(|id| id.0.to_hex())
            .collect();
        let mut groups: BTreeMap<u32, Vec<At<'_>>> = BTreeMap::new();
        for entry in &self.inventories[inventory] {
            let package = &self.packages[entry.package as usize];
            let judged = entry.owned_by.is_none();
            let came = image.since.iter().find(|(package, _)| *package == entry.package);
            let came = came.map_or(i64::MIN, |(_, clock)| clock.0);
            let found = package.judgement.findings.iter().zip(&package.first_found);
            let at: Vec<At<'_>> = found
                .filter(|_| judged)
                .map(|(finding, first)| {
                    (package, finding, (first.0.max(came), came), entry.path.as_str(), entry.layer)
                })
                .collect();
            at.iter().for_each(|at| groups.entry(at.1.vulnerability.qid).or_default().push(*at));
            if package.row.package.ecosystem != Ecosystem::Os {
                let fix = package.judgement.fix_version.as_deref().filter(|_| judged);
                let mut software = software(package, fix, &entry.path);
                if let (Some(lifecycle), Some(stage)) = (&package.judgement.lifecycle, package.stage) {
                    let of = FieldId::Software;
                    let word = if stage == LifecycleStage::Ga {
                        "GA"
                    } else if stage == LifecycleStage::Eol {
                        "EOL"
                    } else {
                        "EOS"
                    };
                    software.text(of(SoftwareField::LifecycleStage), word);
                    lifecycle
                        .eol
                        .iter()
                        .for_each(|time| software.number(of(SoftwareField::LifecycleEol), time.0));
                    lifecycle
                        .ga
                        .iter()
                        .for_each(|time| software.number(of(SoftwareField::LifecycleGa), time.0));
                }
                at.iter()
                    .for_each(|at| software.element(Array::Vulnerabilities, finding(&[*at], own, &layers)));
                node.element(Array::Softwares, software);
            }
        }
        let worst = groups.values().flatten().map(|at| at.1.risk).max();
        groups.values().for_each(|group| node.element(Array::Vulnerabilities, finding(group, own, &layers)));
        worst
    }
}

fn labels(node: &mut Node, labels: &[model::Label]) {
    for label in labels {
        let mut of = Node::default();
        of.text(FieldId::Label(LabelField::Key), &label.key);
        of.text(FieldId::Label(LabelField::Value), &label.value);
        node.element(Array::Label, of);
    }
}

fn software(package: &PlainPackage, fix: Option<&str>, path: &str) -> Node {
    let mut node = Node::default();
    let of = FieldId::Software;
    let what = &package.row.package;
    let arch = what.arch.as_deref().filter(|_| what.ecosystem == Ecosystem::Deb);
    node.text(
        of(SoftwareField::Name),
        arch.map_or(what.name.clone(), |arch| format!("{}:{arch}", what.name)),
    );
    node.text(of(SoftwareField::Version), &what.version);
    node.maybe(of(SoftwareField::FixVersion), fix);
    let is_system = what.ecosystem == Ecosystem::Deb;
    node.maybe(of(SoftwareField::PackagePath), Some(path).filter(|path| !is_system && !path.is_empty()));
    node.text(of(SoftwareField::ScanType), if is_system { "DYNAMIC" } else { "SCA" });
    node
}

fn finding(group: &[At<'_>], own: (i64, i64), layers: &[String]) -> Node {
    let mut node = Node::default();
    let of = FieldId::Finding;
    let worst = group.iter().max_by_key(|at| at.1.severity).unwrap().1;
    let what = &worst.vulnerability;
    node.number(of(FindingField::Qid), i64::from(what.qid));
    node.text(of(FindingField::Title), &what.title);
    node.number(of(FindingField::Severity), i64::from(worst.severity.get()));
    what.cves().for_each(|cve| node.text(of(FindingField::Cveids), cve));
    let sure = group.iter().any(|at| at.1.confidence == Confidence::Confirmed);
    node.text(of(FindingField::TypeDetected), if sure { "CONFIRMED" } else { "POTENTIAL" });
    let first = group.iter().map(|at| at.2.0).min().unwrap().max(own.0);
    let came = group.iter().map(|at| at.2.1).max().unwrap();
    let anew =
        group.iter().filter(|at| at.0.row.changed > at.0.row.created).map(|at| at.0.row.changed.0).max();
    node.number(of(FindingField::FirstFound), first);
    node.number(of(FindingField::LastFound), own.1.max(first).max(came).max(anew.unwrap_or(first)));
    what.published.iter().for_each(|time| node.number(of(FindingField::Published), time.0));
    let fixable = group.iter().any(|at| at.1.fix_version.is_some());
    node.flag(of(FindingField::PatchAvailable), fixable);
    let risk = group.iter().map(|at| at.1.risk).max().unwrap();
    node.number(of(FindingField::QdsScore), i64::from(risk));
    let base = what.cvss3.as_ref().map_or(0.0, |rating| rating.base);
    node.number(of(FindingField::Cvss3BaseScore), (f64::from(base) * 10.0).round() as i64 * 100);
    if what.known_exploited.is_some() {
        node.flag(of(FindingField::ActiveAttacks), true);
        if !fixable {
            node.flag(of(FindingField::ZeroDay), true);
        }
    }
    if !fixable {
        node.flag(of(FindingField::NoPatch), true);
    }
    for (package, finding, _, path, layer) in group {
        let ecosystem = package.row.package.ecosystem;
        node.text(of(FindingField::ScanType), if ecosystem == Ecosystem::Npm { "SCA" } else { "DYNAMIC" });
        if ecosystem != Ecosystem::Os {
            node.element(Array::AffectedSoftware, software(package, finding.fix_version.as_deref(), path));
            node.maybe(of(FindingField::LayerSha), layer.and_then(|layer| layers.get(layer as usize)));
        }
    }
    node
}
