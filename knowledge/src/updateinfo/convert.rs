//! From notices to records.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use model::{AffectedRange, Bound, Digest, Named, NamespaceFamily, Severity, Timestamp};
use version::Scheme;

use crate::input::FeedFile;
use crate::qid::parse_cve;
use crate::record::{FileHarvest, Record, Statement};
use crate::text::{TITLE, is_id, is_name, is_version, one_line};

use super::FEED;
use super::advisory::{Advisory, Reference, Update};
use super::modules::{self, Builds};
use super::release::{Publisher, Release, release};

const MAX_REFERENCES: usize = 16;

/// What was met while one file is read.
pub(super) struct Reading {
    path: PathBuf,
    folders: Vec<String>,
    /// Read when it is asked for the first time.
    builds: Option<Builds>,
    namespaces: HashMap<String, Arc<str>>,
    newest: Option<Timestamp>,
}

/// What a statement is about, and the order of statements.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    namespace: String,
    package: String,
    module: Option<String>,
    since: Option<String>,
    topic: Option<String>,
}

/// The version that mends a package on each architecture.
type Fixes = BTreeMap<String, String>;

impl Reading {
    pub(super) fn new(file: &FeedFile) -> Self {
        Self {
            path: file.path.clone(),
            folders: file.parents.iter().map(|folder| folder.to_ascii_lowercase()).collect(),
            builds: None,
            namespaces: HashMap::new(),
            newest: None,
        }
    }

    /// The newest date of a notice.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Takes a notice over; `raw` is what its publisher wrote.
    pub(super) fn add(&mut self, raw: &str, advisory: Advisory, out: &mut FileHarvest<'_>) {
        let Some(publisher) = Publisher::of(&advisory.id).filter(|_| is_id(&advisory.id)) else {
            let reason = "its id is not one of Amazon, Fedora, EPEL, Rocky Linux or AlmaLinux";
            return out.quarantine(if advisory.id.is_empty() { raw } else { &advisory.id }, reason);
        };
        if advisory.kind != "security" {
            out.records += 1;
            return;
        }
        let subjects = match self.subjects(publisher, &advisory, out) {
            Ok(subjects) => subjects,
            Err(reason) => return out.quarantine(&advisory.id, reason),
        };
        let mut record = record(publisher, &advisory);
        record.digest = Some(Digest::of(raw.as_bytes()));
        let vendor = Severity::of_rating(&advisory.severity);
        for (subject, fixes) in subjects {
            let mut by_version: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (arch, fixed) in fixes {
                by_version.entry(fixed).or_default().push(arch);
            }
            for (fixed, arches) in by_version {
                let mut statement = self.statement(&subject, fixed, arches);
                statement.vendor = vendor;
                record.statements.push(statement);
            }
        }
        self.newest = self.newest.max(record.modified.or(record.published));
        out.withdrawn += u64::from(record.withdrawn.is_some());
        out.records += 1;
        out.harvest.records.push(record);
    }

