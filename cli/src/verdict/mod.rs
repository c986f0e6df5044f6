//! What a scan comes to: the findings that count, those that somebody has set aside and why, and whether the policy is met.
//!
//! What it is for: everything between the judge and the forms of output, so that all of them say the same. What it is not
//! for: judging, or writing anything.
//!
//! The decision a reader may doubt: a finding that `--severity` or `--ignore-unfixed` leaves out is gone from every list and
//! only counted, because its reader chose not to see it; one that an ignore file or a statement sets aside is kept with
//! its reason, because that is somebody's claim and may have to be shown.

mod condition;
mod glob;
mod ignore;
mod level;
mod plain;
mod policy;
mod purl;
mod suppression;

use std::collections::BTreeMap;

use knowledge::Bundle;
use matcher::{Coverage, Judgement, ReportJudgement, Undecided};
use model::{Digest, Finding, NamespaceFamily, OsRelease, PackageRecord, ScanReport, SecretRecord, Severity};

pub(crate) use self::condition::Condition;
pub(crate) use self::level::{level, word};
pub(crate) use self::policy::{Policy, PolicyArgs};
pub(crate) use self::suppression::{Suppression, SuppressionArgs, Suppressions};

/// What a finding is about.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// A package, by its index in the report too.
    Package(usize, &'a PackageRecord),
    /// The operating system release.
    System(&'a OsRelease),
}

/// A finding at its place.
#[derive(Clone, Copy)]
pub(crate) struct Hit<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) finding: &'a Finding,
}

/// Everything that the forms of output speak of.
pub(crate) struct Verdict<'a> {
    pub(crate) report: &'a ScanReport,
    /// The data that it was judged by; `None` if there was none: then nothing was judged.
    pub(crate) knowledge: Option<Digest>,
    /// That data, if it is here and not on a server.
    pub(crate) bundle: Option<&'a Bundle>,
    /// In the order of the packages, those of the release last.
    pub(crate) findings: Vec<Hit<'a>>,
    /// Findings that somebody has set aside.
    pub(crate) suppressed: Vec<(Hit<'a>, Suppression)>,
    pub(crate) secrets: Vec<&'a SecretRecord>,
    /// Secrets that somebody has set aside.
    pub(crate) suppressed_secrets: Vec<(&'a SecretRecord, Suppression)>,
    /// Findings and secrets that the choice of severities or `--ignore-unfixed` left out.
    pub(crate) hidden: usize,
    /// Packages, and perhaps the release, that no advisory source speaks of.
    pub(crate) not_covered: Vec<Subject<'a>>,
    /// Advisories that could not be applied because a version cannot be read.
    pub(crate) undecided: Vec<(Subject<'a>, &'a Undecided)>,
}

impl<'a> Verdict<'a> {
    /// Sorts what was found by the reader's wishes.
    pub(crate) fn new(
        report: &'a ScanReport,
        bundle: Option<&'a Bundle>,
        judged: Option<(Digest, &'a ReportJudgement)>,
        policy: &Policy,
        suppressions: &Suppressions,
    ) -> Self {
        let mut verdict = Self {
            report,
            knowledge: judged.map(|(knowledge, _)| knowledge),
            bundle,
            findings: Vec::new(),
            suppressed: Vec::new(),
            secrets: Vec::new(),
            suppressed_secrets: Vec::new(),
            hidden: 0,
            not_covered: Vec::new(),
            undecided: Vec::new(),
        };
        if let Some((_, judged)) = judged {
            for (index, judgement) in &judged.packages {
                let subject = Subject::Package(*index, &report.packages[*index]);
                verdict.add(subject, judgement, policy, suppressions);
            }
            if let (Some(judgement), Some(release)) = (&judged.release, &report.os_release) {
                verdict.add(Subject::System(release), judgement, policy, suppressions);
            }
        }
        for secret in &report.secrets {
            if !policy.shows_secret(secret) {
                verdict.hidden += 1;
            } else if let Some(suppression) = suppressions.of_secret(secret) {
                verdict.suppressed_secrets.push((secret, suppression));
            } else {
                verdict.secrets.push(secret);
            }
        }
        verdict
    }

    fn add(
        &mut self,
        subject: Subject<'a>,
        judgement: &'a Judgement,
        policy: &Policy,
        suppressions: &Suppressions,
    ) {
        if judgement.coverage == Coverage::NotCovered {
            self.not_covered.push(subject);
        }
        self.undecided.extend(judgement.undecided.iter().map(|undecided| (subject, undecided)));
        for finding in &judgement.findings {
            let hit = Hit { subject, finding };
            if !policy.shows(hit) {
                self.hidden += 1;
            } else if let Some(suppression) = suppressions.of(hit, &self.report.image) {
                self.suppressed.push((hit, suppression));
            } else {
                self.findings.push(hit);
            }
        }
    }

    /// How many findings there are of each severity, worst first, those with none left out. Equal ones of one package at
    /// several places count once, as the table lists them.
    pub(crate) fn by_severity(&self) -> Vec<(Severity, usize)> {
        let mut counts: BTreeMap<Severity, usize> = BTreeMap::new();
        let mut lines: Vec<_> = self.findings.iter().map(Hit::identity).collect();
        lines.sort_unstable();
        lines.dedup();
        for (severity, ..) in lines {
            *counts.entry(severity).or_default() += 1;
        }
        counts.into_iter().rev().collect()
    }

    /// Whether layer `layer` is one of the base image's.
    pub(crate) fn in_base(&self, layer: Option<u32>) -> bool {
        let base = self.report.image.base.as_ref();
        base.zip(layer).is_some_and(|(base, layer)| layer < base.layers)
    }
}

impl<'a> Subject<'a> {
    /// The name of the package, or the id of the distribution.
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Package(_, record) => &record.name,
            Self::System(release) => &release.id,
        }
    }

    /// The version of the package or the release; empty for a rolling release.
    pub(crate) fn version(self) -> &'a str {
        match self {
            Self::Package(_, record) => &record.version,
            Self::System(release) => release.version_id.as_deref().unwrap_or_default(),
        }
    }

    /// The package-url type, `os` for a release.
    pub(crate) fn ecosystem(self) -> &'static str {
        match self {
            Self::Package(_, record) => record.ecosystem.as_str(),
            Self::System(_) => "os",
        }
    }

    /// The file that proves it.
    pub(crate) fn path(self) -> &'a str {
        match self {
            Self::Package(_, record) => &record.path,
            Self::System(_) => "etc/os-release",
        }
    }

    /// See [`PackageRecord::layer`]; of a release nobody knows.
    pub(crate) fn layer(self) -> Option<u32> {
        match self {
            Self::Package(_, record) => record.layer,
            Self::System(_) => None,
        }
    }

    /// The OS package that it is part of.
    pub(crate) fn owner(self) -> Option<&'a str> {
        match self {
            Self::Package(_, record) => record.owned_by.as_deref(),
            Self::System(_) => None,
        }
    }

    /// Whether only a lock file speaks of it.
    pub(crate) fn declared(self) -> bool {
        matches!(self, Self::Package(_, record) if record.declared)
    }
}

