//! Vulnerability numbers: integers that are equal on every installation and never used twice.
//!
//! A vulnerability with a CVE has a reversible code, `family * 2^26 + (year - 1999) * 2^20 + number`, which
//! needs no bookkeeping. Everything else (GHSA, PYSEC, MAL, TEMP, and a CVE outside the code's reach) gets a
//! number in a block of its own: it starts at 26 bits of SHA-256 over `family|id` and takes the next free one;
//! the registry of these travels in the bundle.
//!
//! The decision a reader may doubt: the block is number 30, which no [`NamespaceFamily`] uses, and not block 0.
//! So a registry number can never equal a CVE-coded one, and never falls into the low millions that look
//! like the numbers of another vendor. End-of-life findings have no CVE either; they are registered in
//! their own family's block.

use std::collections::{BTreeMap, HashSet};

use model::NamespaceFamily;
use sha2::{Digest as _, Sha256};

use crate::error::KnowledgeError;

/// The block of numbers for vulnerabilities that have no code of their own.
pub const REGISTRY_BLOCK: u32 = 30;

const BLOCK_BITS: u32 = 26;
const BLOCK_SIZE: u32 = 1 << BLOCK_BITS;
const YEAR_BITS: u32 = 20;
const FIRST_YEAR: u32 = 1999;
const LAST_YEAR: u32 = FIRST_YEAR + 63;

/// The number of `id` in `family`, before collisions in the registry are resolved.
///
/// Exact for a CVE. For any other id it is where the search for a free number starts, which is the number
/// itself unless two ids collide; [`crate::Bundle`] holds the final ones.
pub fn qid(family: NamespaceFamily, id: &str) -> u32 {
    cve_code(family, id).unwrap_or_else(|| registry_start(family, id))
}

/// The reversible code of a CVE; `None` if `id` is not written in its canonical form, is outside the years
/// 1999 to 2062 or has a number of 1,048,576 or more.
pub fn cve_code(family: NamespaceFamily, id: &str) -> Option<u32> {
    let (year, number) = parse_cve(id)?;
    if !(FIRST_YEAR..=LAST_YEAR).contains(&year) || number >= 1 << YEAR_BITS {
        return None;
    }
    Some(((family as u32) << BLOCK_BITS) + ((year - FIRST_YEAR) << YEAR_BITS) + number)
}

/// The family number and CVE id of a code made by [`cve_code`]; `None` for registry numbers.
pub fn decode(qid: u32) -> Option<(u32, String)> {
    let block = qid >> BLOCK_BITS;
    if block == 0 || block == REGISTRY_BLOCK || block == NamespaceFamily::Lifecycle as u32 || block > 31 {
        return None;
    }
    let year = FIRST_YEAR + ((qid & (BLOCK_SIZE - 1)) >> YEAR_BITS);
    let number = qid & ((1 << YEAR_BITS) - 1);
    Some((block, format!("CVE-{year}-{number:04}")))
}

/// Year and number of a canonical CVE id: four digits of year, at least four of number, no padding beyond.
///
/// Anything else is refused, so that two spellings can never share a code.
pub fn parse_cve(id: &str) -> Option<(u32, u32)> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = number.len() > 4 && number.starts_with('0');
    if year.len() != 4 || !digits(year) || !(4..=9).contains(&number.len()) || !digits(number) || padded {
        return None;
    }
    Some((year.parse().ok()?, number.parse().ok()?))
}

fn registry_start(family: NamespaceFamily, id: &str) -> u32 {
    let digest = Sha256::digest(registry_key(family, id).as_bytes());
    let word = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    (registry_block(family) << BLOCK_BITS) + (word >> (32 - BLOCK_BITS))
}

fn registry_block(family: NamespaceFamily) -> u32 {
    match family {
        NamespaceFamily::Lifecycle => NamespaceFamily::Lifecycle as u32,
        _ => REGISTRY_BLOCK,
    }
}

fn registry_key(family: NamespaceFamily, id: &str) -> String {
    format!("{}|{id}", family_name(family))
}

/// The family's name in registry keys; part of the number, so it must never change.
fn family_name(family: NamespaceFamily) -> &'static str {
    match family {
        NamespaceFamily::Debian => "debian",
        NamespaceFamily::Ubuntu => "ubuntu",
        NamespaceFamily::Alpine => "alpine",
        NamespaceFamily::Rhel => "rhel",
        NamespaceFamily::Suse => "suse",
        NamespaceFamily::Amazon => "amazon",
        NamespaceFamily::Npm => "npm",
        NamespaceFamily::Pypi => "pypi",
        NamespaceFamily::Maven => "maven",
        NamespaceFamily::Golang => "golang",
        NamespaceFamily::Cargo => "cargo",
        NamespaceFamily::Gem => "gem",
        NamespaceFamily::Composer => "composer",
        NamespaceFamily::Nuget => "nuget",
        NamespaceFamily::Wolfi => "wolfi",
        NamespaceFamily::Oracle => "oracle",
        NamespaceFamily::Azure => "azure",
        NamespaceFamily::Bitnami => "bitnami",
        NamespaceFamily::Lifecycle => "lifecycle",
        NamespaceFamily::Fedora => "fedora",
        NamespaceFamily::Photon => "photon",
        NamespaceFamily::OpenEuler => "openeuler",
        NamespaceFamily::Hex => "hex",
        NamespaceFamily::Pub => "pub",
        NamespaceFamily::Swift => "swift",
        NamespaceFamily::Arch => "arch",
        NamespaceFamily::Other => "other",
    }
}

