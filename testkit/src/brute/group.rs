//! Which flaw a record is about.
//!
//! A record that names CVEs is about those. Else it is about the CVEs of the nearest ids that aliases lead to; else about the
//! smallest id of a record among all that aliases lead to.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Row;

/// Aliases of one family: what each id that is no CVE is linked to, and the CVEs that it names.
#[derive(Debug, Default)]
struct Links {
    neighbours: BTreeMap<String, BTreeSet<String>>,
    cves: BTreeMap<String, BTreeSet<String>>,
    records: BTreeSet<String>,
}

/// All aliases.
#[derive(Debug, Default)]
pub(super) struct Groups {
    families: BTreeMap<&'static str, Links>,
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

impl Groups {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut groups = Self::default();
        for row in rows {
            let links = groups.families.entry(row.family()).or_default();
            links.records.insert(row.id.clone());
            for alias in row.aliases.iter().filter(|alias| **alias != row.id) {
                match (is_cve(&row.id), is_cve(alias)) {
                    (true, true) => {}
                    (false, false) => {
                        links.neighbours.entry(row.id.clone()).or_default().insert(alias.clone());
                        links.neighbours.entry(alias.clone()).or_default().insert(row.id.clone());
                    }
                    (true, false) => {
                        links.cves.entry(alias.clone()).or_default().insert(row.id.clone());
                    }
                    (false, true) => {
                        links.cves.entry(row.id.clone()).or_default().insert(alias.clone());
                    }
                }
            }
        }
        groups
    }

    /// The main ids of the flaws that a row is about.
    pub(super) fn main_ids(&self, row: &Row) -> BTreeSet<String> {
        if is_cve(&row.id) {
            return BTreeSet::from([row.id.clone()]);
        }
        let own: BTreeSet<String> = row.aliases.iter().filter(|alias| is_cve(alias)).cloned().collect();
        if !own.is_empty() {
            return own;
        }
        let Some(links) = self.families.get(row.family()) else { return BTreeSet::from([row.id.clone()]) };
        let mut seen = BTreeSet::from([row.id.clone()]);
        let mut front = seen.clone();
        while !front.is_empty() {
            let named: BTreeSet<String> =
                front.iter().filter_map(|id| links.cves.get(id)).flatten().cloned().collect();
            if !named.is_empty() {
                return named;
            }
            let next = front.iter().filter_map(|id| links.neighbours.get(id)).flatten();
            front = next.filter(|id| !seen.contains(*id)).cloned().collect();
            seen.extend(front.iter().cloned());
        }
        seen.into_iter().find(|id| links.records.contains(id)).into_iter().collect()
    }
}
