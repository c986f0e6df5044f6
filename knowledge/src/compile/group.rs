//! Alias groups: which records speak of one flaw.
//!
//! Within one namespace family, a group is a CVE with every id that reaches it through aliases. The rules:
//!
//! 1. A record that names CVEs belongs to exactly those, whatever its other aliases reach.
//! 2. A record that names none belongs to the CVEs of the nearest ids that name some.
//! 3. A record that reaches none, but whose id records of other families give a CVE to, belongs to that one: GitHub's
//!    advisories are about one flaw wherever they are listed.
//! 4. What reaches no CVE forms a group with everything it is linked to (transitive closure); its main id is
//!    the smallest one that is a record of its own.
//!
//! 5. An id that is near to more than [`MAX_REACHED`] CVEs speaks of none of them.
//!
//! So two CVEs never become one group, even if a cycle of aliases joins them: a record between them is
//! listed under each. `related` and `upstream` are never followed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use model::NamespaceFamily;

use crate::record::Record;

/// CVEs that a record without any of its own can stand for. The largest real advisories name some hundred; without a
/// bound, an id that many records share would make the work grow with their square.
const MAX_REACHED: usize = 500;

/// A group before it is numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) family: NamespaceFamily,
    /// The CVE, else the smallest id.
    pub(crate) id: String,
    /// Every other id, sorted.
    pub(crate) aliases: Vec<String>,
    /// Indexes of its records, ascending.
    pub(crate) records: Vec<usize>,
}

/// Groups records; sorted by (family, id).
pub(crate) fn group(records: &[Record]) -> Vec<Group> {
    let mut families: BTreeMap<NamespaceFamily, Vec<usize>> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        families.entry(record.family).or_default().push(index);
    }
    let elsewhere = named_by_any(records);
    let mut groups = Vec::new();
    for (family, members) in families {
        groups.extend(Links::of(records, &members, &elsewhere).groups(family, records, &members));
    }
    groups
}

/// The CVEs that records of any family name for an id that is none.
fn named_by_any(records: &[Record]) -> HashMap<&str, BTreeSet<&str>> {
    let mut named: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for record in records {
        let ids = || std::iter::once(&record.id).chain(&record.aliases).map(String::as_str);
        let cves: Vec<&str> = ids().filter(|id| is_cve(id)).collect();
        // a record of several CVEs says that one of them is meant, and not which
        let [cve] = cves.as_slice() else { continue };
        for id in ids().filter(|id| id.starts_with("GHSA-")) {
            named.entry(id).or_default().insert(cve);
        }
    }
    named
}

/// The ids of one family that are not CVEs, the links between them, and the CVEs they name.
#[derive(Default)]
struct Links<'a> {
    numbers: HashMap<&'a str, usize>,
    ids: Vec<&'a str>,
    neighbours: Vec<Vec<usize>>,
    cves: Vec<BTreeSet<&'a str>>,
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

impl<'a> Links<'a> {
    fn of(records: &'a [Record], members: &[usize], elsewhere: &HashMap<&'a str, BTreeSet<&'a str>>) -> Self {
        let mut links = Self::default();
        for &member in members {
            let record = &records[member];
            let own = (!is_cve(&record.id)).then(|| links.number(&record.id));
            for alias in record.aliases.iter().filter(|alias| **alias != record.id) {
                match (own, is_cve(alias)) {
                    (Some(own), true) => {
                        links.cves[own].insert(alias);
                    }
                    (Some(own), false) => {
                        let alias = links.number(alias);
                        links.neighbours[own].push(alias);
                        links.neighbours[alias].push(own);
                    }
                    (None, false) => {
                        let alias = links.number(alias);
                        links.cves[alias].insert(&record.id);
                    }
                    // Two CVEs for one flaw: the publisher's error; each stays what it is.
                    (None, true) => {}
                }
            }
        }
        links.spread();
        if links.take_over(elsewhere) {
            links.spread();
        }
        links
    }

    /// Gives ids that have reached no CVE those that other families name; whether there were any.
    fn take_over(&mut self, elsewhere: &HashMap<&'a str, BTreeSet<&'a str>>) -> bool {
        let mut any = false;
        for (id, cves) in self.ids.iter().zip(&mut self.cves) {
            if let Some(named) = elsewhere.get(id).filter(|_| cves.is_empty()) {
                cves.extend(named);
                any = true;
            }
        }
        any
    }