    /// The packages of a notice with the version that mends them, by architecture.
    ///
    /// AlmaLinux lists all builds of a module's package that have the fix, one for each minor release. The oldest is the first
    /// that is not affected.
    ///
    /// # Errors
    /// If it is about a release that cannot be told.
    fn subjects(
        &mut self,
        publisher: Publisher,
        advisory: &Advisory,
        out: &mut FileHarvest<'_>,
    ) -> Result<BTreeMap<Subject, Fixes>, &'static str> {
        let mut subjects: BTreeMap<Subject, Fixes> = BTreeMap::new();
        for collection in advisory.collections.iter().filter(|collection| !collection.packages.is_empty()) {
            let release = release(publisher, advisory, collection, &self.folders)
                .ok_or("the release that it is about is nowhere told")?;
            for update in
                collection.packages.iter().filter(|update| !matches!(update.arch.as_str(), "src" | "nosrc"))
            {
                match self.subject(&release, collection.module.as_deref(), update) {
                    Ok((subject, fixed)) => {
                        let fixes = subjects.entry(subject).or_default();
                        let known = fixes.entry(update.arch.clone()).or_insert_with(|| fixed.clone());
                        if version::compare(Scheme::Rpm, &fixed, known) == Ok(Ordering::Less) {
                            *known = fixed;
                        }
                    }
                    Err(reason) => out.quarantine(&format!("{} {}", advisory.id, update.name), reason),
                }
            }
        }
        Ok(subjects)
    }

    /// What a package's statement is about, and the version that mends it.
    fn subject(
        &mut self,
        release: &Release,
        module: Option<&str>,
        update: &Update,
    ) -> Result<(Subject, String), &'static str> {
        let fixed = update.evr();
        if !is_name(&update.name) {
            return Err("it is no package name");
        }
        if update.version.is_empty() || !is_version(&fixed) || version::check(Scheme::Rpm, &fixed).is_err() {
            return Err("its version is no version");
        }
        if !update.arch.is_empty() && !is_name(&update.arch) {
            return Err("its architecture is none");
        }
        let module = match module {
            Some(module) => Some(module.to_owned()),
            None if modules::is_modular(update) => Some(self.stream(update).ok_or(
                "it was built for a module, and neither the notice nor a modules.yaml beside it tells the stream",
            )?),
            None => None,
        };
        let (namespace, since) = release.scope(update);
        let topic = release.stream.clone().filter(|_| since.is_some());
        Ok((Subject { namespace, package: update.name.clone(), module, since, topic }, fixed))
    }

    /// The module stream that a package was built for, as the list beside the notices says.
    fn stream(&mut self, update: &Update) -> Option<String> {
        let path = &self.path;
        let builds = self.builds.get_or_insert_with(|| modules::beside(path));
        builds.get(&modules::key(update)).cloned().flatten()
    }

    fn statement(&mut self, subject: &Subject, fixed: String, arches: Vec<String>) -> Statement {
        let name = subject.namespace.as_str();
        let namespace = self.namespaces.entry(name.to_owned()).or_insert_with(|| name.into());
        let mut statement = Statement::new(Arc::clone(namespace), subject.package.clone(), Named::Binary);
        statement = statement.fixed_in(fixed.clone());
        if subject.since.is_some() {
            statement.ranges =
                vec![AffectedRange { introduced: subject.since.clone(), end: Bound::Fixed(fixed) }];
        }
        statement.note = subject.topic.as_ref().map(|topic| format!("Extras topic {topic}"));
        statement.module = subject.module.clone();
        statement.arches = arches.into_iter().filter(|arch| !arch.is_empty()).collect();
        statement
    }
}

/// Everything but the statements.
fn record(publisher: Publisher, advisory: &Advisory) -> Record {
    let family = match publisher {
        Publisher::Amazon => NamespaceFamily::Amazon,
        Publisher::Fedora | Publisher::Epel => NamespaceFamily::Fedora,
        Publisher::Rocky | Publisher::AlmaLinux => NamespaceFamily::Rhel,
    };
    let mut record = Record::new(family, FEED, advisory.id.clone());
    record.aliases = cves(publisher, advisory);
    record.summary = one_line(&advisory.title, TITLE).or_else(|| one_line(&advisory.summary, TITLE));
    record.published = advisory.issued;
    record.modified = advisory.updated;
    if matches!(advisory.status.as_str(), "retracted" | "obsolete" | "unpushed") {
        record.withdrawn = advisory.updated.or(advisory.issued).or(Some(Timestamp::default()));
    }
    let hrefs = advisory.references.iter().map(|reference| reference.href.clone());
    let all = page(publisher, &advisory.id).into_iter().chain(hrefs);
    for href in all.filter(|href| href.starts_with("https://") || href.starts_with("http://")) {
        if record.references.len() < MAX_REFERENCES && !record.references.contains(&href) {
            record.references.push(href);
        }
    }
    record
}

/// The publisher's page about a notice, where its address follows from the id.
fn page(publisher: Publisher, id: &str) -> Option<String> {
    let site = "https://alas.aws.amazon.com";
    match publisher {
        Publisher::Fedora | Publisher::Epel => Some(format!("https://bodhi.fedoraproject.org/updates/{id}")),
        Publisher::Amazon => {
            let rest = id.strip_prefix("ALAS")?;
            let (folder, rest) = ["2023", "2022", "2"]
                .into_iter()
                .find_map(|release| Some((format!("/AL{release}"), rest.strip_prefix(release)?)))
                .unwrap_or((String::new(), rest));
            Some(format!("{site}{folder}/ALAS{rest}.html"))
        }
        Publisher::Rocky => Some(format!("https://errata.rockylinux.org/{id}")),
        // Its pages lie below the release, and every notice refers to its own.
        Publisher::AlmaLinux => None,
    }
}

