//! Numbers of images and containers by something that they have.

use std::collections::HashMap;

use qql::FieldId;
use qql::fields::FieldType;

use super::Weights;
use super::content::{Count, Subject, count};
use crate::eval::{Key, Search};
use crate::table::{Bits, NONE};

/// What records are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A field of images or of containers; times by day.
    Field(FieldId),
    /// The severities of their vulnerabilities: a record counts for each that it has.
    Severity,
    /// The names of their software.
    Package,
    /// Name and version of their software.
    PackageVersion,
    /// The qids of their vulnerabilities.
    Vulnerability,
    /// The CVE ids of their vulnerabilities.
    Cve,
    /// Registry and repository where images are tagged.
    Repository,
}

/// Records that have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) key: Key,
    /// Of [`By::PackageVersion`].
    pub(crate) version: Option<String>,
    pub(crate) images: u64,
    pub(crate) containers: u64,
}

/// The largest groups, and what all come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Groups {
    /// The largest, by images, then containers, then key.
    pub(crate) top: Vec<Group>,
    /// How many groups there are.
    pub(crate) count: usize,
    /// Images that were counted, each once.
    pub(crate) images: u64,
    /// Containers that were counted, each once.
    pub(crate) containers: u64,
}

/// Counts some images and containers, and gives the `top` largest groups.
///
/// A container counts for what its image has, also where the image is not among those counted. By a field of
/// containers the images are those of the containers counted.
pub(crate) fn group(search: &Search<'_>, by: By, images: &Bits, containers: &Bits, top: usize) -> Groups {
    let mut groups = match by {
        By::Field(field @ FieldId::Container(_)) => by_container(search, field, images, containers),
        By::Field(field) => by_image(search, field, images, containers),
        By::Repository => by_repository(search, images, containers),
        By::Severity | By::Package | By::PackageVersion | By::Vulnerability | By::Cve => {
            by_content(search, by, &Weights::of(search, images, containers))
        }
    };
    let count = groups.len();
    let order = |a: &Group, b: &Group| {
        let size = |group: &Group| (group.images, group.containers);
        size(b).cmp(&size(a)).then_with(|| (&a.key, &a.version).cmp(&(&b.key, &b.version)))
    };
    if top < count && top > 0 {
        groups.select_nth_unstable_by(top - 1, order);
    }
    groups.truncate(top);
    groups.sort_unstable_by(order);
    Groups { top: groups, count, images: images.count(), containers: containers.count() }
}

fn is_date(field: FieldId) -> bool {
    field.field().kind == FieldType::Date
}

fn joined(images: HashMap<Key, u64>, containers: HashMap<Key, u64>) -> Vec<Group> {
    let mut counts: HashMap<Key, Count> = HashMap::with_capacity(images.len());
    images.into_iter().for_each(|(key, images)| counts.entry(key).or_default().images += images);
    containers
        .into_iter()
        .for_each(|(key, containers)| counts.entry(key).or_default().containers += containers);
    let group =
        |(key, Count { images, containers }): (Key, Count)| Group { key, version: None, images, containers };
    counts.into_iter().map(group).collect()
}

fn by_image(search: &Search<'_>, field: FieldId, images: &Bits, containers: &Bits) -> Vec<Group> {
    let (column, by_day) = (search.column(field), is_date(field));
    let of_images = column.tally(by_day, &mut images.iter().map(|image| (image, 1)));
    let weights = Weights::of(search, images, containers);
    let mut running = (0..).zip(&weights.of_image).filter(|(_, count)| **count > 0);
    let of_containers =
        column.tally(by_day, &mut running.by_ref().map(|(image, count)| (image, u64::from(*count))));
    joined(of_images, of_containers)
}

