//! What the numbers in rows of packages and findings stand for.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, OnceLock};

use model::{Finding, Lifecycle, Timestamp};

use super::entry::PackageEntry;
use super::findings::FindingRow;
use super::identity::{Identity, Shared};
use super::packages::{PackageHead, Put};
use super::vulnerabilities::Vulnerabilities;
use crate::dictionary::SeverityCounts;
use crate::persist::{self, Persist, PersistError, Sink, Source, persist};
use crate::table::{Chunked, Dictionary, NONE};

/// What numbers in rows and heads stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// Names under which packages are listed.
    pub(crate) names: Dictionary,
    /// Versions, installed and fixed ones.
    pub(crate) versions: Dictionary,
    /// Ids of publishers' records.
    pub(crate) advisories: Dictionary,
    /// Feeds.
    pub(crate) feeds: Dictionary,
    /// Distinct lifecycles.
    pub(crate) lifecycles: Lifecycles,
    pub(crate) vulnerabilities: Vulnerabilities,
    identities: Shared,
}

/// Distinct lifecycles under dense numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycles {
    all: Chunked<Arc<Lifecycle>>,
    numbers: BTreeMap<Arc<Lifecycle>, u32>,
}

impl Lifecycles {
    /// The lifecycle of a number.
    pub(crate) fn get(&self, number: u32) -> Option<&Arc<Lifecycle>> {
        self.all.get(number)
    }

    /// All with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Arc<Lifecycle>)> {
        (0..).zip(self.all.iter())
    }

    fn intern(&mut self, lifecycle: &Arc<Lifecycle>) -> u32 {
        if let Some(number) = self.numbers.get(lifecycle) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(Arc::clone(lifecycle));
        self.numbers.insert(Arc::clone(lifecycle), number);
        number
    }
}

impl Tables {
    /// Parts that identities share.
    pub(super) fn shared(&mut self) -> &mut Shared {
        &mut self.identities
    }

    /// A finding in words.
    pub(crate) fn finding(&self, row: &FindingRow) -> Finding {
        let text = |of: &Dictionary, number| of.get(number).unwrap_or_default().to_owned();
        Finding {
            vulnerability: self.vulnerabilities.get(row.vulnerability).cloned().unwrap_or_default(),
            advisory: text(&self.advisories, row.advisory),
            feed: text(&self.feeds, row.feed),
            severity: row.severity,
            severity_rule: row.severity_rule,
            base_severity: row.base_severity,
            raised_by: row.raised_by,
            risk: row.risk,
            state: row.state,
            fix_version: self.fix_version(row).map(str::to_owned),
            confidence: row.confidence,
        }
    }

    /// The version that fixes a finding, if any.
    pub(crate) fn fix_version(&self, row: &FindingRow) -> Option<&str> {
        self.versions.get(row.fix_version)
    }

    /// The row of a finding, whose texts get numbers. When it was first found is still to be told.
    pub(super) fn row(&mut self, finding: &Finding) -> FindingRow {
        FindingRow {
            first_found: Timestamp::default(),
            vulnerability: self.vulnerabilities.number(&finding.vulnerability),
            advisory: self.advisories.intern(&finding.advisory),
            fix_version: self.versions.intern_optional(finding.fix_version.as_deref()),
            feed: self.feeds.intern(&finding.feed),
            severity: finding.severity,
            base_severity: finding.base_severity,
            severity_rule: finding.severity_rule,
            raised_by: finding.raised_by,
            risk: finding.risk,
            state: finding.state,
            confidence: finding.confidence,
        }
    }

    /// What is kept of a package.
    pub(super) fn entry(&mut self, put: Put) -> (PackageEntry, PackageHead, Vec<FindingRow>) {
        let Put { row, verdict, first_found } = put;
        let package = Identity::of(&row.package, &mut self.identities);
        let mut rows = verdict.rows.into_vec();
        let mut counts = SeverityCounts::default();
        for (index, finding) in rows.iter_mut().enumerate() {
            finding.first_found = first_found.get(index).copied().flatten().unwrap_or(row.changed);
            counts.add(finding.severity);
            if let Some(vulnerability) = verdict.vulnerabilities.get(index) {
                self.vulnerabilities.renew(finding.vulnerability, vulnerability);
            }
        }
        let lifecycle = verdict.lifecycle.as_ref().map(|lifecycle| self.lifecycles.intern(lifecycle));
        let head = PackageHead {
            changed: row.changed,
            name: self.names.intern(&package.listed_name()),
            version: self.versions.intern(package.version()),
            fix_version: verdict.fix_version,
            lifecycle: lifecycle.unwrap_or(NONE),
            stage: verdict.stage,
            ecosystem: package.ecosystem(),
            ..PackageHead::NOBODY
        };
        let entry = PackageEntry {
            id: row.id,
            created: row.created,
            changed: row.changed,
            fingerprint: row.fingerprint.unwrap_or(verdict.fingerprint),
            coverage: verdict.coverage,
            undecided: verdict.undecided,
            fix_version: self.versions.get(verdict.fix_version).map(Arc::from),
            lifecycle: lifecycle.and_then(|number| self.lifecycles.get(number).cloned()),
            stage: verdict.stage,
            counts,
            fragments: OnceLock::new(),
            package,
        };
        (entry, head, rows)
    }
}

persist!(Tables { names, versions, advisories, feeds, lifecycles, vulnerabilities } made { identities });

impl Persist for Lifecycles {
    fn form(form: &mut String) {
        form.push_str("lifecycles");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        let all: Vec<_> = self.all.iter().map(|lifecycle| postcard::to_stdvec(&**lifecycle)).collect();
        persist::save_encoded(all.into_iter(), sink)
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let mut all = Self::default();
        for number in 0..source.count(8)? {
            let lifecycle = Arc::new(Source::decoded(postcard::from_bytes(&source.bytes()?))?);
            if all.intern(&lifecycle) as usize != number {
                return Err(PersistError::Damaged("a lifecycle stands twice"));
            }
        }
        Ok(all)
    }
}
