//! Well-known libraries by their classes, where no metadata in an archive names them: jars that were renamed and stripped,
//! or shaded together without their poms.
//!
//! The decision a reader may doubt: a class is told by the CRC-32 and the size that the zip directory states, so that
//! no class is inflated, and an archive of thirty thousand costs as many look-ups. A version is told if all of its classes in
//! the table are there: its largest, and those that fixes of vulnerabilities change, so that a release between two known
//! ones is not taken for either. What that cannot see are classes that were compiled anew, and
//! relocated ones, in which the name of a package was changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use model::Ecosystem;

use crate::facts::Found;

/// Written by `cargo xtask class-digests FOLDER`; lines of artifact, version and digests.
const TABLE: &str = include_str!("known-classes.txt");

/// Classes of one library that an archive must hold to be noted at all.
const LEAST: usize = 3;

struct Version {
    name: &'static str,
    version: &'static str,
    classes: usize,
}

struct Table {
    versions: Vec<Version>,
    /// CRC-32 and size of a class, and the versions that hold it.
    classes: HashMap<(u32, u32), Vec<usize>>,
}

static KNOWN: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { versions: Vec::new(), classes: HashMap::new() };
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else { continue };
        let classes: Vec<(u32, u32)> = words.filter_map(digest).collect();
        for class in &classes {
            table.classes.entry(*class).or_default().push(table.versions.len());
        }
        table.versions.push(Version { name, version, classes: classes.len() });
    }
    table
});

/// Eight digits of CRC-32, and the size.
fn digest(word: &str) -> Option<(u32, u32)> {
    let (crc, size) = word.split_at_checked(8)?;
    Some((u32::from_str_radix(crc, 16).ok()?, u32::from_str_radix(size, 16).ok()?))
}

/// How many classes of each known version an archive holds.
#[derive(Debug, Default)]
pub(super) struct Classes {
    hits: BTreeMap<usize, usize>,
}

impl Classes {
    /// Counts a member of the archive by its CRC-32 and size, if it is a known class.
    pub(super) fn add(&mut self, crc: u32, size: u64) {
        let Ok(size) = u32::try_from(size) else { return };
        for version in KNOWN.classes.get(&(crc, size)).into_iter().flatten() {
            *self.hits.entry(*version).or_default() += 1;
        }
    }

    /// Adds to what the metadata named what the classes tell beyond it. For an archive of which neither tells anything
    /// gives a note for each library whose version is none of those known.
    pub(super) fn complete(&self, named: &mut Vec<Found>) -> Vec<String> {
        let mut by_name: BTreeMap<&str, Vec<(usize, &Version)>> = BTreeMap::new();
        for (version, hits) in &self.hits {
            let version = &KNOWN.versions[*version];
            by_name.entry(version.name).or_default().push((*hits, version));
        }
        let mut notes = Vec::new();
        let is_named = !named.is_empty();
        for (name, mut versions) in by_name {
            let artifact = name.split(':').next_back().unwrap_or_default();
            let known = named.iter_mut().find(|found| found.name.split(':').next_back() == Some(artifact));
            versions.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
            let (hits, best) = versions[0];
            let is_even = versions.get(1).is_some_and(|(second, _)| *second == hits);
            let is_sure = hits == best.classes;
            match known {
                // a name alone does not say whose it is
                Some(found) if found.name == artifact && is_sure => name.clone_into(&mut found.name),
                Some(_) => {}
                None if is_sure && !is_even => {
                    named.push(Found::language(Ecosystem::Maven, name, best.version));
                }
                None if hits >= LEAST && !is_named => {
                    notes.push(format!("holds classes of {name}, of a version that cannot be told"));
                }
                None => {}
            }
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests that the table has for a version.
    fn classes_of(name: &str, version: &str) -> Vec<(u32, u32)> {
        let line = TABLE.lines().find(|line| line.starts_with(&format!("{name} {version} "))).unwrap();
        line.split(' ').skip(2).map(|word| digest(word).unwrap()).collect()
    }

    fn told(classes: &[(u32, u32)], named: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let mut seen = Classes::default();
        classes.iter().for_each(|(crc, size)| seen.add(*crc, u64::from(*size)));
        let mut named =
            named.iter().map(|(name, version)| Found::language(Ecosystem::Maven, *name, *version)).collect();
        let notes = seen.complete(&mut named);
        (named.into_iter().map(|found| format!("{} {}", found.name, found.version)).collect(), notes)
    }

    const LOG4J: &str = "org.apache.logging.log4j:log4j-core";

    #[test]
    fn a_library_is_told_by_its_classes_where_nothing_names_it() {
        let classes = classes_of(LOG4J, "2.14.1");
        assert_eq!(told(&classes, &[]), (vec![format!("{LOG4J} 2.14.1")], vec![]));
        assert_eq!(told(&classes, &[("a:b", "1")]).0, ["a:b 1".to_owned(), format!("{LOG4J} 2.14.1")]);
        assert_eq!(
            told(&classes, &[("org.apache.logging.log4j:log4j-core", "2.0")]).0,
            [format!("{LOG4J} 2.0")]
        );
        assert_eq!(told(&classes, &[("log4j-core", "2.14.1")]).0, [format!("{LOG4J} 2.14.1")]);
    }

    #[test]
    fn few_classes_of_a_library_are_noted_and_fewer_prove_nothing() {
        let classes = classes_of(LOG4J, "2.14.1");
        let (found, notes) = told(&classes[..8], &[]);
        assert!(found.is_empty());
        assert_eq!(notes, [format!("holds classes of {LOG4J}, of a version that cannot be told")]);
        assert_eq!(told(&classes[..2], &[]), (vec![], vec![]));
        assert!(told(&classes[..8], &[("a:b", "1")]).1.is_empty());
    }

    #[test]
    fn the_table_tells_every_version_from_every_other() {
        for version in &KNOWN.versions {
            let (found, notes) = told(&classes_of(version.name, version.version), &[]);
            assert_eq!(found, [format!("{} {}", version.name, version.version)]);
            assert!(notes.is_empty());
        }
        assert!(KNOWN.versions.len() >= 40);
    }
}
