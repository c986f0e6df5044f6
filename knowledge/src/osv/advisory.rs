//! What is special about records of distributions: an advisory names the CVEs that it fixes, the vendor's rating stands in
//! its summary, and RPM modules and architectures stand in places of their own.

use model::Severity;

use super::schema::OsvRecord;
use crate::record::Record;
use crate::text::is_id;

/// How ids of advisories begin that fix bugs or bring new packages; they count only if they fix a CVE as well.
const NOT_SECURITY: [&str; 6] = ["ALBA-", "ALEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-"];

/// Modules that one advisory can be about; the most that was seen is two.
const MAX_MODULES: usize = 4;

/// Makes a record that of a distribution: its aliases become the CVEs that it is about. Tells whether it is about a
/// vulnerability at all.
///
/// `UBUNTU-CVE-2020-1234` is about that CVE alone. Every other record is about what `upstream` names, which
/// says `related` in records from before the schema had that word; only if neither names a CVE do GitHub's ids count.
pub(super) fn settle(record: &mut Record, osv: &OsvRecord<'_>) -> bool {
    record.rating = None;
    if let Some(summary) = record.summary.as_mut() {
        let bare = without_rating(summary).to_owned();
        *summary = bare;
    }
    let own: Vec<&str> = cves(std::slice::from_ref(&osv.id)).collect();
    let mut about: Vec<String> = match own.as_slice() {
        [] => [&osv.aliases, &osv.upstream, &osv.related]
            .into_iter()
            .map(|ids| cves(ids).map(str::to_owned).collect::<Vec<_>>())
            .find(|cves| !cves.is_empty())
            .unwrap_or_default(),
        own => own.iter().map(|id| (*id).to_owned()).collect(),
    };
    if about.is_empty() {
        if NOT_SECURITY.iter().any(|kind| record.id.starts_with(kind)) {
            return false;
        }
        let others =
            osv.upstream.iter().chain(&osv.related).filter(|id| id.starts_with("GHSA-") && is_id(id));
        about.extend(others.cloned());
    }
    about.extend(record.aliases.iter().filter(|alias| !alias.starts_with("CVE-")).cloned());
    about.sort();
    about.dedup();
    about.retain(|id| *id != record.id);
    record.aliases = about;
    true
}

/// The CVEs among ids, also behind the name of a database (`DEBIAN-CVE-2022-1292`).
fn cves(ids: &[String]) -> impl Iterator<Item = &str> {
    ids.iter().filter_map(|id| {
        let at = id.find("CVE-").filter(|&at| at == 0 || id.as_bytes()[at - 1] == b'-')?;
        let cve = &id[at..];
        let mut parts = cve.split('-').skip(1);
        let is_number = |part: Option<&str>| {
            part.is_some_and(|part| part.len() >= 4 && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        (is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none() && is_id(id))
            .then_some(cve)
    })
}

/// The vendor's rating of a record: Ubuntu's own kind of severity, the word before AlmaLinux's and Rocky Linux's
/// summaries, openEuler's word.
pub(super) fn vendor_rating(osv: &OsvRecord<'_>, id: &str) -> Option<Severity> {
    let own = osv.severity.iter().find(|rating| rating.kind == "Ubuntu" || rating.kind.is_empty());
    if let Some(rating) = own.and_then(|rating| Severity::of_rating(&rating.score)) {
        return Some(rating);
    }
    if id.starts_with("OESA-") {
        return Severity::of_rating(osv.database_specific.severity.as_ref()?.as_str()?);
    }
    let (word, _) = osv.summary.as_deref()?.split_once(':')?;
    Severity::of_rating(word)
}

/// A summary without the rating before it.
fn without_rating(summary: &str) -> &str {
    match summary.split_once(": ") {
        Some((word, rest)) if Severity::of_rating(word).is_some() && !rest.trim().is_empty() => rest.trim(),
        _ => summary,
    }
}

/// The modules and streams that a summary names: `Moderate: ruby:3.3 security update`, `httpd:2.4/mod_http2 …`,
/// `idm:DL1 and idm:client …`.
pub(super) fn modules_of_summary(summary: &str) -> Vec<String> {
    let part = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        !text.is_empty() && text.bytes().all(allowed)
    };
    let mut modules: Vec<String> = Vec::new();
    for word in summary.split_whitespace() {
        let word = word.trim_end_matches([',', ';']).split('/').next().unwrap_or_default();
        let is_module = word.split_once(':').is_some_and(|(name, stream)| part(name) && part(stream));
        if is_module && modules.len() < MAX_MODULES && !modules.iter().any(|known| known == word) {
            modules.push(word.to_owned());
        }
    }
    modules
}

/// The architecture in a package URL of an RPM.
pub(super) fn arch_of_purl(purl: &str) -> Option<&str> {
    let (_, qualifiers) = purl.split_once('?')?;
    let arch = qualifiers.split('&').find_map(|pair| pair.strip_prefix("arch="))?;
    let is_word = arch.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!arch.is_empty() && is_word).then_some(arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves_are_found_behind_the_name_of_a_database() {
        let ids = [
            "CVE-2020-1234",
            "UBUNTU-CVE-2021-3782",
            "CVE-2020",
            "CVE-2020-1234x",
            "SCVE-2020-1234",
            "CVE-2020-1234-1",
        ]
        .map(str::to_owned);
        assert_eq!(cves(&ids).collect::<Vec<_>>(), ["CVE-2020-1234", "CVE-2021-3782"]);
    }

    #[test]
    fn modules_are_taken_from_the_summary() {
        let table: [(&str, &[&str]); 6] = [
            ("Moderate: ruby:3.3 security, bug fix, and enhancement update", &["ruby:3.3"]),
            ("Important: httpd:2.4/mod_http2 security update", &["httpd:2.4"]),
            ("new module: php:7.4", &["php:7.4"]),
            ("idm:DL1 and idm:client security update", &["idm:DL1", "idm:client"]),
            ("Important: kernel security update", &[]),
            ("Important:", &[]),
        ];
        for (summary, expected) in table {
            assert_eq!(modules_of_summary(summary), expected, "{summary}");
        }
    }

    #[test]
    fn a_rating_before_a_summary_is_no_part_of_the_title() {
        assert_eq!(without_rating("Important: kernel security update"), "kernel security update");
        assert_eq!(without_rating("perl: a flaw"), "perl: a flaw");
        assert_eq!(without_rating("Low: "), "Low: ");
    }

    #[test]
    fn an_architecture_is_a_qualifier_of_the_package_url() {
        assert_eq!(arch_of_purl("pkg:rpm/redhat/git-lfs@2.13-3.el8?arch=x86_64&epoch=0"), Some("x86_64"));
        assert_eq!(arch_of_purl("pkg:rpm/rocky-linux/ruby?distro=rocky-linux-9&epoch=0"), None);
        assert_eq!(arch_of_purl("pkg:rpm/redhat/podman"), None);
    }
}
