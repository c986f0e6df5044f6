//! Which flaw a record is about.
//!
//! A record that names CVEs is about those. Else it is about the CVEs of the nearest ids that aliases lead to; else about those
//! that records of any ecosystem, each with one CVE, name for the nearest GitHub id; else about the smallest id of a
//! record among all that aliases lead to.

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
    /// The CVEs that records of one CVE name for GitHub's ids, whatever the ecosystem.
    anywhere: BTreeMap<String, BTreeSet<String>>,
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

impl Groups {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut groups = Self::default();
        for row in rows {
            let ids: Vec<&String> = std::iter::once(&row.id).chain(&row.aliases).collect();
            let cves: Vec<&&String> = ids.iter().filter(|id| is_cve(id)).collect();
            if let [cve] = cves.as_slice() {
                for id in ids.iter().filter(|id| id.starts_with("GHSA-")) {
                    groups.anywhere.entry((*id).clone()).or_default().insert((**cve).clone());
                }
            }
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
        let (named, seen) = links.nearest(&row.id, &links.cves);
        if !named.is_empty() {
            return named;
        }
        let (named, _) = links.nearest(&row.id, &self.anywhere);
        if !named.is_empty() {
            return named;
        }
        seen.into_iter().find(|id| links.records.contains(id)).into_iter().collect()
    }
}

impl Links {
    /// The CVEs of the nearest ids that have some, and all ids that were seen on the way.
    fn nearest(
        &self,
        start: &str,
        cves: &BTreeMap<String, BTreeSet<String>>,
    ) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut seen = BTreeSet::from([start.to_owned()]);
        let mut front = seen.clone();
        while !front.is_empty() {
            let named: BTreeSet<String> =
                front.iter().filter_map(|id| cves.get(id)).flatten().cloned().collect();
            if !named.is_empty() {
                return (named, seen);
            }
            let next = front.iter().filter_map(|id| self.neighbours.get(id)).flatten();
            front = next.filter(|id| !seen.contains(*id)).cloned().collect();
            seen.extend(front.iter().cloned());
        }
        (BTreeSet::new(), seen)
    }
}
