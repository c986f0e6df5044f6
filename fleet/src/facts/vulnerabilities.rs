//! Every vulnerability that a known package has, once, with columns to search it by.
//!
//! A vulnerability is known by a dense number of this table. Its text may change with a bundle: it is replaced when a
//! package is put that was judged by the newer one. That is the same for all packages, because a text that a client sees
//! is part of the fingerprint of every package that has it, so all of them are judged anew.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use model::advisory::{Cvss, Exploitation};
use model::{NamespaceFamily, Timestamp, Vulnerability};

use crate::persist::{self, Persist, PersistError, Sink, Source};
use crate::table::{Chunked, Dictionary, Lists};

/// Vulnerabilities under dense numbers; one is never taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vulnerabilities {
    all: Chunked<Arc<Vulnerability>>,
    rows: Chunked<VulnerabilityRow>,
    titles: Dictionary,
    cves: Dictionary,
    exploits: Dictionary,
    /// Numbers in `cves` and in `exploits`, each list with one kind.
    lists: Lists,
    /// Shared by all clones: it may know more than an older clone holds.
    numbers: Arc<Mutex<Numbers>>,
}

/// From a vulnerability to its number.
#[derive(Debug, Default)]
struct Numbers {
    /// The first number with a qid.
    by_qid: HashMap<u32, u32>,
    /// By qid and id: the dates of a product hold for whatever goes by one of its names, and each of these has
    /// a text of its own under the one qid.
    dated: HashMap<(u32, Box<str>), u32>,
}

/// What is searched of a vulnerability besides its words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct VulnerabilityRow {
    pub(crate) qid: u32,
    /// The first number with the same qid: its own, but for some that speak of a product's end of life.
    pub(crate) group: u32,
    /// In [`Vulnerabilities::titles`].
    pub(crate) title: u32,
    pub(crate) family: NamespaceFamily,
    /// In [`Vulnerabilities::lists`], of [`Vulnerabilities::cves`].
    pub(crate) cves: u32,
    /// In [`Vulnerabilities::lists`], of [`Vulnerabilities::exploits`].
    pub(crate) exploits: u32,
    pub(crate) published: Option<Timestamp>,
    /// Base scores; 0.0 for one that nobody rated, as it is shown.
    pub(crate) cvss2: f32,
    pub(crate) cvss3: f32,
    pub(crate) threats: Threats,
}

/// What is known of attacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Threats {
    /// It is exploited: CISA's catalogue or its SSVC decision says so.
    pub(crate) active_attacks: bool,
    /// It is used for ransomware.
    pub(crate) ransomware: bool,
    /// Somebody has published an exploit, working or not.
    pub(crate) public_exploit: bool,
    /// By its CVSS vector: over the network, without privileges, without a user, and without luck.
    pub(crate) easy_exploit: bool,
    /// By its CVSS vector availability is lost, and nothing else.
    pub(crate) denial_of_service: bool,
}

impl Vulnerabilities {
    /// How many there are; numbers are below it.
    pub(crate) fn len(&self) -> u32 {
        self.all.len() as u32
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Arc<Vulnerability>> {
        self.all.get(number)
    }

    pub(crate) fn row(&self, number: u32) -> Option<&VulnerabilityRow> {
        self.rows.get(number)
    }

    /// All rows in the order of their numbers.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &VulnerabilityRow> {
        self.rows.iter()
    }

    /// Titles as they are shown.
    pub(crate) fn titles(&self) -> &Dictionary {
        &self.titles
    }

    /// CVE ids as they are written.
    pub(crate) fn cves(&self) -> &Dictionary {
        &self.cves
    }

    /// Public exploits, each as source, blank and id.
    pub(crate) fn exploits(&self) -> &Dictionary {
        &self.exploits
    }

