//! What several sources say about CVEs, whatever the package, until it is joined into one view of each CVE.
//!
//! What it is for: a folder often holds one source twice: a yearly feed and the changes since, the catalogue of last
//! month and of today, a snapshot and its hourly deltas. Of each source the newest word counts, whatever order the files
//! are read in. What it is not for: preferring one source's rating to another's; see [`crate::rating`].
//!
//! The decision a reader may doubt: the catalogue of exploited vulnerabilities is replaced as a whole, because CISA also
//! takes entries out, while everything else is replaced CVE by CVE.

use std::collections::HashMap;

use model::Timestamp;
use model::advisory::{Epss, Exploit, KnownExploited};

use crate::qid::parse_cve;
use crate::record::CveFacts;

/// Who speaks about a CVE; where two say the same kind of thing, the first is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FactSource {
    /// The CVE record's own container. Only it can say that the CVE is rejected, if it is known.
    Cna,
    /// CISA's container in the CVE record.
    CisaAdp,
    Nvd,
    /// A list of exploits: what several of them say is put together.
    Exploits,
}

/// CISA's catalogue of known exploited vulnerabilities, in one version.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    /// Of the version; `None` is older than any other.
    pub(crate) date: Option<Timestamp>,
    /// Of the CVEs that are wanted.
    pub(crate) entries: HashMap<String, KnownExploited>,
}

/// Everything that was said.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    said: HashMap<String, Vec<(FactSource, CveFacts)>>,
    catalogue: Option<Catalogue>,
    predictions: HashMap<String, (Option<Timestamp>, Epss)>,
}

/// One view of each CVE.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    pub(crate) cves: HashMap<String, CveFacts>,
    pub(crate) exploited: HashMap<String, KnownExploited>,
    pub(crate) epss: HashMap<String, Epss>,
}

impl Facts {
    /// Adds what a source says about a CVE; of two words of one source the one that was changed later stays.
    pub(crate) fn say(&mut self, id: &str, source: FactSource, facts: CveFacts) {
        let said = self.said.entry(id.to_owned()).or_default();
        match said.iter_mut().find(|(known, _)| *known == source) {
            None => said.push((source, facts)),
            Some((FactSource::Exploits, known)) => known.merge(facts),
            Some((_, known)) if facts.modified > known.modified => *known = facts,
            Some(_) => {}
        }
    }

    /// Adds a version of the catalogue; the newest stays.
    pub(crate) fn catalogue(&mut self, catalogue: Catalogue) {
        if self.catalogue.as_ref().is_none_or(|known| catalogue.date > known.date) {
            self.catalogue = Some(catalogue);
        }
    }

    /// Adds a prediction of a day; the newest stays.
    pub(crate) fn predict(&mut self, id: &str, date: Option<Timestamp>, epss: Epss) {
        match self.predictions.get(id) {
            Some((known, _)) if *known >= date => {}
            _ => {
                self.predictions.insert(id.to_owned(), (date, epss));
            }
        }
    }

    /// Takes over what another file said.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (id, said) in other.said {
            for (source, facts) in said {
                self.say(&id, source, facts);
            }
        }
        if let Some(catalogue) = other.catalogue {
            self.catalogue(catalogue);
        }
        for (id, (date, epss)) in other.predictions {
            self.predict(&id, date, epss);
        }
    }

    /// Joins everything into one view of each CVE.
    ///
    /// NVD and CISA's container repeat that a CVE is in the catalogue, without the ransomware flag; their copies count
    /// for CVEs that the catalogue at hand does not hold, because it is often the older file.
    pub(crate) fn settle(self) -> Settled {
        let mut settled = Settled {
            cves: HashMap::with_capacity(self.said.len()),
            exploited: self.catalogue.unwrap_or_default().entries,
            epss: self.predictions.into_iter().map(|(id, (_, epss))| (id, epss)).collect(),
        };
        for (id, mut said) in self.said {
            said.sort_by_key(|(source, _)| *source);
            let own = said.iter().find(|(source, _)| *source == FactSource::Cna);
            let rejected = match own {
                Some((_, facts)) => facts.rejected,
                None => said.iter().any(|(_, facts)| facts.rejected),
            };
            let mut joined = CveFacts::default();
            for (_, facts) in said {
                joined.merge(facts);
            }
            joined.rejected = rejected;
            joined.exploits = without_repeats(joined.exploits);
            if let Some(copy) = joined.known_exploited.take() {
                settled.exploited.entry(id.clone()).or_insert(copy);
            }
            settled.cves.insert(id, joined);
        }
        settled
    }
}

/// One entry of each exploit: of two lists that hold it, the one that knows more of it counts.
fn without_repeats(mut exploits: Vec<Exploit>) -> Vec<Exploit> {
    exploits.sort_by(|a, b| (&a.source, &a.id, b.maturity).cmp(&(&b.source, &b.id, a.maturity)));
    exploits.dedup_by(|a, b| a.source == b.source && a.id == b.id);
    exploits
}

/// Whether `id` is a CVE in its canonical form.
pub(crate) fn is_cve(id: &str) -> bool {
    parse_cve(id).is_some()
}