fn by_container(search: &Search<'_>, field: FieldId, images: &Bits, containers: &Bits) -> Vec<Group> {
    let (column, by_day) = (search.column(field), is_date(field));
    let of_containers = column.tally(by_day, &mut containers.iter().map(|container| (container, 1)));
    // each pair of a value and an image once
    let mut numbers: HashMap<Key, u32> = HashMap::new();
    let mut pairs: Vec<u64> = Vec::new();
    for container in containers.iter() {
        let image = search.tenant.containers.image.get(container).copied().unwrap_or(NONE);
        if !images.contains(image) {
            continue;
        }
        for key in column.keys(container, by_day) {
            let next = numbers.len() as u32;
            let number = *numbers.entry(key).or_insert(next);
            pairs.push(u64::from(number) << 32 | u64::from(image));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = vec![0_u64; numbers.len()];
    pairs.iter().for_each(|pair| counts[(pair >> 32) as usize] += 1);
    joined(numbers.into_iter().map(|(key, number)| (key, counts[number as usize])).collect(), of_containers)
}

fn by_repository(search: &Search<'_>, images: &Bits, containers: &Bits) -> Vec<Group> {
    let names = &search.tenant.images.references;
    let weights = Weights::of(search, images, containers);
    let mut by_list: HashMap<u32, Count> = HashMap::new();
    for (image, list) in (0..).zip(names.tuples.numbers.iter()) {
        let running = weights.of_image.get(image as usize).copied().unwrap_or(0);
        let is_counted = images.contains(image);
        if is_counted || running > 0 {
            let count = Count { images: u64::from(is_counted), containers: u64::from(running) };
            by_list.entry(*list).or_default().add(count);
        }
    }
    let mut counts: HashMap<Option<(u32, u32)>, Count> = HashMap::new();
    for (list, count) in by_list {
        let tagged = names.tuples.tuples(list).filter(|[_, _, tag, _]| *tag != NONE);
        let mut repositories: Vec<_> =
            tagged.map(|[registry, repository, ..]| Some((registry, repository))).collect();
        repositories.sort_unstable();
        repositories.dedup();
        if repositories.is_empty() {
            repositories.push(None);
        }
        repositories.into_iter().for_each(|repository| counts.entry(repository).or_default().add(count));
    }
    let name = |of: Option<(u32, u32)>| {
        let Some((registry, repository)) = of else { return Key::Missing };
        let registry = names.registries.get(registry).unwrap_or_default();
        Key::Text(format!("{registry}/{}", names.repositories.get(repository).unwrap_or_default()))
    };
    let group =
        |(of, Count { images, containers })| Group { key: name(of), version: None, images, containers };
    counts.into_iter().map(group).collect()
}

fn by_content(search: &Search<'_>, by: By, weights: &Weights) -> Vec<Group> {
    let content = search.content;
    let tables = content.packages.tables();
    let vulnerabilities = content.packages.vulnerabilities();
    let row = |vulnerability: u32| vulnerabilities.row(vulnerability);
    let group = |key: Key, count: &Count| Group {
        key,
        version: None,
        images: count.images,
        containers: count.containers,
    };
    let some = |counts: &[Count], key: &dyn Fn(u32) -> Key| -> Vec<Group> {
        let counts = (0_u32..).zip(counts).filter(|(_, count)| **count != Count::default());
        counts.map(|(number, count)| group(key(number), count)).collect()
    };
    match by {
        By::Severity => some(&by_severity(search, weights), &|severity| Key::Number(i64::from(severity))),
        By::Package => {
            let mut of_package = vec![NONE; content.packages.end() as usize];
            for (package, head, _) in content.packages.rows().filter(|(_, head, _)| is_software(head)) {
                of_package[package as usize] = head.name;
            }
            let names = Subject::of_packages(content, &of_package);
            let counts = count(content, weights, &names, tables.names.len() as usize);
            some(&counts, &|name| Key::Text(tables.names.get(name).unwrap_or_default().to_owned()))
        }
        By::PackageVersion => by_version(search, weights),
        By::Cve => {
            let lists = vulnerabilities.lists();
            let subject = Subject::of_findings(content, |finding, numbers| {
                numbers.extend(row(finding.vulnerability).into_iter().flat_map(|row| lists.get(row.cves)));
            });
            let cves = vulnerabilities.cves();
            let counts = count(content, weights, &subject, cves.len() as usize);
            some(&counts, &|cve| Key::Text(cves.get(cve).unwrap_or_default().to_owned()))
        }
        _ => {
            let counts = by_group(search, weights);
            some(&counts, &|group| Key::Number(row(group).map_or(0, |row| i64::from(row.qid))))
        }
    }
}

fn is_software(head: &crate::facts::PackageHead) -> bool {
    head.ecosystem != model::Ecosystem::Os
}

/// Records by the number of the group of vulnerabilities, which stands for a qid.
pub(super) fn by_group(search: &Search<'_>, weights: &Weights) -> Vec<Count> {
    let vulnerabilities = search.content.packages.vulnerabilities();
    let groups: Vec<u32> = vulnerabilities.rows().map(|row| row.group).collect();
    let subject = Subject::of_findings(search.content, |finding, numbers| {
        numbers.extend(groups.get(finding.vulnerability as usize));
    });
    count(search.content, weights, &subject, groups.len())
}

fn by_severity(search: &Search<'_>, weights: &Weights) -> [Count; 6] {
    let mut counts = [Count::default(); 6];
    for inventory in weights.used() {
        let derived = search.content.inventories.derived(inventory);
        let of = Count {
            images: u64::from(weights.images[inventory as usize]),
            containers: u64::from(weights.containers[inventory as usize]),
        };
        for severity in (1..=5).filter(|severity| derived.counts.get(*severity) > 0) {
            counts[usize::from(severity)].add(of);
        }
    }
    counts
}

fn by_version(search: &Search<'_>, weights: &Weights) -> Vec<Group> {
    let content = search.content;
    let tables = content.packages.tables();
    let mut numbers: HashMap<(u32, u32), u32> = HashMap::new();
    let mut named = Vec::new();
    let mut of_package = vec![NONE; content.packages.end() as usize];
    for (package, head, _) in content.packages.rows().filter(|(_, head, _)| is_software(head)) {
        let pair = (head.name, head.version);
        of_package[package as usize] = *numbers.entry(pair).or_insert_with(|| {
            named.push(pair);
            named.len() as u32 - 1
        });
    }
    let counts = count(content, weights, &Subject::of_packages(content, &of_package), named.len());
    let counted = named.into_iter().zip(counts).filter(|(_, count)| *count != Count::default());
    let group = |((name, version), Count { images, containers }): ((u32, u32), Count)| Group {
        key: Key::Text(tables.names.get(name).unwrap_or_default().to_owned()),
        version: tables.versions.get(version).map(str::to_owned),
        images,
        containers,
    };
    counted.map(group).collect()
}