    fn number(&mut self, id: &'a str) -> usize {
        let next = self.ids.len();
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.ids.push(id);
            self.neighbours.push(Vec::new());
            self.cves.push(BTreeSet::new());
        }
        number
    }

    /// Gives ids without a CVE those of their nearest neighbours, one step of distance at a time.
    fn spread(&mut self) {
        let mut unclear: HashSet<usize> = HashSet::new();
        let is_clear = |cves: &BTreeSet<&str>| (1..=MAX_REACHED).contains(&cves.len());
        let mut front: Vec<usize> = (0..self.ids.len()).filter(|&id| is_clear(&self.cves[id])).collect();
        while !front.is_empty() {
            let mut reached: BTreeMap<usize, BTreeSet<&'a str>> = BTreeMap::new();
            for &id in &front {
                for &neighbour in &self.neighbours[id] {
                    if self.cves[neighbour].is_empty() && !unclear.contains(&neighbour) {
                        let cves = reached.entry(neighbour).or_default();
                        if cves.len() <= MAX_REACHED {
                            cves.extend(self.cves[id].iter());
                        }
                    }
                }
            }
            front.clear();
            for (id, cves) in reached {
                if is_clear(&cves) {
                    self.cves[id] = cves;
                    front.push(id);
                } else {
                    unclear.insert(id);
                }
            }
        }
    }

    fn groups(&self, family: NamespaceFamily, records: &[Record], members: &[usize]) -> Vec<Group> {
        let components = self.components();
        let mut by_id: BTreeMap<&str, (BTreeSet<&str>, Vec<usize>)> = BTreeMap::new();
        let mut smallest: BTreeMap<usize, &str> = BTreeMap::new();
        for &member in members {
            if let Some(&number) = self.numbers.get(records[member].id.as_str()) {
                let id = records[member].id.as_str();
                let known = smallest.entry(components[number]).or_insert(id);
                *known = (*known).min(id);
            }
        }
        for &member in members {
            let id = records[member].id.as_str();
            let Some(&number) = self.numbers.get(id) else {
                by_id.entry(id).or_default().1.push(member);
                continue;
            };
            if self.cves[number].is_empty() {
                by_id.entry(smallest[&components[number]]).or_default().1.push(member);
            }
            // Records of one advisory can each be about another of its CVEs.
            let mut own =
                records[member].aliases.iter().map(String::as_str).filter(|id| is_cve(id)).peekable();
            let cves: BTreeSet<&str> = match own.peek() {
                Some(_) => own.collect(),
                None => self.cves[number].iter().copied().collect(),
            };
            for cve in cves {
                by_id.entry(cve).or_default().1.push(member);
            }
        }
        for (number, id) in self.ids.iter().enumerate() {
            let main: Vec<&str> = match self.cves[number].is_empty() {
                true => smallest.get(&components[number]).copied().into_iter().collect(),
                false => self.cves[number].iter().copied().collect(),
            };
            for main in main.into_iter().filter(|main| main != id) {
                if let Some((aliases, _)) = by_id.get_mut(main) {
                    aliases.insert(id);
                }
            }
        }
        by_id
            .into_iter()
            .map(|(id, (aliases, records))| Group {
                family,
                id: id.to_owned(),
                aliases: aliases.into_iter().map(str::to_owned).collect(),
                records,
            })
            .collect()
    }

    /// A representative for every id without a CVE, equal for linked ones.
    fn components(&self) -> Vec<usize> {
        let mut component: Vec<usize> = vec![usize::MAX; self.ids.len()];
        for start in 0..self.ids.len() {
            if component[start] != usize::MAX {
                continue;
            }
            let mut stack = vec![start];
            component[start] = start;
            while let Some(id) = stack.pop() {
                for &next in &self.neighbours[id] {
                    if component[next] == usize::MAX && self.cves[next].is_empty() == self.cves[id].is_empty()
                    {
                        component[next] = start;
                        stack.push(next);
                    }
                }
            }
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(records: &[(&str, &[&str])]) -> Vec<String> {
        let records: Vec<Record> = records
            .iter()
            .map(|(id, aliases)| {
                let mut record = Record::new(NamespaceFamily::Pypi, "osv", (*id).to_owned());
                record.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
                record
            })
            .collect();
        let show = |group: Group| format!("{} = {} {:?}", group.id, group.aliases.join(" "), group.records);
        group(&records).into_iter().map(show).collect()
    }

    #[test]
    fn a_cve_gathers_everything_that_reaches_it() {
        let found = groups(&[
            ("GHSA-1", &["CVE-2020-0001", "PYSEC-1"]),
            ("PYSEC-1", &["GHSA-1"]),
            ("PYSEC-2", &["PYSEC-1"]),
        ]);
        assert_eq!(found, ["CVE-2020-0001 = GHSA-1 PYSEC-1 PYSEC-2 [0, 1, 2]"]);
    }

    #[test]
    fn an_alias_cycle_between_two_cves_keeps_them_apart() {
        let found =
            groups(&[("GHSA-1", &["CVE-2020-0001", "GHSA-2"]), ("GHSA-2", &["CVE-2020-0002", "GHSA-1"])]);
        assert_eq!(found, ["CVE-2020-0001 = GHSA-1 [0]", "CVE-2020-0002 = GHSA-2 [1]"]);
        let native = groups(&[("CVE-2020-0001", &["CVE-2020-0002"]), ("CVE-2020-0002", &["CVE-2020-0001"])]);
        assert_eq!(native, ["CVE-2020-0001 =  [0]", "CVE-2020-0002 =  [1]"]);
    }

    #[test]
    fn a_record_with_two_cves_is_listed_under_each() {
        let found = groups(&[
            ("GHSA-269q", &["CVE-2021-21290", "CVE-2022-24823", "GHSA-5mcr"]),
            ("GHSA-5mcr", &["CVE-2021-21290"]),
        ]);
        assert_eq!(found, ["CVE-2021-21290 = GHSA-269q GHSA-5mcr [0, 1]", "CVE-2022-24823 = GHSA-269q [0]"]);
    }

    #[test]
    fn records_of_one_advisory_keep_to_the_cve_that_each_names() {
        let found = groups(&[
            ("RHSA-2024:1", &["CVE-2024-0001"]),
            ("RHSA-2024:1", &["CVE-2024-0002"]),
            ("CVE-2024-0002", &[]),
        ]);
        assert_eq!(found, ["CVE-2024-0001 = RHSA-2024:1 [0]", "CVE-2024-0002 = RHSA-2024:1 [1, 2]"]);
    }

    #[test]
    fn ids_without_a_cve_form_their_closure() {
        let found =
            groups(&[("MAL-2", &["SNYK-1"]), ("MAL-1", &["SNYK-1"]), ("GHSA-9", &[]), ("MAL-1", &["MAL-1"])]);
        assert_eq!(found, ["GHSA-9 =  [2]", "MAL-1 = MAL-2 SNYK-1 [0, 1, 3]"]);
    }

    #[test]
    fn another_familys_record_tells_which_cve_an_advisory_is_about() {
        let record = |family, id: &str, aliases: &[&str]| {
            let mut record = Record::new(family, "test", id.to_owned());
            record.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
            record
        };
        let found = group(&[
            record(NamespaceFamily::Wolfi, "GHSA-1", &[]),
            record(NamespaceFamily::Wolfi, "CVE-2020-0001", &[]),
            record(NamespaceFamily::Golang, "GO-1", &["CVE-2020-0001", "GHSA-1"]),
            record(NamespaceFamily::Wolfi, "GHSA-2", &[]),
            record(NamespaceFamily::Golang, "GO-2", &["CVE-2020-0002", "CVE-2020-0003", "GHSA-2"]),
        ]);
        let wolfi = found.iter().filter(|group| group.family == NamespaceFamily::Wolfi);
        let wolfi: Vec<_> = wolfi.map(|group| (group.id.as_str(), group.records.clone())).collect();
        assert_eq!(wolfi, [("CVE-2020-0001", vec![0, 1]), ("GHSA-2", vec![3])]);
    }

    #[test]
    fn an_id_that_is_near_to_very_many_cves_speaks_of_none_of_them() {
        let reached = |cves: usize| {
            let mut records: Vec<Record> = (0..cves)
                .map(|index| {
                    let mut record =
                        Record::new(NamespaceFamily::Pypi, "osv", format!("CVE-2020-{:05}", index + 10_000));
                    record.aliases.push("HUB-1".to_owned());
                    record.id = format!("PYSEC-{index}");
                    record.aliases.push(format!("CVE-2020-{:05}", index + 10_000));
                    record
                })
                .collect();
            let mut last = Record::new(NamespaceFamily::Pypi, "osv", "GHSA-1".to_owned());
            last.aliases.push("HUB-1".to_owned());
            records.push(last);
            let groups = group(&records);
            groups.iter().filter(|group| group.records.contains(&cves)).count()
        };
        assert_eq!(reached(MAX_REACHED), MAX_REACHED);
        assert_eq!(reached(MAX_REACHED + 1), 1, "a group of its own");
    }

    #[test]
    fn several_records_of_one_cve_are_one_group() {
        assert_eq!(
            groups(&[("CVE-2020-0001", &["XSA-1"]), ("CVE-2020-0001", &[]), ("XSA-1", &[])]),
            ["CVE-2020-0001 = XSA-1 [0, 1, 2]"]
        );
    }
}