/// The weaknesses named in a text: `CWE-79` of `CWE-79 Cross-site Scripting` and of `XSS (CWE-079)`.
/// NVD's `NVD-CWE-noinfo` names none.
pub(crate) fn weaknesses(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("CWE-").filter_map(|(at, start)| {
        let rest = &text[at + start.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u32 = rest[..end].parse().ok()?;
        (number > 0).then(|| format!("CWE-{number}"))
    })
}

/// Adds weaknesses that are not there yet.
pub(crate) fn add_weaknesses(known: &mut Vec<String>, text: &str) {
    for weakness in weaknesses(text) {
        if !known.contains(&weakness) {
            known.push(weakness);
        }
    }
}

/// Reads the date of a record. `None` for what is no date, for the zero dates that stand for "unknown", and for dates
/// that no record of a CVE can have: before 1980 and from 2100 on, or more than a day after `as_of`, when the file that
/// holds it was made.
///
/// A time without a zone, as NVD writes it and old CVE records do, is UTC.
pub(crate) fn parse_date(text: &str, as_of: Option<Timestamp>) -> Option<Timestamp> {
    const FIRST: Timestamp = Timestamp(315_532_800_000);
    const LAST: Timestamp = Timestamp(4_102_444_800_000);
    const DAY: i64 = 86_400_000;
    let text = text.trim();
    let date = Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")))?;
    let end = as_of.map_or(LAST, |as_of| LAST.min(Timestamp(as_of.0.saturating_add(DAY))));
    (FIRST..end).contains(&date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: &str) -> Option<Timestamp> {
        Timestamp::parse(date)
    }

    fn dated(date: &str, title: &str, rejected: bool) -> CveFacts {
        CveFacts { title: Some(title.into()), modified: at(date), rejected, ..CveFacts::default() }
    }

    #[test]
    fn of_one_source_the_newest_word_stays_whatever_the_order() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let words = [
                dated("2024-01-01", "old", true),
                dated("2024-03-01", "new", false),
                dated("2024-02-01", "between", true),
            ];
            let mut facts = Facts::default();
            for index in order {
                facts.say("CVE-2024-0001", FactSource::Cna, words[index].clone());
            }
            facts.say("CVE-2024-0001", FactSource::Nvd, dated("2025-01-01", "other", true));
            let settled = facts.settle();
            let joined = &settled.cves["CVE-2024-0001"];
            assert_eq!((joined.title.as_deref(), joined.rejected), (Some("new"), false), "{order:?}");
            assert_eq!(joined.modified, at("2025-01-01"));
        }
    }

    #[test]
    fn the_newest_catalogue_replaces_the_others_and_copies_fill_its_gaps() {
        let listed = |ransomware| KnownExploited { ransomware, ..KnownExploited::default() };
        let version = |date: &str, ids: &[&str]| Catalogue {
            date: at(date),
            entries: ids.iter().map(|id| ((*id).to_owned(), listed(true))).collect(),
        };
        let mut facts = Facts::default();
        facts.catalogue(version("2025-01-01", &["CVE-2024-0001"]));
        facts.catalogue(version("2024-01-01", &["CVE-2024-0001", "CVE-2024-0002"]));
        let copy = CveFacts { known_exploited: Some(listed(false)), ..CveFacts::default() };
        facts.say("CVE-2024-0001", FactSource::Nvd, copy.clone());
        facts.say("CVE-2024-0003", FactSource::CisaAdp, copy);
        let mut exploited: Vec<_> =
            facts.settle().exploited.into_iter().map(|(id, entry)| (id, entry.ransomware)).collect();
        exploited.sort();
        assert_eq!(exploited, [("CVE-2024-0001".to_owned(), true), ("CVE-2024-0003".to_owned(), false)]);
    }

    #[test]
    fn the_newest_prediction_stays() {
        let epss = |score| Epss { score, percentile: 0.5 };
        let mut facts = Facts::default();
        facts.predict("CVE-2024-0001", at("2024-02-01"), epss(0.2));
        facts.predict("CVE-2024-0001", at("2024-01-01"), epss(0.1));
        facts.predict("CVE-2024-0001", None, epss(0.3));
        assert_eq!(facts.settle().epss["CVE-2024-0001"].score, 0.2);
    }

    #[test]
    fn weaknesses_are_found_in_prose() {
        let found = |text: &str| weaknesses(text).collect::<Vec<_>>();
        assert_eq!(found("CWE-79 Cross-site Scripting"), ["CWE-79"]);
        assert_eq!(found("several: CWE-079, (CWE-80)"), ["CWE-79", "CWE-80"]);
        assert!(found("NVD-CWE-noinfo, CWE-, CWE-0, CWE-99999999999").is_empty());
    }

    #[test]
    fn dates_that_cannot_be_are_unknown() {
        let date = |text: &str| parse_date(text, at("2024-06-01"));
        assert_eq!(date("2024-05-01T10:00:00.123"), at("2024-05-01T10:00:00.123Z"));
        assert_eq!(date("2024-05-01"), at("2024-05-01"));
        for odd in ["0001-01-01T00:00:00Z", "1970-01-01", "2024-06-03", "2027-01-01T00:00:00Z", "soon", ""] {
            assert_eq!(date(odd), None, "{odd}");
        }
        assert_eq!(parse_date("2150-01-01", None), None);
        assert_eq!(parse_date("2027-01-01", None), at("2027-01-01"));
    }
}