    /// The lists that [`VulnerabilityRow::cves`] and [`VulnerabilityRow::exploits`] name.
    pub(crate) fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The number of a vulnerability, which is put in as it is if it is new. Only the newest clone may be added to.
    pub(crate) fn number(&mut self, vulnerability: &Arc<Vulnerability>) -> u32 {
        let numbers = Arc::clone(&self.numbers);
        let mut numbers = numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let qid = vulnerability.qid;
        // a number may be left from a clone that was added to and then given up
        let is_here = |number: &u32| self.row(*number).is_some_and(|row| row.qid == qid);
        let first = numbers.by_qid.get(&qid).copied().filter(is_here);
        let is_dated = vulnerability.family == NamespaceFamily::Lifecycle;
        let known = match is_dated {
            false => first,
            true => {
                let key = (qid, vulnerability.id.as_str().into());
                let is_it =
                    |number: &u32| self.get(*number).is_some_and(|known| known.id == vulnerability.id);
                numbers.dated.get(&key).copied().filter(is_here).filter(is_it)
            }
        };
        if let Some(number) = known {
            return number;
        }
        let number = self.len();
        if first.is_none() {
            numbers.by_qid.insert(qid, number);
        }
        if is_dated {
            numbers.dated.insert((qid, vulnerability.id.as_str().into()), number);
        }
        drop(numbers);
        let row = self.row_of(vulnerability, first.unwrap_or(number));
        self.rows.push(row);
        self.all.push(Arc::clone(vulnerability));
        number
    }

    /// Takes over the text of a vulnerability that is in the table.
    pub(crate) fn renew(&mut self, number: u32, vulnerability: &Arc<Vulnerability>) {
        let (Some(known), Some(row)) = (self.get(number), self.row(number).copied()) else { return };
        if Arc::ptr_eq(known, vulnerability) {
            return;
        }
        let new = self.row_of(vulnerability, row.group);
        if new != row {
            *self.rows.get_mut(number) = new;
        }
        *self.all.get_mut(number) = Arc::clone(vulnerability);
    }

    /// Takes the words of another allocation, which are the same.
    pub(crate) fn share(&mut self, number: u32, words: Arc<Vulnerability>) {
        if self.get(number).is_some_and(|known| !Arc::ptr_eq(known, &words)) {
            *self.all.get_mut(number) = words;
        }
    }

    /// A further column is a field of the row and a line here.
    fn row_of(&mut self, what: &Vulnerability, group: u32) -> VulnerabilityRow {
        let cves: Vec<u32> = what.cves().map(|id| self.cves.intern(id)).collect();
        let exploits = what.exploits.iter().map(|exploit| format!("{} {}", exploit.source, exploit.id));
        let exploits: Vec<u32> = exploits.map(|name| self.exploits.intern(&name)).collect();
        let base = |rating: &Option<Cvss>| rating.as_ref().map_or(0.0, |rating| rating.base);
        VulnerabilityRow {
            qid: what.qid,
            group,
            title: self.titles.intern(&what.title),
            family: what.family,
            cves: self.lists.intern(&cves),
            exploits: self.lists.intern(&exploits),
            published: what.published,
            cvss2: base(&what.cvss2),
            cvss3: base(&what.cvss3),
            threats: Threats::of(what),
        }
    }
}

impl Threats {
    /// What a vulnerability's record says of attacks.
    pub(crate) fn of(what: &Vulnerability) -> Self {
        let known = what.known_exploited.as_ref();
        // the rating that decides: what another rater thinks must not contradict the score
        let deciding = what.cvss.first().or(what.cvss3.as_ref()).or(what.cvss2.as_ref());
        let vector = deciding.map_or("", |rating| rating.vector.as_str());
        Self {
            active_attacks: known.is_some() || what.exploitation == Some(Exploitation::Active),
            ransomware: known.is_some_and(|entry| entry.ransomware),
            public_exploit: !what.exploits.is_empty() || what.exploitation == Some(Exploitation::Poc),
            easy_exploit: is_easy(vector),
            denial_of_service: is_outage(vector),
        }
    }
}

