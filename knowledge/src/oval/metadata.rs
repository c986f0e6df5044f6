//! What a definition says in its metadata: ids, ratings, dates, words.

use model::{Severity, Timestamp};

use super::document::{Class, Definition, timestamp};
use super::element::Element;
use super::publisher::Publisher;
use crate::rating::{rate_vector, rated};
use crate::record::{Rated, Rater};
use crate::text::{TITLE, first_sentence, is_id, one_line};

/// References that are kept of one definition.
const MAX_REFERENCES: usize = 16;
/// 1990-01-01; nothing was published before.
const EARLIEST: Timestamp = Timestamp(631_152_000_000);
/// Clocks of publishers and their generators may differ by two days.
const TWO_DAYS: i64 = 2 * 86_400_000;

/// What is said of one CVE.
#[derive(Debug, Default)]
pub(super) struct CveWords {
    pub(super) id: String,
    pub(super) impact: Option<Severity>,
    pub(super) cvss: Vec<Rated>,
    pub(super) cwes: Vec<String>,
    pub(super) public: Option<Timestamp>,
}

/// The metadata of a definition.
#[derive(Debug)]
pub(super) struct Words<'a> {
    publisher: Publisher,
    class: Class,
    metadata: &'a Element,
    /// When the file was made; nothing in it is newer.
    made: Option<Timestamp>,
}

impl<'a> Words<'a> {
    pub(super) fn of(publisher: Publisher, definition: &'a Definition, made: Option<Timestamp>) -> Self {
        Self { publisher, class: definition.class, metadata: &definition.metadata, made }
    }

