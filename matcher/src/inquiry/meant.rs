//! What a question means: which packages, and which vulnerabilities.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use knowledge::{Row, advisory_key, family_of, namespace_of};
use model::{Ecosystem, NamespaceFamily, Package};

use super::{Inquiry, Meant, Question};
use crate::{advisories, judge};

/// Whether the number is one that a vulnerability can have.
pub fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u32>().is_ok()
}

impl<'a> Inquiry<'a> {
    /// Every distinct package, the release last.
    pub(super) fn distinct(&self) -> Vec<&'a Package> {
        let mut known = HashSet::new();
        let all = self.seen.iter().map(|seen| seen.package).chain(self.release);
        all.filter(|package| known.insert(*package)).collect()
    }

    /// The packages that a name means: exactly, else without regard to case, else as the product that has a lifecycle.
    pub fn named(&self, ecosystem: Option<Ecosystem>, name: &str, version: Option<&str>) -> Vec<&'a Package> {
        let all: Vec<&Package> = self
            .distinct()
            .into_iter()
            .filter(|package| ecosystem.is_none_or(|wanted| wanted == package.ecosystem))
            .filter(|package| {
                version.is_none_or(|wanted| wanted == package.version || wanted == package.advisory_version())
            })
            .collect();
        let by = |is: &dyn Fn(&Package) -> bool| -> Vec<&'a Package> {
            all.iter().copied().filter(|package| is(package)).collect()
        };
        let exactly = by(&|package| package.name == name || package.advisory_name() == name);
        if !exactly.is_empty() {
            return exactly;
        }
        let alike = by(&|package| {
            let same_key = || {
                let other = Package::new(package.ecosystem, name, "");
                !package.ecosystem.is_os() && advisory_key(package) == advisory_key(&other)
            };
            package.name.eq_ignore_ascii_case(name)
                || package.advisory_name().eq_ignore_ascii_case(name)
                || same_key()
        });
        if !alike.is_empty() {
            return alike;
        }
        by(&|package| {
            let own = !package.ecosystem.is_os();
            let cycle = own.then(|| self.bundle.cycle_of(package)).flatten();
            cycle.is_some_and(|cycle| cycle.lifecycle.product.eq_ignore_ascii_case(name))
        })
    }

    /// Names inside that resemble `text`, the likeliest first, at most five.
    pub fn near(&self, text: &str) -> Vec<&'a str> {
        let text = text.to_ascii_lowercase();
        let mut near = BTreeSet::new();
        for package in self.distinct() {
            for name in [package.name.as_str(), package.advisory_name()] {
                let lower = name.to_ascii_lowercase();
                let part = text.len() >= 3 && lower.contains(&text);
                let distance = if part { lower.len() - text.len() } else { distance(&lower, &text) };
                if part || distance <= 2.min(text.len() / 3) {
                    near.insert((!part, distance, name));
                }
            }
        }
        near.into_iter().map(|(.., name)| name).take(5).collect()
    }

    /// The numbers that a question means, and which of them some package of the image has to do with.
    pub(super) fn numbers(&self, question: &Question) -> BTreeSet<u32> {
        match question {
            Question::Number(number) => BTreeSet::from([*number]),
            Question::Id(id) => self.numbers_of(id),
            Question::Package { .. } => BTreeSet::new(),
        }
    }

    /// The numbers of an id, as far as statements about packages of the image use it, or an end of life is called so.
    fn numbers_of(&self, id: &str) -> BTreeSet<u32> {
        let mut found = BTreeSet::new();
        let mut rest = BTreeSet::new();
        let upper = id.to_ascii_uppercase();
        for package in self.distinct() {
            let cycle = self.bundle.cycle_of(package).filter(|_| !package.ecosystem.is_os());
            if let Some(cycle) = cycle {
                let names = [package.name.as_str(), &cycle.lifecycle.product];
                let is_called =
                    |name: &&str| format!("EOL-{name}-{}", cycle.lifecycle.cycle).eq_ignore_ascii_case(id);
                found.extend(names.iter().any(is_called).then_some(cycle.qid));
            }
            let Some(namespace) = namespace_of(package) else { continue };
            let code = knowledge::qid::cve_code(family_of(&namespace), &upper);
            for row in self.rows(package) {
                for index in 0..row.len() {
                    let number = row.qid(index);
                    if code == Some(number) || row.statement(index).advisory().eq_ignore_ascii_case(id) {
                        found.insert(number);
                    } else {
                        rest.insert(number);
                    }
                }
            }
        }
        // Aliases are known to the vulnerabilities alone, so those are only looked at where nothing else tells.
        if found.is_empty() {
            found.extend(rest.into_iter().filter(|number| {
                self.bundle.vulnerability(*number).is_some_and(|known| {
                    known.id.eq_ignore_ascii_case(id)
                        || known.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
                })
            }));
        }
        found
    }

    /// The rows that speak of a package, or would but for its vendor.
    pub(super) fn rows(&self, package: &Package) -> Vec<Row<'a>> {
        let own = Package { vendor: None, ..package.clone() };
        let Some((subject, namespace)) = advisories::covered(&own, self.bundle) else { return Vec::new() };
        let places = subject.places(self.bundle, &namespace);
        places.all().iter().flatten().map(|place| place.row).collect()
    }

    /// Whether any of the numbers has to do with the package.
    pub(super) fn concerns(&self, package: &Package, numbers: &BTreeSet<u32>) -> bool {
        let speaks = |row: &Row<'_>| {
            numbers.iter().any(|number| crate::explain::statements_on(row, *number).next().is_some())
        };
        let ends = || {
            numbers.iter().any(|number| number >> 26 == NamespaceFamily::Lifecycle as u32)
                && !package.ecosystem.is_os()
                && self.bundle.cycle_of(package).is_some_and(|cycle| numbers.contains(&cycle.qid))
        };
        self.rows(package).iter().any(speaks) || ends()
    }

    /// The vulnerabilities of these numbers: those of the bundle, and the ends of life that packages have.
    pub(super) fn meant(&self, numbers: &BTreeSet<u32>) -> Vec<Meant> {
        let mut meant = BTreeMap::new();
        for number in numbers {
            if let Some(known) = self.bundle.vulnerability(*number) {
                meant.insert(*number, Meant::of(&known));
            }
        }
        for package in self.distinct() {
            let Some(cycle) = self.bundle.cycle_of(package).filter(|cycle| numbers.contains(&cycle.qid))
            else {
                continue;
            };
            let judgement = judge(package, self.bundle, self.now);
            let ended = judgement.findings.iter().find(|finding| finding.vulnerability.qid == cycle.qid);
            let lifecycle = &cycle.lifecycle;
            let named = || Meant {
                qid: cycle.qid,
                id: format!("EOL-{}-{}", lifecycle.product, lifecycle.cycle),
                aliases: Vec::new(),
                title: format!("the end of life of {} {}", lifecycle.product, lifecycle.cycle),
            };
            meant.insert(cycle.qid, ended.map_or_else(named, |finding| Meant::of(&finding.vulnerability)));
        }
        meant.into_values().collect()
    }
}

impl Meant {
    fn of(known: &model::Vulnerability) -> Self {
        let model::Vulnerability { qid, id, aliases, title, .. } = known;
        Self { qid: *qid, id: id.clone(), aliases: aliases.clone(), title: title.clone() }
    }
}

/// How many letters have to be changed, put in or taken out (Levenshtein); texts of very unlike lengths are merely far apart.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 || a.len() > 100 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (number, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = number + 1;
        for (column, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_changed_put_in_and_taken_out_are_counted() {
        let cases = [("openssl", "openssl", 0), ("opensl", "openssl", 1), ("bahs", "bash", 2), ("", "ab", 2)];
        for (a, b, expected) in cases {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
        assert_eq!(distance("curl", "libcurl4"), usize::MAX);
    }
}