/// By its CVSS vector: over the network, without privileges, without a user, and without luck.
fn is_easy(vector: &str) -> bool {
    has_all(vector, &["AV:N", "AC:L", "PR:N", "UI:N"]) || has_all(vector, &["AV:N", "AC:L", "Au:N"])
}

/// By its CVSS vector availability is lost, and nothing else.
fn is_outage(vector: &str) -> bool {
    [["C:N", "I:N", "A:H"], ["VC:N", "VI:N", "VA:H"], ["C:N", "I:N", "A:C"]]
        .iter()
        .any(|metrics| has_all(vector, metrics))
}

/// Whether a vector holds each of `metrics`; those of v2 are written differently, so all three forms are asked for.
fn has_all(vector: &str, metrics: &[&str]) -> bool {
    metrics.iter().all(|metric| vector.split('/').any(|part| part == *metric))
}

impl Persist for Vulnerabilities {
    fn form(form: &mut String) {
        form.push_str("vulnerabilities");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        let all: Vec<_> = self.all.iter().map(|what| postcard::to_stdvec(&**what)).collect();
        persist::save_encoded(all.into_iter(), sink)
    }

    /// Columns and numbers are made again from the texts.
    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let mut all = Self::default();
        for number in 0..source.count(8)? {
            let vulnerability = Arc::new(Source::decoded(postcard::from_bytes(&source.bytes()?))?);
            if all.number(&vulnerability) as usize != number {
                return Err(PersistError::Damaged("a vulnerability stands twice"));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vulnerability(qid: u32, id: &str, title: &str, family: NamespaceFamily) -> Arc<Vulnerability> {
        let (id, title) = (id.to_owned(), title.to_owned());
        Arc::new(Vulnerability { qid, id, title, family, ..Vulnerability::default() })
    }

    #[test]
    fn a_vulnerability_keeps_its_number_and_takes_a_newer_text_only_when_it_is_renewed() {
        let mut all = Vulnerabilities::default();
        let of = |title: &str| vulnerability(7, "CVE-2024-1", title, NamespaceFamily::Debian);
        let number = all.number(&of("old"));
        assert_eq!(all.number(&of("new")), number);
        let before = all.clone();
        assert_eq!(all.get(number).unwrap().title, "old");
        all.renew(number, &of("new"));
        let title = |of: &Vulnerabilities| of.titles().get(of.row(number).unwrap().title).map(str::to_owned);
        assert_eq!((title(&before).as_deref(), title(&all).as_deref()), (Some("old"), Some("new")));
        let row = all.row(number).unwrap();
        let cves: Vec<&str> = all.lists().get(row.cves).filter_map(|cve| all.cves().get(cve)).collect();
        assert_eq!(cves, ["CVE-2024-1"]);
    }

    #[test]
    fn names_of_one_ended_product_have_texts_of_their_own_in_one_group() {
        let mut all = Vulnerabilities::default();
        let of = |id: &str| vulnerability(9, id, id, NamespaceFamily::Lifecycle);
        let (a, b) = (all.number(&of("EOL-sles-12")), all.number(&of("EOL-sled-12")));
        assert_ne!(a, b);
        assert_eq!((all.number(&of("EOL-sles-12")), all.number(&of("EOL-sled-12"))), (a, b));
        assert_eq!(all.rows().map(|row| row.group).collect::<Vec<_>>(), [a, a]);
        assert_eq!(all.get(b).unwrap().title, "EOL-sled-12");
    }

    #[test]
    fn numbers_of_a_clone_that_was_given_up_are_given_again() {
        let mut all = Vulnerabilities::default();
        let of = |qid: u32| vulnerability(qid, "x", "x", NamespaceFamily::Debian);
        all.number(&of(1));
        let mut given_up = all.clone();
        assert_eq!((given_up.number(&of(2)), given_up.number(&of(3))), (1, 2));
        assert_eq!((all.number(&of(3)), all.number(&of(2)), all.number(&of(3))), (1, 2, 1));
    }
}