    fn advisory(&self) -> Option<&'a Element> {
        self.metadata.child("advisory")
    }

    fn raw_title(&self) -> &'a str {
        self.metadata.text_of("title").unwrap_or_default()
    }

    /// Names of products that are affected.
    pub(super) fn platforms(&self) -> impl Iterator<Item = &'a str> {
        let affected = self.metadata.child("affected").into_iter();
        affected.flat_map(|affected| affected.all("platform")).map(Element::trimmed)
    }

    /// Platform names of the CPE list.
    pub(super) fn cpes(&self) -> impl Iterator<Item = &'a str> {
        let list = self.advisory().and_then(|advisory| advisory.child("affected_cpe_list")).into_iter();
        list.flat_map(|list| list.all("cpe")).map(Element::trimmed)
    }

    /// Red Hat's position on components that it has not fixed: state and component.
    pub(super) fn resolutions(&self) -> Vec<(&'a str, &'a str)> {
        let affected = self.advisory().and_then(|advisory| advisory.child("affected")).into_iter();
        let resolutions = affected.flat_map(|affected| affected.all("resolution"));
        resolutions
            .filter_map(|resolution| Some((resolution.attribute("state")?, resolution)))
            .flat_map(|(state, of)| of.all("component").map(move |component| (state, component.trimmed())))
            .collect()
    }

    /// Whether Azure says that a flaw never was one of the package.
    pub(super) fn is_not_applicable(&self) -> bool {
        self.metadata.text_of("patchable").is_some_and(|text| text.eq_ignore_ascii_case("not applicable"))
    }

    /// Every CVE, in the order of the references, then of the advisory.
    pub(super) fn cves(&self) -> Vec<String> {
        let mut ids: Vec<String> = Vec::new();
        let references = self.metadata.all("reference").filter_map(|one| one.attribute("ref_id"));
        let listed =
            self.advisory().into_iter().flat_map(|advisory| advisory.all("cve")).map(Element::trimmed);
        for id in references.chain(listed).filter_map(cve_in) {
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        ids
    }

    /// The publisher's own id: the CVE of a vulnerability, the advisory of a patch.
    pub(super) fn id(&self) -> Option<String> {
        if self.class == Class::Vulnerability {
            return cve_in(self.raw_title()).map(str::to_owned).or_else(|| self.cves().into_iter().next());
        }
        let is_own = |reference: &&Element| {
            let source = reference.attribute("source").unwrap_or_default();
            !source.contains("CVE") && !source.eq_ignore_ascii_case("bugzilla")
        };
        let referred = self.metadata.all("reference").filter(is_own).find_map(|one| one.attribute("ref_id"));
        let first_word = || self.raw_title().split([' ', ':']).next();
        let id = match self.publisher {
            // The security notice is named with its revision in the title alone.
            Publisher::Debian => first_word(),
            _ => referred.or_else(first_word),
        };
        id.filter(|id| is_id(id)).map(str::to_owned)
    }

    /// The rating of the whole definition.
    pub(super) fn severity(&self) -> Option<Severity> {
        let word = self.advisory().and_then(|advisory| advisory.text_of("severity"));
        Severity::of_rating(word.or_else(|| self.metadata.text_of("severity"))?)
    }

    /// What is said of each CVE; several entries for one are joined.
    pub(super) fn cve_words(&self) -> Vec<CveWords> {
        let mut all: Vec<CveWords> = Vec::new();
        for entry in self.advisory().into_iter().flat_map(|advisory| advisory.all("cve")) {
            let Some(id) = cve_in(entry.trimmed()) else { continue };
            let at = all.iter().position(|known| known.id == id).unwrap_or_else(|| {
                all.push(CveWords { id: id.to_owned(), ..CveWords::default() });
                all.len() - 1
            });
            self.add_entry(&mut all[at], entry);
        }
        all
    }

    fn add_entry(&self, words: &mut CveWords, entry: &Element) {
        // SUSE repeats NVD's rating beside its own; Canonical has only NVD's.
        let of_nvd = entry.trimmed().ends_with(" at NVD") || self.publisher == Publisher::Ubuntu;
        let rater = if of_nvd { Rater::Nvd } else { Rater::Vendor };
        for (name, value) in &entry.attributes {
            let value = value.trim();
            match name.as_str() {
                "impact" | "priority" if !entry.trimmed().ends_with(" at NVD") => {
                    words.impact = words.impact.or(Severity::of_rating(value));
                }
                "cvss2" | "cvss3" | "cvss4" => words.cvss.extend(scored(value, rater).map(|r| self.named(r))),
                "cvss_vector" => {
                    let score = entry.attribute("cvss_score").unwrap_or_default();
                    words.cvss.extend(scored(&format!("{score}/{value}"), rater));
                }
                "cwe" => words.cwes.extend(cwes(value)),
                "public" => words.public = words.public.or(self.plausible(compact_date(value))),
                _ => {}
            }
        }
    }

    /// Puts the vendor's name to its rating.
    fn named(&self, mut rating: Rated) -> Rated {
        if rating.rater == Rater::Vendor {
            self.publisher.rater().clone_into(&mut rating.cvss.source);
        }
        rating
    }

    /// Date of publication.
    pub(super) fn published(&self) -> Option<Timestamp> {
        let issued = self.advisory().and_then(|advisory| advisory.child("issued")?.attribute("date"));
        let public = self.advisory().and_then(|advisory| advisory.text_of("public_date"));
        let debian = self.metadata.child("debian").and_then(|debian| debian.text_of("date"));
        let text = issued.or(public).or(debian).or_else(|| self.metadata.text_of("advisory_date"))?;
        self.plausible(timestamp(text))
    }

    /// Date of the last change.
    pub(super) fn modified(&self) -> Option<Timestamp> {
        let updated = self.advisory()?.child("updated")?.attribute("date")?;
        self.plausible(timestamp(updated))
    }

    fn plausible(&self, date: Option<Timestamp>) -> Option<Timestamp> {
        let latest = self.made.map_or(i64::MAX, |made| made.0.saturating_add(TWO_DAYS));
        date.filter(|date| *date >= EARLIEST && date.0 <= latest)
    }

    pub(super) fn references(&self) -> Vec<String> {
        let urls = self.metadata.all("reference").filter_map(|one| one.attribute("ref_url"));
        let further =
            self.advisory().into_iter().flat_map(|advisory| advisory.all("ref")).map(Element::trimmed);
        let mut kept: Vec<String> = Vec::new();
        for url in urls.chain(further) {
            if kept.len() < MAX_REFERENCES
                && url.starts_with("http")
                && !kept.iter().any(|known| known == url)
            {
                kept.push(url.to_owned());
            }
        }
        kept
    }

    /// The title without the id before it and the rating behind it; `None` where a title only repeats id and package.
    pub(super) fn summary(&self) -> Option<String> {
        let title = match (self.publisher, self.class) {
            (Publisher::Azure | Publisher::Ubuntu | Publisher::Debian, Class::Vulnerability) => return None,
            (Publisher::Debian, Class::Patch) => return None,
            _ => self.raw_title().trim_start_matches("Unaffected components for:").trim(),
        };
        let title = match title.rsplit_once('(') {
            Some((before, rating)) if rating.ends_with(')') && is_rating(rating.trim_end_matches(')')) => {
                before
            }
            _ => title,
        };
        let (first, rest) = title.trim().split_once(' ').unwrap_or((title.trim(), ""));
        let names_itself = ["CVE-", "RHSA-", "RHBA-", "RHEA-", "ELSA-", "ELBA-", "ALSA-", "PHSA-", "USN-"];
        let title = if names_itself.iter().any(|name| first.starts_with(name)) { rest } else { title };
        one_line(title.trim().trim_start_matches(['-', ' ']), TITLE)
    }

    /// `ruby:2.5` of "RHSA-2019:1972: ruby:2.5 security update (Important)": Red Hat's first advisories for RHEL 8 name
    /// the module of their packages there alone.
    pub(super) fn module_of_title(&self) -> Option<String> {
        let summary = self.summary()?;
        let (name, stream) = summary.split(' ').next()?.split_once(':')?;
        let is_part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
        };
        (is_part(name) && is_part(stream)).then(|| format!("{name}:{stream}"))
    }

    /// The first sentence of a description that describes the flaw.
    pub(super) fn sentence(&self) -> Option<String> {
        let text = self.metadata.text_of("description")?;
        // Azure repeats the title, Oracle prints the change log.
        let repeats = matches!(self.publisher, Publisher::Azure | Publisher::Oracle)
            || text.starts_with("Red Hat's versions of the associated software")
            || matches!(text, "Unknown." | "security update");
        if repeats { None } else { first_sentence(text) }
    }
}