/// The append-only list of numbers that are not CVE codes.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    numbers: BTreeMap<String, u32>,
    taken: HashSet<u32>,
}

impl Registry {
    /// Takes over the numbers of an earlier bundle; they are kept whether still in use or not.
    pub(crate) fn carried_over(numbers: impl IntoIterator<Item = (String, u32)>) -> Self {
        let numbers: BTreeMap<String, u32> = numbers.into_iter().collect();
        let taken = numbers.values().copied().collect();
        Self { numbers, taken }
    }

    /// The number of a vulnerability; registers it if it has no code and is new.
    ///
    /// Callers ask in sorted order of ids, so that a fresh registry is the same on every installation.
    pub(crate) fn number(&mut self, family: NamespaceFamily, id: &str) -> Result<u32, KnowledgeError> {
        if family != NamespaceFamily::Lifecycle
            && let Some(code) = cve_code(family, id)
        {
            return Ok(code);
        }
        let key = registry_key(family, id);
        if let Some(&number) = self.numbers.get(&key) {
            return Ok(number);
        }
        let block = registry_block(family) << BLOCK_BITS;
        let start = registry_start(family, id) - block;
        let free = (0..BLOCK_SIZE)
            .map(|step| block + ((start + step) & (BLOCK_SIZE - 1)))
            .find(|number| !self.taken.contains(number))
            .ok_or_else(|| KnowledgeError::NumbersExhausted { key: key.clone() })?;
        self.taken.insert(free);
        self.numbers.insert(key, free);
        Ok(free)
    }

    /// All registered numbers in order of their keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers.iter().map(|(key, number)| (key.as_str(), *number))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cve_has_the_documented_code() {
        let debian = qid(NamespaceFamily::Debian, "CVE-2014-0160");
        assert_eq!(debian, (1 << 26) + (15 << 20) + 160);
        assert_eq!(decode(debian), Some((1, "CVE-2014-0160".into())));
        let last = qid(NamespaceFamily::Other, "CVE-2062-1048575");
        assert_eq!(last, i32::MAX as u32);
    }

    #[test]
    fn ids_outside_the_code_go_to_the_registry_block() {
        for id in [
            "GHSA-296w-6qhq-gf92",
            "CVE-1998-0001",
            "CVE-2063-0001",
            "CVE-2017-1048576",
            "CVE-2020-01234",
            "CVE-2020-123",
            "CVE-2020-1234-1",
            "CVE-2020-????",
            "TEMP-0000000-0CA7E3",
            "",
        ] {
            let number = qid(NamespaceFamily::Npm, id);
            assert_eq!(number >> 26, REGISTRY_BLOCK, "{id}");
            assert_eq!(decode(number), None);
        }
    }

    #[test]
    fn a_collision_takes_the_next_free_number_and_keeps_it() {
        let start = qid(NamespaceFamily::Npm, "MAL-2024-1");
        let mut registry = Registry::carried_over([("npm|OTHER-1".to_owned(), start)]);
        assert_eq!(registry.number(NamespaceFamily::Npm, "MAL-2024-1").unwrap(), start + 1);
        assert_eq!(registry.number(NamespaceFamily::Npm, "MAL-2024-1").unwrap(), start + 1);
        let entries = registry.entries().map(|(key, number)| (key.to_owned(), number)).collect::<Vec<_>>();
        let mut carried = Registry::carried_over(entries);
        assert_eq!(carried.number(NamespaceFamily::Npm, "OTHER-1").unwrap(), start);
        assert_eq!(carried.number(NamespaceFamily::Npm, "MAL-2024-1").unwrap(), start + 1);
    }

    #[test]
    fn lifecycle_numbers_stay_in_their_own_block() {
        let number = qid(NamespaceFamily::Lifecycle, "debian:10");
        assert_eq!(number >> 26, NamespaceFamily::Lifecycle as u32);
        assert_eq!(Registry::default().number(NamespaceFamily::Lifecycle, "debian:10").unwrap(), number);
    }

    proptest! {
        #[test]
        fn codes_are_reversible_and_never_meet_the_registry(year in 1999_u32..2063, number in 0_u32..1_048_576) {
            let id = format!("CVE-{year}-{number:04}");
            let code = cve_code(NamespaceFamily::Maven, &id).unwrap();
            prop_assert_eq!(decode(code), Some((9, id)));
            prop_assert_ne!(code >> 26, REGISTRY_BLOCK);
        }
    }
}