impl<'a> Hit<'a> {
    /// Every id that the vulnerability is known by, the main one first.
    pub(crate) fn ids(&self) -> Vec<&'a str> {
        let known = &self.finding.vulnerability;
        let all = std::iter::once(&known.id).chain(&known.aliases).chain([&self.finding.advisory]);
        all.map(String::as_str).collect()
    }

    /// Whether it says that the release is past its end of life.
    pub(crate) fn is_end_of_life(&self) -> bool {
        self.finding.vulnerability.family == NamespaceFamily::Lifecycle
    }

    /// What tells two lines of the table apart.
    fn identity(&self) -> (Severity, &'a str, &'a str, &'a str, Option<&'a str>) {
        let finding = self.finding;
        let (name, version) = (self.subject.name(), self.subject.version());
        (finding.severity, name, version, &finding.vulnerability.id, finding.fix_version.as_deref())
    }
}

impl Verdict<'_> {
    /// All findings, those set aside too, as the writers of bills of materials take them.
    pub(crate) fn placed(&self) -> Vec<sbom::PlacedFinding<'_>> {
        let open = self.findings.iter().map(|hit| (hit, None));
        let aside = self.suppressed.iter().map(|(hit, why)| (hit, Some(why.statement())));
        let mut placed = Vec::with_capacity(self.findings.len() + self.suppressed.len());
        for (hit, suppressed) in open.chain(aside) {
            let subject = match hit.subject {
                Subject::Package(index, _) => sbom::Subject::Package(index),
                Subject::System(_) => sbom::Subject::Release,
            };
            placed.push(sbom::PlacedFinding { subject, finding: hit.finding, suppressed });
        }
        placed
    }
}