fn is_rating(word: &str) -> bool {
    word.eq_ignore_ascii_case("none") || Severity::of_rating(word).is_some()
}

/// The first `CVE-year-number` in a text such as `Mitre CVE-2019-18348` or `CVE:00001:CVE-2019-16168`.
pub(crate) fn cve_in(text: &str) -> Option<&str> {
    text.match_indices("CVE-").find_map(|(at, _)| {
        let rest = &text[at + 4..];
        let year = rest.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
        let number = rest[year.len()..].strip_prefix('-')?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (4..=12).contains(&digits).then(|| &text[at..at + 9 + digits])
    })
}

/// `7.0/CVSS:3.1/AV:L/…`, `7.8/AV:N/…` or a vector alone.
fn scored(text: &str, rater: Rater) -> Option<Rated> {
    let Some((score, vector)) = text.split_once('/').filter(|(score, _)| score.parse::<f64>().is_ok()) else {
        return rate_vector(text.trim_start_matches('/'), rater);
    };
    let version = match vector {
        vector if vector.starts_with("CVSS:4") => 4,
        vector if vector.starts_with("CVSS:3") => 3,
        vector if vector.starts_with("AV:") => 2,
        _ => return None,
    };
    rated(version, score.parse().ok()?, vector, rater)
}

/// `CWE-203 CWE-787`, `CWE-121->CWE-787`, `(CWE-94|CWE-77)`.
fn cwes(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'));
    words
        .map(|word| word.trim_matches('-'))
        .filter(|word| {
            word.strip_prefix("CWE-").is_some_and(|number| {
                !number.is_empty() && number.len() < 7 && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        })
        .map(str::to_owned)
}

/// `20190320`, or with dashes and a time.
fn compact_date(text: &str) -> Option<Timestamp> {
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Timestamp::parse(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
    }
    timestamp(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves_are_found_in_every_form_of_a_reference() {
        assert_eq!(cve_in("Mitre CVE-2019-18348"), Some("CVE-2019-18348"));
        assert_eq!(cve_in("CVE:00001:CVE-2019-16168"), Some("CVE-2019-16168"));
        assert_eq!(cve_in(" CVE-2012-5252"), Some("CVE-2012-5252"));
        assert_eq!(cve_in("CVE-2002-0399 at SUSE"), Some("CVE-2002-0399"));
        assert_eq!(cve_in("CVE-20-1"), None);
        assert_eq!(cve_in("CVE-2019-12"), None);
    }

    #[test]
    fn ratings_keep_the_score_that_the_vendor_gives() {
        let read = |text: &str| scored(text, Rater::Vendor).map(|r| (r.version, r.cvss.base, r.cvss.vector));
        let v3 = "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H";
        assert_eq!(read(&format!("7/{v3}")), Some((3, 7.0, v3.to_owned())));
        assert_eq!(read(v3), Some((3, 7.0, v3.to_owned())));
        let v2 = "AV:N/AC:L/Au:N/C:N/I:N/A:C";
        assert_eq!(read(&format!("7.8/{v2}")), Some((2, 7.8, v2.to_owned())));
        assert_eq!(read("7.8"), None);
    }

    #[test]
    fn weaknesses_are_listed_one_by_one() {
        let all = |text| cwes(text).collect::<Vec<_>>();
        assert_eq!(all("CWE-203 CWE-787"), ["CWE-203", "CWE-787"]);
        assert_eq!(all("(CWE-121->CWE-787|CWE-77)"), ["CWE-121", "CWE-787", "CWE-77"]);
        assert_eq!(all("noinfo"), [""; 0]);
    }
}