/// The CVEs that a notice is about, in its order.
///
/// References of type `cve` are the publisher's list. Fedora has none: there the titles of bugs and of the update name them.
/// The prose is asked last, because it may also speak of what was not fixed.
fn cves(publisher: Publisher, advisory: &Advisory) -> Vec<String> {
    let mut found = Vec::new();
    for reference in &advisory.references {
        if reference.kind == "cve" {
            add_first(reference, &mut found);
        }
    }
    let by_bugs = matches!(publisher, Publisher::Fedora | Publisher::Epel);
    if by_bugs || found.is_empty() {
        for reference in advisory.references.iter().filter(|reference| reference.kind != "cve") {
            add(&reference.title, &mut found);
        }
        add(&advisory.title, &mut found);
    }
    if found.is_empty() {
        add(&advisory.summary, &mut found);
        add(&advisory.description, &mut found);
    }
    found
}

/// The id of a reference to a CVE, else what its title or address names.
fn add_first(reference: &Reference, found: &mut Vec<String>) {
    for text in [&reference.id, &reference.title, &reference.href] {
        if text.contains("CVE-") {
            return add(text, found);
        }
    }
}

/// Adds every CVE that `text` names.
fn add(text: &str, found: &mut Vec<String>) {
    for (at, _) in text.match_indices("CVE-") {
        let rest = &text[at + 4..];
        let year = rest.bytes().take_while(u8::is_ascii_digit).count();
        let Some(number) = rest[year..].strip_prefix('-') else { continue };
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let id = &text[at..at + 4 + year + 1 + digits];
        if parse_cve(id).is_some() && !found.iter().any(|known| known == id) {
            found.push(id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cves_are_found_in_references_titles_and_at_last_in_prose() {
        let reference = |id: &str, kind: &str, title: &str| Reference {
            id: id.into(),
            kind: kind.into(),
            title: title.into(),
            href: String::new(),
        };
        let mut advisory = Advisory {
            description: "Fixes CVE-2020-0001, (CVE-2020-0002); see CVE-2020-12 and CVE-20-1234.".into(),
            ..Advisory::default()
        };
        assert_eq!(cves(Publisher::Fedora, &advisory), ["CVE-2020-0001", "CVE-2020-0002"]);
        advisory.references = vec![
            reference("2264297", "bugzilla", "TRIAGE CVE-2024-24989 nginx: flaw [fedora-all]"),
            reference("2264298", "bugzilla", "CVE-2024-24989 CVE-2024-24990 nginx: flaw"),
        ];
        assert_eq!(cves(Publisher::Fedora, &advisory), ["CVE-2024-24989", "CVE-2024-24990"]);
        advisory.references.push(reference("CVE-2024-0009", "cve", "Update information for CVE-2024-0010"));
        assert_eq!(cves(Publisher::Rocky, &advisory), ["CVE-2024-0009"]);
        advisory.title = "CVE-2024-0011".into();
        assert_eq!(
            cves(Publisher::Fedora, &advisory),
            ["CVE-2024-0009", "CVE-2024-24989", "CVE-2024-24990", "CVE-2024-0011"]
        );
    }

    #[test]
    fn pages_are_addressed_as_the_publisher_does() {
        let amazon = |id: &str| page(Publisher::Amazon, id).unwrap();
        assert_eq!(amazon("ALAS-2011-1"), "https://alas.aws.amazon.com/ALAS-2011-1.html");
        assert_eq!(amazon("ALAS2-2018-939"), "https://alas.aws.amazon.com/AL2/ALAS-2018-939.html");
        assert_eq!(amazon("ALAS2023-2023-001"), "https://alas.aws.amazon.com/AL2023/ALAS-2023-001.html");
        assert_eq!(
            amazon("ALAS2KERNEL-5.15-2022-001"),
            "https://alas.aws.amazon.com/AL2/ALASKERNEL-5.15-2022-001.html"
        );
    }
}
